// Package trained opens runs that were trained for use: the model with its parameters on a backend, its noise level or class, the
// data as they were, points in their units, samples, log Z, and how anomalous points are.
package trained

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/configs"
	"joule/datasets"
	"joule/metrics"
	"joule/models"
	"joule/rundir"
	"joule/trainers"
)

// Run is a run that is opened for use: its config, its description of the data, and its model on a backend.
type Run struct {
	Dir     *rundir.Run
	Config  *configs.Config
	Dataset rundir.Dataset
	Step    int64
	Model   *models.Compiled
	Backend *backends.Backend
	// Checkpoint is what the parameters are taken from: the step of a checkpoint, or best; empty: from those of the run.
	Checkpoint string
	Sigma      float64 // the noise level that the model is opened at; 0: the smallest, if it has any
	class      *int    // the model is that of this class; nil: of all
}

// Read reads what a run directory says, without its model. sets change its config, as far as the sections allowed go. The
// parameters will be those of a checkpoint, if one is named.
func Read(dir, checkpoint string, sets []string, allowed ...string) (*Run, error) {
	run, err := rundir.Open(dir)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		key, _, _ := strings.Cut(set, "=")
		section, _, _ := strings.Cut(key, ".")
		if !slices.Contains(allowed, section) {
			return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("--set %s: only keys of %s can be changed once a run is trained", set, strings.Join(allowed, " and ")))
		}
	}
	config, err := configs.LoadRun(filepath.Join(dir, "config.yaml"), "", sets)
	if err != nil {
		return nil, cli.Coded(cli.ExitUsage, err)
	}
	dataset, err := run.Dataset()
	if err != nil {
		return nil, err
	}
	return &Run{Dir: run, Config: config, Dataset: dataset, Checkpoint: checkpoint}, nil
}

// Open puts the model of a run that was read on a backend: the given one, or else the run's choice.
func (t *Run) Open(backend string) error {
	backend, err := t.BackendFor(backend)
	if err != nil {
		return err
	}
	b, err := cli.OpenBackend(backend, backends.Options{})
	if err != nil {
		return err
	}
	if err := t.Load(b); err != nil {
		b.Close()
		return err
	}
	return nil
}

// BackendFor is the given backend, or else the run's choice.
func (t *Run) BackendFor(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	if own := t.Config.Backend; !cli.IsTrusted(own) {
		return "", cli.Untrusted(filepath.Join(t.Dir.Dir(), "config.yaml"), own)
	}
	return t.Config.Backend, nil
}

// Close closes the backend of a run that [Run.Open] has opened.
func (t *Run) Close() { t.Backend.Close() }

// Load reads the parameters of the run and puts its model on a backend.
func (t *Run) Load(b *backends.Backend) error {
	p, err := t.Parameters()
	if err != nil {
		return err
	}
	values, err := p.Values()
	if err != nil {
		return fmt.Errorf("%s: %w", t.Dir.Dir(), err)
	}
	model, err := models.Compile(b.Backend, t.Energy(), len(t.Dataset.Columns), values)
	if err != nil {
		return fmt.Errorf("%s: the parameters do not fit the model of config.yaml: %w", t.Dir.Dir(), err)
	}
	t.Model, t.Step, t.Backend = model, p.Step, b
	return nil
}

// Parameters are those of the run, or of its checkpoint.
func (t *Run) Parameters() (rundir.Parameters, error) {
	if t.Checkpoint == "" {
		return t.Dir.Parameters()
	}
	entry, err := findCheckpoint(t.Dir.Checkpoints(), t.Config.Train.KeepBest, t.Checkpoint)
	if err != nil {
		return rundir.Parameters{}, err
	}
	c, err := t.Dir.Checkpoints().Load(entry)
	return rundir.Parameters{Step: int64(c.Step), Tensors: trainers.ParameterTensors(c.Tensors)}, err
}

// Encoding is how the columns of the data become the coordinates.
func (t *Run) Encoding() *datasets.Encoding {
	if t.Dataset.Encoding != nil {
		return t.Dataset.Encoding
	}
	return datasets.Plain(t.Dataset.Columns)
}

// Transform is the map from the units of the data to the coordinates of the model; nil is the identity.
func (t *Run) Transform() *datasets.Standardizer {
	return (*datasets.Standardizer)(t.Dataset.Standardizer)
}

// Data loads the data of the run again, split as it was.
func (t *Run) Data() (*datasets.Set, error) {
	set, err := t.Config.LoadData()
	if err != nil {
		return nil, err
	}
	now := DescribeData(set)
	if t.Dataset.Encoding == nil { // of a run from before they were written
		now.Encoding = nil
	}
	if !reflect.DeepEqual(now, t.Dataset) {
		return nil, fmt.Errorf("%s: the data is no longer what the run was trained on: %d training and %d test points of the columns %s from %s to %s then; %d, %d, %s, %s and %s now",
			t.Dir.Dir(), t.Dataset.Train, t.Dataset.Test, Few(t.Dataset.Columns), Few(t.Dataset.Min), Few(t.Dataset.Max),
			now.Train, now.Test, Few(now.Columns), Few(now.Min), Few(now.Max))
	}
	return set, nil
}

// Evaluate measures the model on its data, and logs what makes the figures doubtful.
func (t *Run) Evaluate(set *datasets.Set, how metrics.Options) (*metrics.Evaluation, error) {
	e, err := metrics.Evaluate(t.Model, set, how)
	if err != nil {
		return nil, err
	}
	for _, warning := range e.Warnings() {
		slog.Warn(warning, "run", t.Dir.Dir())
	}
	return e, nil
}
