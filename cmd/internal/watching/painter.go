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
	"joule/cmd/internal/trained"
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
		slog.Warn("not all figures are there", "run", t.Dir, "cause", cli.OneLine(err))
	}
	return err == nil
}

func (p *painter) paintIn(folder string, t *tracked.Run, checkpoints []int64) error {
	run, err := trained.Read(t.Dir, "", nil)
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
		t.Figures = row.Metrics
	}
	drawings, err := m.Draw(func(name string) (string, error) { return filepath.Join(folder, name+".png"), nil }, m.PictureNames()...)
	err = errors.Join(m.Problem, err)
	for _, d := range drawings {
		err = errors.Join(err, addPicture(t, run.Step, d))
	}
	return errors.Join(err, paintCheckpoints(folder, t, checkpoints, m))
}

// addPicture adds a figure on the disk.
func addPicture(t *tracked.Run, step int64, d measured.Drawing) error {
	file, err := os.ReadFile(d.Path)
	if err == nil {
		t.Pictures = append(t.Pictures, tracked.Picture{Name: d.Name, Step: step, PNG: file})
	}
	return err
}

// paintCheckpoints adds the energy at checkpoints of a run in two dimensions.
func paintCheckpoints(folder string, t *tracked.Run, checkpoints []int64, m *measured.Run) (err error) {
	if len(m.Dataset.Columns) != 2 || m.Dataset.Image != nil {
		return nil
	}
	for _, step := range checkpoints {
		if step == m.Step {
			continue
		}
		d := measured.Drawing{Name: "energy", Path: filepath.Join(folder, strconv.FormatInt(step, 10)+".png")}
		problem := m.DrawEnergyAt(step, d.Path)
		if problem == nil {
			problem = addPicture(t, step, d)
		}
		err = errors.Join(err, problem)
	}
	return err
}
