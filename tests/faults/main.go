// Command faults kills, cuts off, starves and damages training runs, looks at what is left of them, and writes what it saw
// into docs/reliability.md. It runs in the root of the repository:
//
//	go run ./tests/faults [--only NAMES] [--quick] [--seed N] [--workers N] [--keep] [--out FILE]
//
// The program under test is built with the tag faults, so that single operations on files can be made to fail. Every run is
// compared, byte by byte, with one of the same config that nothing has happened to. go test ./tests/faults does the same
// with fewer cases.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"joule/backends"
)

type options struct {
	only    string
	quick   bool
	seed    uint64
	workers int
	keep    bool
	outPath string
}

func main() {
	log.SetFlags(0)
	var o options
	flag.StringVar(&o.only, "only", "", "only these experiments, such as \"kills,signals\", without changing the document; there are "+strings.Join(names(), ", "))
	flag.BoolVar(&o.quick, "quick", false, "a sixth of the cases")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the moments at which runs are killed and signalled")
	flag.IntVar(&o.workers, "workers", 2, "runs at a time")
	flag.BoolVar(&o.keep, "keep", false, "keep the runs")
	flag.StringVar(&o.outPath, "out", "docs/reliability.md", "the document with the table")
	flag.Parse()
	violations, err := runAll(o, os.Stderr)
	if err != nil {
		log.Fatal(err)
	}
	if violations > 0 {
		log.Fatalf("%d violations", violations)
	}
}

func runAll(o options, w io.Writer) (violations int, err error) {
	chosen := experiments
	if o.only != "" {
		chosen = nil
		for name := range strings.SplitSeq(o.only, ",") {
			i := slices.IndexFunc(experiments, func(e experiment) bool { return e.name == name })
			if i < 0 {
				return 0, fmt.Errorf("--only: there is no experiment %q; there are %s", name, strings.Join(names(), ", "))
			}
			chosen = append(chosen, experiments[i])
		}
	} else if _, err := document.Rewritten(o.outPath, ""); err != nil { // now rather than after all the work
		return 0, err
	}
	dir, err := os.MkdirTemp("", "joule-faults-")
	if err != nil {
		return 0, err
	}
	if o.keep {
		fmt.Fprintln(w, "the runs are in", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	l := &lab{dir: dir, seed: o.seed, workers: o.workers, thin: 1}
	if o.quick {
		l.thin = 6
	}
	if err := l.build(w); err != nil {
		return 0, err
	}
	l.findBackends()
	l.strace, _ = exec.LookPath("strace") // without it, without its rows
	machine, start := backends.ThisSystem(), time.Now()
	r := report{
		Date: start.UTC().Format("2006-01-02 15:04 UTC"), CPU: machine.CPU, Cores: machine.Cores, Go: machine.Go, Seed: o.seed, Quick: o.quick,
		Backends: l.backends,
	}
	for _, e := range chosen {
		begun := time.Now()
		for _, row := range e.run(l) {
			r.Rows = append(r.Rows, row)
			violations += len(row.Violations)
			fmt.Fprintln(w, row)
		}
		fmt.Fprintf(w, "%s took %s\n", e.name, time.Since(begun).Round(time.Second))
	}
	r.Minutes = time.Since(start).Minutes()
	fmt.Println(r.markdown())
	if o.only != "" {
		return violations, nil
	}
	return violations, document.Rewrite(o.outPath, r.markdown())
}
