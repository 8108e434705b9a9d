package main

import (
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"joule/backends"
	"joule/configs"
	"joule/datasets"
	"joule/internal/safetensors"
	"joule/metrics"
	"joule/models"
	"joule/rundir"
	"joule/samplers"
	"joule/trainers"
)

// trained is a run that is opened for use: its config, its description of the data, and its model on a backend.
type trained struct {
	dir     *rundir.Run
	config  *configs.Config
	dataset rundir.Dataset
	step    int64
	model   *models.Compiled
	backend *backends.Backend
	// checkpoint is what the parameters are taken from: the step of a checkpoint, or best; empty: from those of the run.
	checkpoint string
	sigma      float64 // the noise level that the model is opened at; 0: the smallest, if it has any
	class      *int    // the model is that of this class; nil: of all
}

// readRun reads what a run directory says, without its model. sets change its config, as far as the sections allowed go. The
// parameters will be those of a checkpoint, if one is named.
func readRun(dir, checkpoint string, sets []string, allowed ...string) (*trained, error) {
	run, err := rundir.Open(dir)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		key, _, _ := strings.Cut(set, "=")
		section, _, _ := strings.Cut(key, ".")
		if !slices.Contains(allowed, section) {
			return nil, coded(exitUsage, fmt.Errorf("--set %s: only keys of %s can be changed once a run is trained", set, strings.Join(allowed, " and ")))
		}
	}
	config, err := configs.LoadRun(filepath.Join(dir, "config.yaml"), "", sets)
	if err != nil {
		return nil, coded(exitUsage, err)
	}
	dataset, err := run.Dataset()
	if err != nil {
		return nil, err
	}
	return &trained{dir: run, config: config, dataset: dataset, checkpoint: checkpoint}, nil
}

// open puts the model of a run that was read on a backend: the given one, or else the run's choice.
func (t *trained) open(backend string) error {
	backend, err := t.backendFor(backend)
	if err != nil {
		return err
	}
	b, err := openBackend(backend, backends.Options{})
	if err != nil {
		return err
	}
	if err := t.load(b); err != nil {
		b.Close()
		return err
	}
	return nil
}

// backendFor is the given backend, or else the run's choice.
func (t *trained) backendFor(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	if own := t.config.Backend; !isTrusted(own) {
		return "", untrusted(filepath.Join(t.dir.Dir(), "config.yaml"), own)
	}
	return t.config.Backend, nil
}

func (t *trained) close() { t.backend.Close() }

// load reads the parameters of the run and puts its model on a backend.
func (t *trained) load(b *backends.Backend) error {
	p, err := t.parameters()
	if err != nil {
		return err
	}
	values, err := t.valuesOf(p.Tensors)
	if err != nil {
		return err
	}
	model, err := models.Compile(b.Backend, t.energy(), len(t.dataset.Columns), values)
	if err != nil {
		return fmt.Errorf("%s: the parameters do not fit the model of config.yaml: %w", t.dir.Dir(), err)
	}
	t.model, t.step, t.backend = model, p.Step, b
	return nil
}

// valuesOf are the numbers of parameters.
func (t *trained) valuesOf(tensors []safetensors.Tensor) ([]models.Value, error) {
	values := make([]models.Value, len(tensors))
	for i, tensor := range tensors {
		numbers, err := safetensors.Floats(tensor)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.dir.Dir(), err)
		}
		values[i] = models.Value{Name: tensor.Name, Shape: tensor.Shape, Numbers: numbers}
	}
	return values, nil
}

// parameters are those of the run, or of its checkpoint.
func (t *trained) parameters() (rundir.Parameters, error) {
	if t.checkpoint == "" {
		return t.dir.Parameters()
	}
	entry, err := findCheckpoint(t.dir.Checkpoints(), t.config.Train.KeepBest, t.checkpoint)
	if err != nil {
		return rundir.Parameters{}, err
	}
	c, err := t.dir.Checkpoints().Load(entry)
	return rundir.Parameters{Step: int64(c.Step), Tensors: trainers.ParameterTensors(c.Tensors)}, err
}

// encoding is how the columns of the data become the coordinates.
func (t *trained) encoding() *datasets.Encoding {
	if t.dataset.Encoding != nil {
		return t.dataset.Encoding
	}
	return datasets.Plain(t.dataset.Columns)
}

