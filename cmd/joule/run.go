package main

import (
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"strings"

	"github.com/gomlx/compute"

	"joule/backends"
	"joule/configs"
	"joule/datasets"
	"joule/internal/safetensors"
	"joule/metrics"
	"joule/models"
	"joule/rundir"
	"joule/samplers"
)

// trained is a run that is opened for use: its config, its description of the data, and its model on a backend.
type trained struct {
	dir     *rundir.Run
	config  *configs.Config
	dataset rundir.Dataset
	step    int64
	model   *models.Compiled
	backend *backends.Backend
}

// openRun opens a run directory and puts its model on a backend: the given one, or else the run's own choice. sets
// change its config, as far as keys below allowed go.
func openRun(dir, backend string, sets []string, allowed string) (*trained, error) {
	run, err := rundir.Open(dir)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if !strings.HasPrefix(set, allowed+".") {
			return nil, coded(exitUsage, fmt.Errorf("--set %s: only keys of %s can be changed once a run is trained", set, allowed))
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
	if backend == "" {
		backend = config.Backend
	}
	b, err := openBackend(backend)
	if err != nil {
		return nil, err
	}
	t := &trained{dir: run, config: config, dataset: dataset, backend: b}
	if t.model, t.step, err = loadModel(run, config, len(dataset.Columns), b.Backend); err != nil {
		b.Close()
		return nil, err
	}
	return t, nil
}

func (t *trained) close() { t.backend.Close() }

// loadModel reads the parameters of a run.
func loadModel(run *rundir.Run, config *configs.Config, dim int, backend compute.Backend) (*models.Compiled, int64, error) {
	p, err := run.Parameters()
	if err != nil {
		return nil, 0, err
	}
	values := make([]models.Value, len(p.Tensors))
	for i, t := range p.Tensors {
		numbers, err := safetensors.Floats(t)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", run.Dir(), err)
		}
		values[i] = models.Value{Name: t.Name, Shape: t.Shape, Numbers: numbers}
	}
	model, err := models.Compile(backend, config.Model, dim, values)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: parameters.safetensors does not fit the model of config.yaml: %w", run.Dir(), err)
	}
	return model, p.Step, nil
}

// transform is the map from the units of the data to the coordinates of the model; nil is the identity.
func (t *trained) transform() *datasets.Standardizer {
	return (*datasets.Standardizer)(t.dataset.Standardizer)
}

// data loads the data of the run again, split as it was.
func (t *trained) data() (*datasets.Set, error) {
	set, err := t.config.Data.Load(datasets.Env{Dir: t.config.Dir, Seed: t.config.Seed})
	if err != nil {
		return nil, err
	}
	if set.Train.N != t.dataset.Train || set.Test.N != t.dataset.Test || set.Train.Dim != len(t.dataset.Columns) {
		return nil, fmt.Errorf("%s: the data is no longer what the run was trained on: %d training and %d test points of %d coordinates then, %d, %d and %d now",
			t.dir.Dir(), t.dataset.Train, t.dataset.Test, len(t.dataset.Columns), set.Train.N, set.Test.N, set.Train.Dim)
	}
	return set, nil
}

// evaluate measures the model on its data, and logs what makes the figures doubtful.
func (t *trained) evaluate(set *datasets.Set, grid int) (*metrics.Evaluation, error) {
	e, err := metrics.Evaluate(t.model, set, grid)
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

// sample draws n points of the model, in the units of the data.
func (t *trained) sample(n int, seed int64) (datasets.Points, error) {
	// The start covers the range of the data, which stands for two standard deviations on each side of its middle.
	dim := len(t.dataset.Columns)
	ends := datasets.Points{N: 2, Dim: dim, Values: append(append([]float64(nil), t.dataset.Min...), t.dataset.Max...)}
	low, high := t.transform().Apply(ends).Range()
	start := samplers.Start{Mean: make([]float64, dim), Std: make([]float64, dim)}
	for k := range dim {
		start.Mean[k] = (low[k] + high[k]) / 2
		start.Std[k] = spread * (high[k] - low[k]) / 4
	}
	values, err := samplers.Draw(t.model, t.config.Sampler, start, n, seed)
	if err != nil {
		return datasets.Points{}, err
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return datasets.Points{}, fmt.Errorf("chain %d left the numbers: a smaller sampler.step_size keeps chains stable (--set sampler.step_size=…)", i/dim+1)
		}
	}
	return t.transform().Undo(datasets.Points{N: n, Dim: dim, Values: values}), nil
}
