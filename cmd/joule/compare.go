package main

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"

	"joule/backends"
	"joule/datasets"
	"joule/internal/strictyaml"
	"joule/metrics"
	"joule/plots"
	"joule/trainers"
)

// measured is a run with its data and how good it is on it.
type measured struct {
	*trained
	set        *datasets.Set
	evaluation *metrics.Evaluation // empty where there is a problem
	problem    error               // why the model cannot be measured, as one that diverged
	// samples draws the samples of the figures, once, in the units of the data.
	samples func() (datasets.Points, error)
}

// measure loads the data of a run and evaluates its model.
func (t *trained) measure() (*measured, error) {
	set, err := t.data()
	if err != nil {
		return nil, err
	}
	return t.measureOn(set, metrics.Options{}), nil
}

// measureOn evaluates the model of a run on its data. Of images log Z is left out: it would take longer than all else.
func (t *trained) measureOn(set *datasets.Set, how metrics.Options) *measured {
	m := &measured{trained: t, set: set}
	m.samples = sync.OnceValues(m.drawSamples)
	how.NoAIS = how.NoAIS || set.Image != nil
	var err error
	if m.evaluation, err = t.evaluate(set, how); err != nil {
		m.evaluation, m.problem = &metrics.Evaluation{}, fmt.Errorf("cannot be measured: %w", err)
	}
	return m
}

// source is the path of the file that the run's data comes from; empty for data that is drawn.
func (t *trained) source() string {
	switch data := t.config.Data.(type) {
	case *datasets.CSV:
		return data.Path
	case *datasets.NPY:
		return data.Path
	case *datasets.IDX:
		return data.Path
	case *datasets.NPZ:
		return data.Path
	case *datasets.Images:
		return data.Path
	}
	return ""
}

// knowsTruth reports whether the density that the run's data comes from is known. That of a file is fitted at best.
func (t *trained) knowsTruth() bool { return t.source() == "" }

// densityName says which density the run's data has, if it has one: true or fitted.
func (t *trained) densityName() string {
	if t.knowsTruth() {
		return "true"
	}
	return "fitted"
}

// dataName is a short name of the run's data: its file, or its kind.
func (t *trained) dataName() string {
	if path := t.source(); path != "" {
		return filepath.Base(strings.TrimPrefix(strings.TrimPrefix(path, "builtin:"), "fetched:"))
	}
	return strictyaml.KindOf(datasets.Kinds, t.config.Data)
}

// method is the kind of the run's method.
func (t *trained) method() string { return strictyaml.KindOf(trainers.Kinds, t.config.Method) }

// sameData reports whether two runs were trained on the same data, so that their scores can be compared: the same
// columns, and for a file the same range and number of points; what is drawn may differ by the seed, and what is read
// in its split and in a fitted density.
func sameData(a, b *trained) bool {
	if !slices.Equal(a.dataset.Columns, b.dataset.Columns) || a.dataset.Train != b.dataset.Train || a.dataset.Test != b.dataset.Test {
		return false
	}
	if a.source() == "" || b.source() == "" {
		return reflect.DeepEqual(a.config.Data, b.config.Data)
	}
	return slices.Equal(a.dataset.Min, b.dataset.Min) && slices.Equal(a.dataset.Max, b.dataset.Max)
}

// groupsOf gives each run the number of its group: those on the same data.
func groupsOf(runs []*measured) []int {
	groups := make([]int, len(runs))
	for i, r := range runs {
		groups[i] = slices.IndexFunc(runs[:i+1], func(earlier *measured) bool { return sameData(earlier.trained, r.trained) })
	}
	return groups
}

// labelsOf are short names that tell runs apart: methods if they all differ, else names of configs, else directories.
func labelsOf(runs []*measured) []string {
	labels := make([]string, len(runs))
	for _, label := range []func(*measured) string{
		func(r *measured) string { return r.method() },
		func(r *measured) string { return r.config.Name },
		func(r *measured) string { return filepath.Base(r.dir.Dir()) },
		func(r *measured) string { return r.dir.Dir() },
	} {
		for i, r := range runs {
			labels[i] = label(r)
		}
		if sorted := slices.Sorted(slices.Values(labels)); len(slices.Compact(sorted)) == len(runs) {
			break
		}
	}
	return labels
}

// sideBySide draws the energies of runs on the same data in two dimensions, over one rectangle that holds the data of all.
func sideBySide(runs []*measured) (plots.Grid, error) {
	first := runs[0]
	low, high := first.frame()
	for _, r := range runs {
		from, to := r.frame()
		for k := range low {
			low[k], high[k] = min(low[k], from[k]), max(high[k], to[k])
		}
	}
	figure := plots.Grid{
		Title: first.dataName(), Axes: first.axes(), Data: planar(first.transform().Undo(first.set.Train)), Contours: true,
	}
	labels := labelsOf(runs)
	for i, r := range runs {
		field, err := r.field(low, high)
		if err != nil {
			return figure, fmt.Errorf("%s: %w", r.dir.Dir(), err)
		}
		model := plots.Model{Name: labels[i], Energy: field}
		if nll := r.evaluation.TestNLL; nll != nil {
			model.Note = fmt.Sprintf("test NLL %.3f", *nll)
		}
		figure.Models = append(figure.Models, model)
	}
	return figure, nil
}

// measureAll opens runs on one backend, the given one or else the first run's choice, and measures them.
func measureAll(dirs []string, backend string) (runs []*measured, closeBackend func(), err error) {
	var opened []*trained
	for _, dir := range dirs {
		t, err := readRun(dir, "", nil)
		if err != nil {
			return nil, nil, err
		}
		opened = append(opened, t)
	}
	if backend, err = opened[0].backendFor(backend); err != nil {
		return nil, nil, err
	}
	b, err := openBackend(backend, backends.Options{})
	if err != nil {
		return nil, nil, err
	}
	for _, t := range opened {
		if err = t.load(b); err != nil {
			break
		}
		var m *measured
		if m, err = t.measure(); err != nil {
			break
		}
		runs = append(runs, m)
	}
	if err != nil {
		b.Close()
		return nil, nil, err
	}
	return runs, b.Close, nil
}
