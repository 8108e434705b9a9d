// Command quality trains every method on every density of the plane, and writes how close it comes, and in what time, into
// docs/methods.md. It runs in the root of the repository:
//
//	go run ./benchmarks/quality [--seeds N] [--methods mle,nce] [--data rings,banana] [--backend NAME] [--cells FILE] [--out FILE]
//
// The settings are those of the configs in configs/planar. A cell of the tables is a method on a density; finished ones
// are kept in a file, and are not computed again unless their settings or the backend have changed.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"joule/backends"
	"joule/internal/kept"
	"joule/internal/marked"
	"joule/trainers"
)

// document is the part of a document that this program writes.
var document = marked.By("make quality")

// densities are the sets with a known density in the plane.
var densities = []string{
	"eight_gaussians", "pinwheel", "checkerboard", "two_moons", "rings", "swiss_roll", "spirals", "two_gaussians", "funnel", "banana",
}

type options struct {
	seeds                int
	methods, data        string
	backend, cells, path string
}

func main() {
	log.SetFlags(0)
	var o options
	flag.IntVar(&o.seeds, "seeds", 3, "runs of each method on each density, which differ in their seeds")
	flag.StringVar(&o.methods, "methods", "", "only these methods (default: all configs of planar/)")
	flag.StringVar(&o.data, "data", "", "only these densities")
	flag.StringVar(&o.backend, "backend", auto, "what to train on")
	flag.StringVar(&o.cells, "cells", "benchmarks/quality/cells.json", "where finished cells are kept")
	flag.StringVar(&o.path, "out", "docs/methods.md", "the document with the tables; empty prints them")
	flag.Parse()
	if err := measure(context.Background(), o, os.Stderr); err != nil {
		log.Fatal("quality: ", err)
	}
}

func measure(ctx context.Context, o options, progress io.Writer) error {
	if o.seeds < 1 {
		return fmt.Errorf("--seeds %d: want 1 or more", o.seeds)
	}
	methods, err := kept.Chosen("--methods", methods(), o.methods)
	if err != nil {
		return err
	}
	data, err := kept.Chosen("--data", densities, o.data)
	if err != nil {
		return err
	}
	if o.path != "" {
		if _, err := document.Rewritten(o.path, ""); err != nil { // now rather than after all the work
			return err
		}
	}
	kept, err := readCells(o.cells)
	if err != nil {
		return err
	}
	opened := &opener{spec: o.backend, backends: map[trainers.Plan]*backends.Backend{}}
	defer opened.close()
	for _, density := range data {
		for _, method := range methods {
			job, err := prepare(method, density, o.backend, o.seeds)
			if err != nil {
				return err
			}
			c, done := kept.find(job)
			if !done {
				if c, err = job.run(ctx, opened); err != nil {
					return fmt.Errorf("%s on %s: %w", method, density, err)
				}
				if err := kept.add(o.cells, c); err != nil {
					return err
				}
			}
			fmt.Fprintf(progress, "%s %s: %s\n", density, method, c.summary())
		}
	}
	text := tables(kept)
	if o.path == "" {
		fmt.Println(text)
		return nil
	}
	return document.Rewrite(o.path, text)
}