// transform is the map from the units of the data to the coordinates of the model; nil is the identity.
func (t *trained) transform() *datasets.Standardizer {
	return (*datasets.Standardizer)(t.dataset.Standardizer)
}

// data loads the data of the run again, split as it was.
func (t *trained) data() (*datasets.Set, error) {
	set, err := t.config.LoadData()
	if err != nil {
		return nil, err
	}
	now := describeData(set)
	if t.dataset.Encoding == nil { // of a run from before they were written
		now.Encoding = nil
	}
	if !reflect.DeepEqual(now, t.dataset) {
		return nil, fmt.Errorf("%s: the data is no longer what the run was trained on: %d training and %d test points of the columns %s from %s to %s then; %d, %d, %s, %s and %s now",
			t.dir.Dir(), t.dataset.Train, t.dataset.Test, few(t.dataset.Columns), few(t.dataset.Min), few(t.dataset.Max),
			now.Train, now.Test, few(now.Columns), few(now.Min), few(now.Max))
	}
	return set, nil
}

// few shows a list, of a long one the first.
func few[T any](list []T) string {
	const most = 10
	if len(list) <= most {
		return fmt.Sprint(list)
	}
	return fmt.Sprintf("%v… (%d)", strings.TrimSuffix(fmt.Sprint(list[:most]), "]"), len(list))
}

// evaluate measures the model on its data, and logs what makes the figures doubtful.
func (t *trained) evaluate(set *datasets.Set, how metrics.Options) (*metrics.Evaluation, error) {
	e, err := metrics.Evaluate(t.model, set, how)
	if err != nil {
		return nil, err
	}
	for _, warning := range e.Warnings() {
		slog.Warn(warning, "run", t.dir.Dir())
	}
	return e, nil
}

// spread is how much wider than the data the points are that chains start from.
const spread = 1.5

// start is where chains of the model start: it covers the range of the data, which stands for two standard deviations on each side
// of its middle.
func (t *trained) start() samplers.Start {
	dim := len(t.dataset.Columns)
	ends := datasets.Points{N: 2, Dim: dim, Values: append(append([]float64(nil), t.dataset.Min...), t.dataset.Max...)}
	low, high := t.transform().Apply(ends).Range()
	start := samplers.Start{Mean: make([]float64, dim), Std: make([]float64, dim)}
	for k := range dim {
		start.Mean[k] = (low[k] + high[k]) / 2
		start.Std[k] = spread * (high[k] - low[k]) / 4
	}
	return start
}

// sample draws n points of the model, in the units of the data, and says how far they can be trusted; what makes them doubtful
// is logged.
func (t *trained) sample(n int, seed int64) (datasets.Points, *metrics.Diagnostics, error) {
	points, d, err := t.draw(n, seed)
	if err != nil {
		return datasets.Points{}, nil, err
	}
	return t.transform().Undo(points), d, nil
}

// draw is sample in the coordinates of the model; the diagnostics are in the units of the data all the same.
func (t *trained) draw(n int, seed int64) (datasets.Points, *metrics.Diagnostics, error) {
	points, d, err := t.drawn(n, seed)
	if err != nil {
		return datasets.Points{}, nil, err
	}
	for _, warning := range d.Warnings() {
		slog.Warn(warning, "run", t.dir.Dir())
	}
	return points, d, nil
}

// drawn is draw without a word.
func (t *trained) drawn(n int, seed int64) (datasets.Points, *metrics.Diagnostics, error) {
	dim := len(t.dataset.Columns)
	sample, err := samplers.Draw(t.model, t.config.Sampler, t.config.Sampling, t.start(), n, seed)
	if err != nil {
		return datasets.Points{}, nil, err
	}
	for i, v := range sample.Points {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return datasets.Points{}, nil, fmt.Errorf("chain %d diverged: its point is not finite; a smaller sampler.step_size keeps chains stable", i/dim%sample.Chains+1)
		}
	}
	points := datasets.Points{N: len(sample.Points) / dim, Dim: dim, Values: sample.Points}
	d := metrics.Diagnose(t.transform().Undo(points), sample.Energies, sample.Chains, t.dataset.Columns)
	d.Acceptance, d.StepScale = metrics.Figure(sample.Acceptance), metrics.Figure(sample.StepScale)
	return datasets.Points{N: n, Dim: dim, Values: points.Values[:n*dim]}, d, nil
}
