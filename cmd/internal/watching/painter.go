package watching

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/measured"
	"joule/cmd/internal/tracking"
	"joule/cmd/internal/trained"
	"joule/metrics"
	"joule/results"
	"joule/suites"
	"joule/watch/tensorboard"
)

// painter measures and draws runs for their event files, on one backend.
type painter struct {
	backend string // empty: that of the first run
	opened  *backends.Backend
	failed  error // why it could not be opened: then no run can be painted
}

func (p *painter) close() {
	if p.opened != nil {
		p.opened.Close()
	}
}

// paint adds the pictures of a run, and how good it is. What cannot be had is logged, and left out.
func (p *painter) paint(t *tracked) {
	folder, err := os.MkdirTemp("", "joule-tensorboard-")
	if err == nil {
		err = errors.Join(p.paintIn(folder, t), os.RemoveAll(folder))
	}
	if err != nil && p.failed == nil {
		slog.Warn("not all figures are there", "run", t.dir, "cause", cli.OneLine(err))
	}
}

func (p *painter) paintIn(folder string, t *tracked) error {
	run, err := trained.Read(t.dir, "", nil)
	if err != nil {
		return err
	}
	if p.opened == nil {
		backend, err := run.BackendFor(p.backend)
		if err != nil {
			return err
		}
		if p.opened, err = cli.OpenBackend(backend, backends.Options{}); err != nil {
			p.failed = err
			return err
		}
	}
	if err := run.Load(p.opened); err != nil {
		return err
	}
	defer run.Model.Close()
	set, err := run.Data()
	if err != nil {
		return err
	}
	m := measured.On(run, set, metrics.Options{NoAIS: true})
	if m.Problem == nil {
		var row results.Row
		measured.PutEvaluation(&row, m.Evaluation, suites.Metrics())
		t.figures = row.Metrics
	}
	drawings, err := m.Draw(func(name string) (string, error) { return filepath.Join(folder, name+".png"), nil }, m.PictureNames()...)
	err = errors.Join(m.Problem, err)
	for _, d := range drawings {
		err = errors.Join(err, t.addPicture(run.Step, d))
	}
	return errors.Join(err, paintCheckpoints(folder, t, m))
}

// addPicture adds a figure.
func (t *tracked) addPicture(step int64, d measured.Drawing) error {
	picture, err := tracking.PictureOf(d)
	if err == nil {
		t.pictures = append(t.pictures, tensorboard.Event{Step: step, Values: []tensorboard.Value{picture}})
	}
	return err
}

// paintCheckpoints adds the energy at each checkpoint of a run in two dimensions.
func paintCheckpoints(folder string, t *tracked, m *measured.Run) (err error) {
	if len(m.Dataset.Columns) != 2 || m.Dataset.Image != nil {
		return nil
	}
	for _, state := range t.states {
		if state.Step == m.Step {
			continue
		}
		d := measured.Drawing{Name: "energy", Path: filepath.Join(folder, strconv.FormatInt(state.Step, 10)+".png")}
		problem := m.DrawEnergyAt(state.Step, d.Path)
		if problem == nil {
			problem = t.addPicture(state.Step, d)
		}
		err = errors.Join(err, problem)
	}
	return err
}
