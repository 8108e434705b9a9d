package trained

import (
	"fmt"
	"log/slog"
	"math"

	"joule/cmd/internal/cli"
	"joule/datasets"
	"joule/metrics"
	"joule/samplers"
)

// Compare adds to diagnostics what needs the data of the run, and logs what is doubtful of it, or why it is not to be had.
func (t *Run) Compare(d *metrics.Diagnostics) {
	set, err := t.Data()
	if err != nil {
		slog.Warn(cannotCompare, "cause", err)
		return
	}
	t.CompareWith(set, d)
}

const cannotCompare = "the energies of the points cannot be compared with those of the data"

// CompareWith is Compare where the data is at hand.
func (t *Run) CompareWith(set *datasets.Set, d *metrics.Diagnostics) {
	if err := d.Compare(t.Model, t.ownPoints(set)); err != nil {
		slog.Warn(cannotCompare, "cause", err)
	} else if warning := d.GapWarning(); warning != "" {
		slog.Warn(warning, "run", t.Dir.Dir())
	}
}

// CheckSampling reports a number of points that the chains of the run cannot be asked for; flag names it.
func (t *Run) CheckSampling(flag string, n int) error {
	if err := samplers.CheckChains(t.Config.Sampler, t.Config.Sampling.Of(n), 1, 1); err != nil {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--%s %d, with sampling.chains %d: %w", flag, n, t.Config.Sampling.Chains, err))
	}
	return nil
}

// spread is how much wider than the data the points are that chains start from.
const spread = 1.5

// Start is where chains of the model start: it covers the range of the data, which stands for two standard deviations on each side
// of its middle.
func (t *Run) Start() samplers.Start {
	dim := len(t.Dataset.Columns)
	ends := datasets.Points{N: 2, Dim: dim, Values: append(append([]float64(nil), t.Dataset.Min...), t.Dataset.Max...)}
	low, high := t.Transform().Apply(ends).Range()
	start := samplers.Start{Mean: make([]float64, dim), Std: make([]float64, dim)}
	for k := range dim {
		start.Mean[k] = (low[k] + high[k]) / 2
		start.Std[k] = spread * (high[k] - low[k]) / 4
	}
	return start
}

// Sample draws n points of the model, in the units of the data, and says how far they can be trusted; what makes them doubtful
// is logged.
func (t *Run) Sample(n int, seed int64) (datasets.Points, *metrics.Diagnostics, error) {
	points, d, err := t.Draw(n, seed)
	if err != nil {
		return datasets.Points{}, nil, err
	}
	return t.Transform().Undo(points), d, nil
}

// Draw is Sample in the coordinates of the model; the diagnostics are in the units of the data all the same.
func (t *Run) Draw(n int, seed int64) (datasets.Points, *metrics.Diagnostics, error) {
	points, d, err := t.drawn(n, seed)
	if err != nil {
		return datasets.Points{}, nil, err
	}
	for _, warning := range d.Warnings() {
		slog.Warn(warning, "run", t.Dir.Dir())
	}
	return points, d, nil
}

// drawn is Draw without a word.
func (t *Run) drawn(n int, seed int64) (datasets.Points, *metrics.Diagnostics, error) {
	dim := len(t.Dataset.Columns)
	sample, err := samplers.Draw(t.Model, t.Config.Sampler, t.Config.Sampling, t.Start(), n, seed)
	if err != nil {
		return datasets.Points{}, nil, err
	}
	for i, v := range sample.Points {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return datasets.Points{}, nil, fmt.Errorf("chain %d diverged: its point is not finite; a smaller sampler.step_size keeps chains stable", i/dim%sample.Chains+1)
		}
	}
	points := datasets.Points{N: len(sample.Points) / dim, Dim: dim, Values: sample.Points}
	d := metrics.Diagnose(t.Transform().Undo(points), sample.Energies, sample.Chains, t.Dataset.Columns)
	d.Acceptance, d.StepScale = metrics.Figure(sample.Acceptance), metrics.Figure(sample.StepScale)
	return datasets.Points{N: n, Dim: dim, Values: points.Values[:n*dim]}, d, nil
}

// MaxSamples is the largest number of points of one call: without sampling.chains there is a chain for each, all on the device
// at once.
const MaxSamples = 10_000_000

// Points draws n points, in the units of the data.
func (t *Run) Points(n int, seed int64) (datasets.Points, error) {
	points, _, err := t.drawn(n, seed)
	if err != nil {
		return datasets.Points{}, err
	}
	return t.Transform().Undo(points), nil
}
