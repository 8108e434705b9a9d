// Package tracked collects what there is to tell a tracker of runs and suites, from what they leave on the disk: settings, what was
// logged and when, what was measured, pictures, and how it ended.
//
// A [Finder] finds the runs, and [Run.Read] reads one. What is told of it, and how, is up to packages tensorboard and mlflow.
package tracked

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"joule/internal/strictyaml"
	"joule/results"
	"joule/rundir"
	"joule/watch"
)

// ResultTag begins the names of what is measured when the training is over; those of [results.Figures] follow.
const ResultTag = "result/"

// Run is a run that is told of.
type Run struct {
	// Name is what it is called, by the way to it from the directory that was asked for, and Dir its directory.
	Name, Dir string
	// Suite is the directory of the suite that it belongs to, and Row what it has come to there; empty and nil: it is a run of its own,
	// or has no row yet.
	Suite string
	Row   *results.Row
	// Seen is what the watcher says of its directory; nil: a suite need not keep its runs.
	Seen *watch.Run

	// What follows is there once the run has been read.

	// Environment is zero where there is only a row.
	Environment rundir.Environment
	Started     time.Time
	// Hparams are the settings by which it is compared with others: the keys of its config, or of a suite the axes and kinds of its row.
	Hparams map[string]string
	// Group names what runs of a suite have in common that differ in their seeds alone.
	Group   string
	Config  string
	Records []rundir.Record
	Clock   Clock
	// Figures are how good the model is, by the names of results.Figures.
	Figures map[string]float64
	// Pictures are what was drawn of it.
	Pictures []Picture
	// Step is the number of steps made.
	Step int64
	End  *End // nil: it can be gone on with
}

// Picture is a figure of a run at a step, as the bytes of a PNG file.
type Picture struct {
	Name string
	Step int64
	PNG  []byte
}

// End is how a run ended, and when.
type End struct {
	IsSuccess bool
	At        time.Time
}

// Read reads what is on the disk.
func (t *Run) Read() error {
	run, err := rundir.Open(t.Dir)
	if t.Row != nil {
		t.readRow()
		if err != nil { // a suite need not keep its runs
			return nil
		}
	} else if err != nil {
		return err
	}
	config, err := run.Config()
	if err != nil {
		return err
	}
	if t.Environment, err = run.Environment(); err != nil {
		return err
	}
	logged, err := run.Metrics()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	t.Config, t.Records, t.Clock = string(config), logged.Records, NewClock(t.Environment, logged.Records)
	t.Started = t.Environment.Started
	if t.Row == nil {
		if t.Hparams, err = Settings(config); err != nil {
			return err
		}
	}
	switch result, err := run.Result(); {
	case err == nil:
		t.Step, t.End = result.Step, EndOf(result, t.Environment.Finished)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case len(t.Records) > 0:
		t.Step = t.Records[len(t.Records)-1].Step
	}
	return nil
}

// readRow takes what the row of a suite says.
func (t *Run) readRow() {
	r := t.Row
	t.Hparams, t.Group, t.Started = map[string]string{}, filepath.Join(r.Suite, r.Cell()), r.Started
	if r.Started.IsZero() {
		t.Started = time.Unix(0, 0)
	}
	for key, value := range map[string]string{"method.kind": r.Method, "data": r.Data, "model.kind": r.Model} {
		t.Hparams[key] = value
	}
	for _, axis := range r.Axes {
		t.Hparams[axis.Key] = axis.Value
	}
	t.Config, t.Figures, t.Step = r.Config, r.Metrics, int64(r.Metrics["steps"])
	t.Clock = Clock{from: t.Started}
	t.End = &End{r.Status == results.Completed, t.Started.Add(took(r))}
}

// took is how long a run of a suite was made.
func took(r *results.Row) time.Duration {
	seconds := r.Metrics["seconds"] + r.Metrics["compile_seconds"] + r.Metrics["measure_seconds"]
	return time.Duration(seconds * float64(time.Second))
}

// Settings are the keys of a config by their paths, such as method.sigma, and their values as text.
func Settings(config []byte) (map[string]string, error) {
	values, err := strictyaml.Flatten(config)
	if err != nil {
		return nil, err
	}
	settings := make(map[string]string, len(values))
	for _, v := range values {
		settings[v.Key] = v.Text
	}
	return settings, nil
}

// EndOf is the end that a result tells of; nil: the run can be gone on with.
func EndOf(result rundir.Result, at time.Time) *End {
	switch result.Status {
	case rundir.Completed:
		return &End{true, at}
	case rundir.Failed:
		return &End{false, at}
	}
	return nil
}

// Map is the picture of the energy that a suite keeps of its runs in two dimensions, at the end of the training; false: there is none.
func (t *Run) Map() (p Picture, ok bool, err error) {
	file, err := os.ReadFile(filepath.Join(t.Dir, "figures", "map.png"))
	if errors.Is(err, fs.ErrNotExist) {
		return p, false, nil
	}
	return Picture{"energy", t.Step, file}, err == nil, err
}
