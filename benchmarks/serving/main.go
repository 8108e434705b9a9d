// Command serving measures how many requests a second joule serve answers, and how fast, with batching and without, beside FastAPI
// with PyTorch and the same network, and writes the table in docs/serving.md. It runs in the root of the repository:
//
//	go run ./benchmarks/serving [--rounds N] [--seconds S] [--python PATH] [--results FILE] [--out FILE]
//
// All servers are started first, and get the same load in turn: so many callers, each of which asks again once it has its answer.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"joule/internal/kept"
	"joule/internal/marked"
)

// document is the part of the document that this program writes.
var document = marked.By("make bench-serving")

type options struct {
	rounds                int
	seconds               float64
	python, results, path string
}

func main() {
	log.SetFlags(0)
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "times that each load is measured")
	flag.Float64Var(&o.seconds, "seconds", 1.5, "of a measurement")
	flag.StringVar(&o.python, "python", "", "an interpreter that has the peer (default: one in "+venv+", installed if need be)")
	flag.StringVar(&o.results, "results", "benchmarks/serving/results.json", "where the rates and latencies are kept")
	flag.StringVar(&o.path, "out", "docs/serving.md", "the document with the tables")
	flag.Parse()
	if err := measure(o, os.Stderr); err != nil {
		log.Fatal("serving: ", err)
	}
}

// loads are what is asked for: so many callers, each with so many points.
var loads = []load{{1, 1}, {8, 1}, {64, 1}, {8, 100}}

func measure(o options, progress io.Writer) error {
	if o.rounds < 1 || !(o.seconds > 0) {
		return fmt.Errorf("--rounds %d, --seconds %v: want 1 or more, and more than 0", o.rounds, o.seconds)
	}
	if _, err := document.Rewritten(o.path, ""); err != nil { // now rather than after all the work
		return err
	}
	if o.python == "" {
		var err error
		if o.python, err = installPeer(progress); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "joule-serving")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	joule, run := filepath.Join(dir, "joule"), filepath.Join(dir, "run")
	for _, command := range [][]string{
		{"go", "build", "-trimpath", "-o", joule, "./cmd/joule"},
		{joule, "train", "two-gaussians/dsm", "--set", "train.steps=200", "--out", run, "--no-figures", "--quiet"},
	} {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Stderr = progress
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%v: %w", command, err)
		}
	}
	busy := loadAverage()
	all := sides(joule, run, o.python)
	for _, s := range all {
		if err := s.start(progress); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		defer s.stop()
	}
	if err := agree(all); err != nil {
		return err
	}
	results, err := inTurn(o, all, progress)
	if err != nil {
		return err
	}
	if err := kept.Write(o.results, results); err != nil {
		return err
	}
	versions, err := exec.Command(o.python, "-c", "import fastapi, uvicorn, torch, sys; print(f'Python {sys.version.split()[0]}, PyTorch {torch.__version__}, FastAPI {fastapi.__version__}, Uvicorn {uvicorn.__version__}')").Output()
	if err != nil {
		return err
	}
	return document.Rewrite(o.path, tables(results, string(versions), busy))
}

// inTurn measures each load at all sides, round by round, each round beginning with another side.
func inTurn(o options, all []*side, progress io.Writer) (results []result, err error) {
	for _, l := range loads {
		for _, s := range all {
			results = append(results, result{Load: l, Side: s.name})
		}
	}
	for round := range o.rounds {
		for i, l := range loads {
			for k := range all {
				at := (k + round) % len(all)
				if _, err := l.put(all[at].url, 200*time.Millisecond); err != nil { // warms up
					return nil, fmt.Errorf("%s: %w", all[at].name, err)
				}
				latencies, err := l.put(all[at].url, time.Duration(o.seconds*float64(time.Second)))
				if err != nil {
					return nil, fmt.Errorf("%s: %w", all[at].name, err)
				}
				r := &results[i*len(all)+at]
				r.Rounds = append(r.Rounds, summarise(latencies, o.seconds))
				fmt.Fprintf(progress, "%v, %s: %+v\n", l, all[at].name, r.Rounds[round])
			}
		}
	}
	return results, nil
}

// agree reports sides that do not answer alike.
func agree(all []*side) error {
	var first []float64
	for _, s := range all {
		energies, err := s.energies()
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if first == nil {
			first = energies
		}
		for i, e := range energies {
			if len(energies) != len(first) || !(math.Abs(e-first[i]) <= 1e-4*(1+math.Abs(first[i]))) {
				return fmt.Errorf("%s answers %v, and %s %v", s.name, energies, all[0].name, first)
			}
		}
	}
	return nil
}
