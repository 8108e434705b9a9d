package main

import (
	"os"
	"strings"
	"testing"
)

// Every experiment of the table with fewer cases, on the Go backend and without mounting.
func TestNothingPromisedIsViolated(t *testing.T) {
	l := &lab{dir: t.TempDir(), seed: 1, thin: 24, workers: 2, backends: []string{"go"}}
	if err := l.build(os.Stderr); err != nil {
		t.Fatal(err)
	}
	for _, e := range experiments {
		run := e.run
		switch e.name {
		case "disks":
			run = func(l *lab) []row { return []row{l.vanishes()} }
		case "race", "hostile": // they run tests, which go test ./... runs anyway
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			for _, row := range run(l) {
				if t.Log(row); len(row.Violations) > 0 {
					t.Errorf("%s: %s", row.Experiment, strings.Join(row.Violations, "\n"))
				}
			}
		})
	}
}
