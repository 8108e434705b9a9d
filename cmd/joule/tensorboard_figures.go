package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"joule/backends"
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
		slog.Warn("not all figures are there", "run", t.dir, "cause", oneLine(err))
	}
}

func (p *painter) paintIn(folder string, t *tracked) error {
	run, err := readRun(t.dir, "", nil)
	if err != nil {
		return err
	}
	if p.opened == nil {
		backend, err := run.backendFor(p.backend)
		if err != nil {
			return err
		}
		if p.opened, err = openBackend(backend, backends.Options{}); err != nil {
			p.failed = err
			return err
		}
	}
	if err := run.load(p.opened); err != nil {
		return err
	}
	defer run.model.Close()
	set, err := run.data()
	if err != nil {
		return err
	}
	m := run.measureOn(set, metrics.Options{NoAIS: true})
	if m.problem == nil {
		var row results.Row
		putEvaluation(&row, m.evaluation, suites.Metrics())
		t.figures = row.Metrics
	}
	drawings, err := m.draw(func(name string) (string, error) { return filepath.Join(folder, name+".png"), nil }, m.pictureNames()...)
	err = errors.Join(m.problem, err)
	for _, d := range drawings {
		err = errors.Join(err, t.addPicture(run.step, d))
	}
	return errors.Join(err, paintCheckpoints(folder, t, m))
}

// pictureNames are the figures that are pictures in TensorBoard, which draws the curves itself.
func (m *measured) pictureNames() (names []string) {
	for _, f := range m.figures() {
		if f.name != "training" && !f.asked {
			names = append(names, f.name)
		}
	}
	return names
}

// addPicture adds a figure.
func (t *tracked) addPicture(step int64, d drawn) error {
	picture, err := pictureOf(d)
	if err == nil {
		t.pictures = append(t.pictures, tensorboard.Event{Step: step, Values: []tensorboard.Value{picture}})
	}
	return err
}

// pictureOf is a figure on the disk, as a picture.
func pictureOf(d drawn) (tensorboard.Image, error) {
	file, err := os.ReadFile(d.path)
	if err != nil {
		return tensorboard.Image{}, err
	}
	return tensorboard.NewImage("figures/"+d.name, file)
}

// paintCheckpoints adds the energy at each checkpoint of a run in two dimensions.
func paintCheckpoints(folder string, t *tracked, m *measured) (err error) {
	if len(m.dataset.Columns) != 2 || m.dataset.Image != nil {
		return nil
	}
	for _, state := range t.states {
		if state.Step == m.step {
			continue
		}
		d := drawn{"energy", filepath.Join(folder, strconv.FormatInt(state.Step, 10)+".png")}
		problem := m.drawEnergyAt(state.Step, d.path)
		if problem == nil {
			problem = t.addPicture(state.Step, d)
		}
		err = errors.Join(err, problem)
	}
	return err
}
