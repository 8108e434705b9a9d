package main

import (
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"

	"joule/datasets"
	"joule/metrics"
	"joule/plots"
	"joule/rundir"
)

// The number of samples in a figure, of cells along each axis of a map, and how far a map reaches beyond the data on
// each side, in ranges of the data.
const (
	figureSamples = 2000
	figureCells   = 240
	figureMargin  = 0.25
)

// draw draws the figures of the run into its folder and returns their paths.
func (t *trained) draw(set *datasets.Set, format string) (paths []string, err error) {
	add := func(name string, save func(path string) error) {
		if err != nil {
			return
		}
		var path string
		if path, err = t.dir.FigurePath(name + "." + format); err != nil {
			return
		}
		if err = save(path); err == nil {
			paths = append(paths, path)
		}
	}
	if curves, ok := t.curves(); ok {
		add("training", curves.Save)
	}
	samples, sampleErr := t.sample(figureSamples, t.config.Seed)
	if sampleErr != nil {
		slog.Warn("the figures show no samples", "cause", sampleErr)
	}
	if len(t.dataset.Columns) != 2 {
		add("energies", func(path string) error {
			histograms, err := t.histograms(set, samples)
			if err != nil {
				return err
			}
			return histograms.Save(path)
		})
		return paths, err
	}
	field, fieldErr := t.field()
	if fieldErr != nil {
		return paths, fieldErr
	}
	add("energy", t.energyMap(set, field).Save)
	if sampleErr == nil {
		add("samples", func(path string) error {
			figure, err := t.samplesOverDensity(set, samples, field)
			if err != nil {
				return err
			}
			return figure.Save(path)
		})
	}
	return paths, err
}

// curves are the training curves; false when nothing was logged.
func (t *trained) curves() (plots.TrainingCurves, bool) {
	logged, err := t.dir.Metrics()
	if err != nil {
		slog.Warn("the training curves are left out", "cause", err)
	}
	if err != nil || len(logged.Records) == 0 {
		return plots.TrainingCurves{}, false
	}
	return plots.TrainingCurves{Title: t.config.Name, Series: seriesOf(logged.Records)}, true
}

// seriesOf turns records into one series a name, the loss first. Speed is no property of the training.
func seriesOf(records []rundir.Record) []plots.Series {
	names := map[string]bool{}
	for _, r := range records {
		for name := range r.Values {
			names[name] = name != "steps_per_second"
		}
	}
	var series []plots.Series
	for _, name := range slices.SortedFunc(maps.Keys(names), lossFirst) {
		if !names[name] {
			continue
		}
		s := plots.Series{Name: name, Log: name == "gradient_norm" || name == "learning_rate"}
		for _, r := range records {
			if v, ok := r.Values[name]; ok {
				s.Steps, s.Values = append(s.Steps, float64(r.Step)), append(s.Values, v)
			}
		}
		series = append(series, s)
	}
	return series
}

func lossFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "loss" || b != "loss" && a < b:
		return -1
	default:
		return 1
	}
}

// field evaluates the energy over the plane, in the units of the data.
func (t *trained) field() (plots.Field, error) {
	low, high := t.dataset.Min, t.dataset.Max
	edge := func(k int, side float64) float64 {
		width := high[k] - low[k]
		if side < 0 {
			return low[k] - figureMargin*width
		}
		return high[k] + figureMargin*width
	}
	f := plots.Field{
		XMin: edge(0, -1), XMax: edge(0, 1), YMin: edge(1, -1), YMax: edge(1, 1), NX: figureCells, NY: figureCells,
	}
	var err error
	f.Values, err = t.model.Energies(t.transform().Apply(cellsOf(f)).Values)
	return f, err
}

// cellsOf are the middles of a field's cells, as points.
func cellsOf(f plots.Field) datasets.Points {
	centers := f.Centers()
	points := datasets.NewPoints(len(centers.X), 2)
	for i := range points.N {
		points.Row(i)[0], points.Row(i)[1] = centers.X[i], centers.Y[i]
	}
	return points
}

// planar splits points of the plane into their coordinates.
func planar(points datasets.Points) (p plots.Points) {
	for i := range points.N {
		p.X, p.Y = append(p.X, points.Row(i)[0]), append(p.Y, points.Row(i)[1])
	}
	return p
}

func (t *trained) axes() plots.Axes {
	if !t.isNamed() {
		return plots.Axes{}
	}
	return plots.Axes{X: t.dataset.Columns[0], Y: t.dataset.Columns[1]}
}

func (t *trained) energyMap(set *datasets.Set, field plots.Field) plots.EnergyMap {
	return plots.EnergyMap{
		Title: t.config.Name, Axes: t.axes(), Data: planar(t.transform().Undo(set.Train)), Energy: field, Contours: true,
	}
}

func (t *trained) samplesOverDensity(set *datasets.Set, samples datasets.Points, field plots.Field) (plots.SamplesOverDensity, error) {
	e, err := t.evaluate(set, 0)
	if err != nil {
		return plots.SamplesOverDensity{}, err
	}
	jacobian := t.transform().LogDetJacobian()
	figure := plots.SamplesOverDensity{
		Title: t.config.Name, Axes: t.axes(), Samples: planar(samples), Energy: field, LogZ: *e.LogZ - jacobian,
	}
	if set.Density != nil {
		truth := field
		if truth.Values, err = metrics.LogDensities(t.backend.Backend, set.Density, t.transform().Apply(cellsOf(field))); err != nil {
			return figure, err
		}
		for i, v := range truth.Values {
			truth.Values[i] = math.Exp(v + jacobian)
		}
		figure.Truth = &truth
	}
	return figure, nil
}

// histograms compares the energies of data, samples and noise. Noise is Gaussian with the data's mean and spread.
func (t *trained) histograms(set *datasets.Set, samples datasets.Points) (plots.EnergyHistograms, error) {
	figure := plots.EnergyHistograms{Title: t.config.Name}
	mean, std := set.Train.Moments()
	noise := datasets.GaussianNoise(mean, std, figureSamples, t.config.Seed)
	for _, part := range []struct {
		name   string
		points datasets.Points
	}{
		{"data", set.Train}, {"samples", t.transform().Apply(samples)}, {"noise", noise},
	} {
		if part.points.N == 0 {
			continue
		}
		energies, err := t.model.Energies(part.points.Values)
		if err != nil {
			return figure, fmt.Errorf("%s: %w", part.name, err)
		}
		figure.Sets = append(figure.Sets, plots.EnergySet{Name: part.name, Energies: energies})
	}
	return figure, nil
}

// drawOne draws the run's main figure to a path.
func (t *trained) drawOne(set *datasets.Set, path string) error {
	if len(t.dataset.Columns) == 2 {
		field, err := t.field()
		if err != nil {
			return err
		}
		return t.energyMap(set, field).Save(path)
	}
	samples, err := t.sample(figureSamples, t.config.Seed)
	if err != nil {
		return err
	}
	figure, err := t.histograms(set, samples)
	if err != nil {
		return err
	}
	return figure.Save(path)
}
