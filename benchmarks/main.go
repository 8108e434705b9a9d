// Command benchmarks measures the speed of training in Joule beside that of its peers, and writes docs/performance.md.
// It runs in the root of the repository:
//
//	go run ./benchmarks [--quick] [--autotune] [--python PATH] [--rows "S dsm,L nce"] [--command NAME] [--json FILE] [--out FILE]
//
// Every side is a process that makes steps on request (child.go). All are started first and measured in turn, so that
// only one computes at a time and a machine that slows down does so for all.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"joule/backends"
	"joule/internal/marked"
)

type options struct {
	quick, autotune   bool
	python, rows      string
	command           string
	jsonPath, outPath string
}

func main() {
	log.SetFlags(0)
	var o options
	flag.BoolVar(&o.quick, "quick", false, "fewer rows, rounds and variants: five minutes")
	flag.BoolVar(&o.autotune, "autotune", false, "torch.compile with mode max-autotune too, which compiles for minutes")
	flag.StringVar(&o.python, "python", "", "an interpreter that has the peers (default: one in "+venv+", installed if need be)")
	flag.StringVar(&o.rows, "rows", "", "only these rows, such as \"S dsm,C dsm\", and neither replicas nor start-up (default: those of S and L)")
	flag.StringVar(&o.command, "command", "make bench-peers", "whose part of the document is written")
	flag.StringVar(&o.jsonPath, "json", "", "where the raw times go (default: benchmarks/results/TIME.json)")
	flag.StringVar(&o.outPath, "out", "docs/performance.md", "the document with the tables")
	flag.Parse()
	if err := measureAll(o, os.Stderr); err != nil {
		log.Fatal(err)
	}
}

func measureAll(o options, log io.Writer) error {
	p := plan{rounds: 7, seconds: 0.5, heat: 0.2, patience: 3 * time.Minute}
	rows := denseRows
	if o.quick {
		p.rounds, p.seconds, p.patience, rows = 3, 0.3, 45*time.Second, quickRows
	}
	rows, err := chosen(o.rows, rows)
	if err != nil {
		return err
	}
	document := marked.By(o.command)
	if _, err := document.Rewritten(o.outPath, ""); err != nil { // now rather than after all the work
		return err
	}
	python := o.python
	if python == "" {
		if python, err = installPeers(log); err != nil {
			return err
		}
	}
	temporary, err := os.MkdirTemp("", "joule-benchmarks")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	side, err := build(temporary, "./benchmarks/joule", log)
	if err != nil {
		return err
	}
	joule, err := build(temporary, "./cmd/joule", log)
	if err != nil {
		return err
	}

	machine := backends.ThisSystem()
	r := report{
		Date: time.Now().UTC().Format("2006-01-02 15:04 UTC"), CPU: machine.CPU, Cores: machine.Cores, Load: loadAverages(),
		Quick: o.quick, Rounds: p.rounds, Seconds: p.seconds,
	}
	for _, command := range startupRuns {
		if o.rows != "" {
			break
		}
		s, err := measureStartup(joule, command, temporary)
		if err != nil {
			fmt.Fprintln(log, err)
			continue
		}
		r.Startups = append(r.Startups, s)
	}
	all := sides(side, python, o.quick, o.autotune)
	for _, s := range all {
		if err := s.start(p.patience); err != nil {
			r.Absent = append(r.Absent, fmt.Sprintf("%s: %v", s, err))
			fmt.Fprintf(log, "%s: %v\n", s, err)
			continue
		}
		defer func() { s.child.stop() }() // the process it has by then
	}
	r.Versions = versionsOf(all)
	r.Peaks = p.peaks(all, log)
	if o.rows == "" {
		r.Crowds = p.crowds(all, log)
	}
	for _, row := range rows {
		fmt.Fprintln(log, row)
		r.Results = append(r.Results, p.measure(row, all, log))
	}
	if err := writeJSON(o.jsonPath, r); err != nil {
		return err
	}
	return document.Rewrite(o.outPath, r.markdown())
}

// chosen are the rows of these names, such as "S dsm,L nce", or the usual ones without names.
func chosen(names string, usual []row) ([]row, error) {
	if names == "" {
		return usual, nil
	}
	var picked []row
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(allRows, func(r row) bool { return r.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("--rows: there is no row %q; there are %v", name, allRows)
		}
		picked = append(picked, allRows[i])
	}
	return picked, nil
}

func writeJSON(path string, r report) error {
	if path == "" {
		path = filepath.Join("benchmarks", "results", time.Now().UTC().Format("20060102-150405")+".json")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
