package measured

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/plots"
)

// SameData reports whether two runs were trained on the same data, so that their scores can be compared: the same
// columns, and for a file the same range and number of points; what is drawn may differ by the seed, and what is read
// in its split and in a fitted density.
func SameData(a, b *trained.Run) bool {
	if !slices.Equal(a.Dataset.Columns, b.Dataset.Columns) || a.Dataset.Train != b.Dataset.Train || a.Dataset.Test != b.Dataset.Test {
		return false
	}
	if a.Source() == "" || b.Source() == "" {
		return reflect.DeepEqual(a.Config.Data, b.Config.Data)
	}
	return slices.Equal(a.Dataset.Min, b.Dataset.Min) && slices.Equal(a.Dataset.Max, b.Dataset.Max)
}

// GroupsOf gives each run the number of its group: those on the same data.
func GroupsOf(runs []*Run) []int {
	groups := make([]int, len(runs))
	for i, r := range runs {
		groups[i] = slices.IndexFunc(runs[:i+1], func(earlier *Run) bool { return SameData(earlier.Run, r.Run) })
	}
	return groups
}

// LabelsOf are short names that tell runs apart: methods if they all differ, else names of configs, else directories.
func LabelsOf(runs []*Run) []string {
	labels := make([]string, len(runs))
	for _, label := range []func(*Run) string{
		func(r *Run) string { return r.Method() },
		func(r *Run) string { return r.Config.Name },
		func(r *Run) string { return filepath.Base(r.Dir.Dir()) },
		func(r *Run) string { return r.Dir.Dir() },
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

// SideBySide draws the energies of runs on the same data in two dimensions, over one rectangle that holds the data of all.
func SideBySide(runs []*Run) (plots.Grid, error) {
	first := runs[0]
	low, high := first.frame()
	for _, r := range runs {
		from, to := r.frame()
		for k := range low {
			low[k], high[k] = min(low[k], from[k]), max(high[k], to[k])
		}
	}
	figure := plots.Grid{
		Title: first.DataName(), Axes: first.axes(), Data: planar(first.Transform().Undo(first.Set.Train)), Contours: true,
	}
	labels := LabelsOf(runs)
	for i, r := range runs {
		field, err := r.field(low, high)
		if err != nil {
			return figure, fmt.Errorf("%s: %w", r.Dir.Dir(), err)
		}
		model := plots.Model{Name: labels[i], Energy: field}
		if nll := r.Evaluation.TestNLL; nll != nil {
			model.Note = fmt.Sprintf("test NLL %.3f", *nll)
		}
		figure.Models = append(figure.Models, model)
	}
	return figure, nil
}

// OpenAll opens runs on one backend, the given one or else the first run's choice, and measures them.
func OpenAll(dirs []string, backend string) (runs []*Run, closeBackend func(), err error) {
	var opened []*trained.Run
	for _, dir := range dirs {
		t, err := trained.Read(dir, "", nil)
		if err != nil {
			return nil, nil, err
		}
		opened = append(opened, t)
	}
	if backend, err = opened[0].BackendFor(backend); err != nil {
		return nil, nil, err
	}
	b, err := cli.OpenBackend(backend, backends.Options{})
	if err != nil {
		return nil, nil, err
	}
	for _, t := range opened {
		if err = t.Load(b); err != nil {
			break
		}
		var m *Run
		if m, err = open(t); err != nil {
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
