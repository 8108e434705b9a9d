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
	"joule/watch/tracked"
)

// painter measures and draws runs for trackers, on one backend.
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

// paint adds the pictures of a run, how good it is, and in two dimensions the energy at checkpoints of some steps. What cannot be had is
// logged, and left out: then it returns false.
func (p *painter) paint(t *tracked.Run, checkpoints []int64) (isAll bool) {
	folder, err := os.MkdirTemp("", "joule-figures-")
	if err == nil {
		err = errors.Join(p.paintIn(folder, t, checkpoints), os.RemoveAll(folder))
	}
	if err != nil && p.failed == nil {
		slog.Warn("not all figures are there", "run", t.Dir, "cause", oneLine(err))
	}
	return err == nil
}

func (p *painter) paintIn(folder string, t *tracked.Run, checkpoints []int64) error {
	run, err := readRun(t.Dir, "", nil)
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
		t.Figures = row.Metrics
	}
	drawings, err := m.draw(func(name string) (string, error) { return filepath.Join(folder, name+".png"), nil }, m.pictureNames()...)
	err = errors.Join(m.problem, err)
	for _, d := range drawings {
		err = errors.Join(err, addPicture(t, run.step, d))
	}
	return errors.Join(err, p.paintCheckpoints(folder, t, checkpoints, m))
}

// pictureNames are the figures that trackers get, which draw the curves themselves.
func (m *measured) pictureNames() (names []string) {
	for _, f := range m.figures() {
		if f.name != "training" && !f.asked {
			names = append(names, f.name)
		}
	}
	return names
}

// addPicture adds a figure on the disk.
func addPicture(t *tracked.Run, step int64, d drawn) error {
	file, err := os.ReadFile(d.path)
	if err == nil {
		t.Pictures = append(t.Pictures, tracked.Picture{Name: d.name, Step: step, PNG: file})
	}
	return err
}

// paintCheckpoints adds the energy at checkpoints of a run in two dimensions.
func (p *painter) paintCheckpoints(folder string, t *tracked.Run, checkpoints []int64, m *measured) (err error) {
	if len(m.dataset.Columns) != 2 || m.dataset.Image != nil {
		return nil
	}
	for _, step := range checkpoints {
		if step == m.step {
			continue
		}
		earlier := *m.trained
		earlier.checkpoint = strconv.FormatInt(step, 10)
		err = errors.Join(err, func() error {
			if err := earlier.load(p.opened); err != nil {
				return err
			}
			defer earlier.model.Close()
			field, err := earlier.field(m.frame())
			if err != nil {
				return err
			}
			d := drawn{"energy", filepath.Join(folder, earlier.checkpoint+".png")}
			if err := m.energyMap(field).Save(d.path); err != nil {
				return err
			}
			return addPicture(t, step, d)
		}())
	}
	return err
}
