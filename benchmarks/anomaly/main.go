// Command anomaly measures how well energies tell outliers from normal points, beside scikit-learn's detectors on the same
// splits of the same sets, and writes docs/anomaly.md. It runs in the root of the repository:
//
//	go run ./benchmarks/anomaly [--seeds N] [--methods msdsm,dsm] [--data "digit 5"] [--set KEY=VALUE] [--development] [--python PATH] [--backend NAME]
//
// The settings are those of the configs in configs/anomaly, the same for all sets. Finished cells are kept in a file, and are not
// computed again unless their settings have changed.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"joule/configs"
	"joule/internal/kept"
	"joule/internal/marked"
	"joule/metrics"
	"joule/samplers"
	"joule/trainers"
)

// document is the part of a document that this program writes.
var document = marked.By("make anomaly")

type options struct {
	seeds         int
	methods, data string
	sets          []string
	development   bool
	withoutPeers  bool
	python        string
	backend       string
	cells, path   string
}

func main() {
	log.SetFlags(0)
	var o options
	flag.IntVar(&o.seeds, "seeds", 5, "splits of each set")
	flag.StringVar(&o.methods, "methods", "", "only these configs of anomaly/")
	flag.StringVar(&o.data, "data", "", "only these sets, such as \"breast cancer,digit 5\"")
	flag.Func("set", "change a key of the configs; repeatable", func(s string) error { o.sets = append(o.sets, s); return nil })
	flag.BoolVar(&o.development, "development", false, "the sets that settings are chosen on, without the document")
	flag.BoolVar(&o.withoutPeers, "without-peers", false, "leave out scikit-learn where it has not been measured")
	flag.StringVar(&o.python, "python", "", "an interpreter that has scikit-learn (default: one in "+venv+", installed if need be)")
	flag.StringVar(&o.backend, "backend", "auto", "what to train on")
	flag.StringVar(&o.cells, "cells", "benchmarks/anomaly/cells.json", "where finished cells are kept")
	flag.StringVar(&o.path, "out", "docs/anomaly.md", "the document with the tables; empty prints them")
	flag.Parse()
	if err := measure(context.Background(), o, os.Stderr); err != nil {
		log.Fatal("anomaly: ", err)
	}
}

func measure(ctx context.Context, o options, progress io.Writer) error {
	if o.seeds < 1 {
		return fmt.Errorf("--seeds %d: want 1 or more", o.seeds)
	}
	methods, err := kept.Chosen("--methods", jouleMethods(), o.methods)
	if err != nil {
		return err
	}
	groups := []group{{"Tables, and digits of 8×8 pixels.", tasks}, {"MNIST.", mnist}}
	if o.development {
		groups, o.path = []group{{"Development.", development}}, ""
	}
	var all []string
	for _, g := range groups {
		for _, t := range g.tasks {
			all = append(all, t.name)
		}
	}
	names, err := kept.Chosen("--data", all, o.data)
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
	m := &measurement{options: o, kept: kept, progress: progress}
	var text strings.Builder
	for _, g := range groups {
		var columns []string
		for _, t := range g.tasks {
			if !slices.Contains(names, t.name) {
				continue
			}
			if err := m.task(ctx, t, methods); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			columns = append(columns, t.columns()...)
		}
		if columns != nil {
			fmt.Fprintf(&text, "\n**%s**\n%s", g.title, tables(*kept, columns))
		}
	}
	if o.path == "" {
		fmt.Println(text.String())
		return nil
	}
	return document.Rewrite(o.path, text.String())
}

// group is tasks that have tables in common, and ranks.
type group struct {
	title string
	tasks []task
}

// measurement is the work on all tasks.
type measurement struct {
	options
	kept     *cells
	progress io.Writer
}

// task measures the methods, and scikit-learn's, on a task, as far as that is not done.
func (m *measurement) task(ctx context.Context, t task, methods []string) error {
	var splits []*split
	n := m.seeds
	if t.most > 0 {
		n = min(n, t.most)
	}
	for seed := range n {
		s, err := t.split(ctx, int64(seed))
		if err != nil {
			return err
		}
		splits = append(splits, s)
	}
	if err := m.peers(ctx, t, splits); err != nil {
		return err
	}
	for _, method := range methods {
		if err := m.joule(ctx, t, method, splits); err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
	}
	return nil
}

func (m *measurement) joule(ctx context.Context, t task, method string, splits []*split) error {
	config, err := configs.Load(folder+method, m.sets)
	if err != nil {
		return err
	}
	trained := *config
	trained.Sampler, trained.Sampling = nil, samplers.Sampling{} // which draw from the model afterwards
	trained.Data, trained.DataSeed = nil, nil                    // in whose place the splits are
	text, err := trained.Encode()
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%.16x", sha256.Sum256(fmt.Appendf(text, "%d splits", len(splits))))
	if done := m.done(t, func(c cell) bool { return c.Method == method && c.Key == key }); done != nil {
		for _, c := range done {
			fmt.Fprintln(m.progress, c)
		}
		return nil
	}
	backend, err := openFor(config, m.backend, splits[0].set.Train.Dim)
	if err != nil {
		return err
	}
	defer backend.Close()
	c := cell{Method: method, Key: key}
	scores, err := joule(ctx, backend, config, splits)
	if err != nil {
		if _, diverged := errors.AsType[*trainers.DivergedError](err); !diverged {
			return err
		}
		c.Diverged = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return m.keep(t, c, splits, scores)
}

// done are such cells, one for each set of outliers of a task; nil: one is missing.
func (m *measurement) done(t task, isSuch func(cell) bool) (list []cell) {
	for _, column := range t.columns() {
		i := slices.IndexFunc(*m.kept, func(c cell) bool { return c.Task == column && isSuch(c) })
		if i < 0 {
			return nil
		}
		list = append(list, (*m.kept)[i])
	}
	return list
}

// keep keeps what a method has reached by its scores as a cell for each set of outliers; there are none of what has diverged.
func (m *measurement) keep(t task, c cell, splits []*split, scores [][]float64) error {
	reached := make([][]*metrics.Detection, len(t.columns()))
	if c.Diverged == "" {
		var err error
		if reached, err = detections(splits, scores); err != nil {
			return fmt.Errorf("%s: %w", c.Method, err)
		}
	}
	var all []cell
	for i, column := range t.columns() {
		c.Task, c.Reached = column, reached[i]
		fmt.Fprintln(m.progress, c)
		all = append(all, c)
	}
	return m.kept.add(m.cells, all...)
}

// peers measures scikit-learn's detectors on a task, unless that is done.
func (m *measurement) peers(ctx context.Context, t task, splits []*split) error {
	if m.withoutPeers || m.done(t, func(c cell) bool { return c.Peer && len(c.Reached) == len(splits) }) != nil {
		return nil
	}
	if m.python == "" {
		python, err := installPeers(m.progress)
		if err != nil {
			return err
		}
		m.python = python
	}
	versions, scores, err := peers(ctx, m.python, splits)
	if err != nil {
		return err
	}
	for method, scores := range scores {
		if err := m.keep(t, cell{Method: method, Key: versions, Peer: true}, splits, scores); err != nil {
			return err
		}
	}
	return nil
}
