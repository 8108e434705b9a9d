package main

import (
	"os/exec"
	"strings"
)

// races runs tests with the race detector.
func races(*lab) []row {
	t := counting()
	for _, pkg := range []string{"joule/rundir", "joule/checkpoints", "joule/internal/atomicfile", "joule/trainers"} {
		t.begin()
		out, err := exec.Command("go", "test", "-race", "-short", "-count=1", pkg).CombinedOutput()
		text := string(out)
		switch {
		case err == nil:
			t.add("packages pass", 1)
		case strings.Contains(text, "-race requires cgo") || strings.Contains(text, "-race is not supported"):
			t.note("not run: %s", strings.TrimSpace(text))
		default:
			t.violate("%s: %v: %s", pkg, err, tail(text, 1000))
		}
	}
	return []row{t.row("short tests with the race detector", "all")}
}
