package watching

import (
	"cmp"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"joule/cmd/internal/tracking"
	"joule/results"
	"joule/rundir"
	"joule/trainers"
	"joule/watch/tensorboard"
)

// tracked is a run whose event file is made.
type tracked struct {
	name, dir string
	// suite is the directory of the suite that it belongs to, and row what it has come to there; empty and nil: it is a run of its own.
	suite string
	row   *results.Row

	start   tensorboard.Start
	config  string
	records []rundir.Record
	clock   tracking.Clock
	// states are histograms, and pictures and what was measured come with them; their times follow from their steps.
	states   []tensorboard.Event
	pictures []tensorboard.Event
	figures  map[string]float64 // by the names of results.Figures
	step     int64              // steps made
	end      *tensorboard.End
}

// read reads what is on the disk.
func (t *tracked) read() error {
	run, err := rundir.Open(t.dir)
	if t.row != nil {
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
	environment, err := run.Environment()
	if err != nil {
		return err
	}
	logged, err := run.Metrics()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	t.config, t.records, t.clock = string(config), logged.Records, tracking.NewClock(environment, logged.Records)
	t.start.At = environment.Started
	if t.row == nil {
		if t.start.Hparams, err = tracking.HparamsOf(config); err != nil {
			return err
		}
	}
	switch result, err := run.Result(); {
	case err == nil:
		t.step, t.end = result.Step, tracking.EndOf(result, environment.Finished)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case len(t.records) > 0:
		t.step = t.records[len(t.records)-1].Step
	}
	if err := t.readStates(run); err != nil {
		return err
	}
	if t.row != nil {
		t.readMap()
	}
	return nil
}

// readRow takes what the row of a suite says.
func (t *tracked) readRow() {
	r := t.row
	t.start = tensorboard.Start{Hparams: map[string]string{}, Group: filepath.Join(r.Suite, r.Cell()), At: r.Started}
	if r.Started.IsZero() {
		t.start.At = time.Unix(0, 0)
	}
	for key, value := range map[string]string{"method.kind": r.Method, "data": r.Data, "model.kind": r.Model} {
		t.start.Hparams[key] = value
	}
	for _, axis := range r.Axes {
		t.start.Hparams[axis.Key] = axis.Value
	}
	t.config, t.figures, t.step = r.Config, r.Metrics, int64(r.Metrics["steps"])
	t.clock = tracking.Clock{From: t.start.At}
	status := tensorboard.Failed
	if r.Status == results.Completed {
		status = tensorboard.Succeeded
	}
	seconds := r.Metrics["seconds"] + r.Metrics["compile_seconds"] + r.Metrics["measure_seconds"]
	t.end = &tensorboard.End{Status: status, At: t.start.At.Add(time.Duration(seconds * float64(time.Second)))}
}

// readStates makes histograms of the parameters at each checkpoint that is there, and at the end. One that is damaged is left out.
func (t *tracked) readStates(run *rundir.Run) error {
	entries, err := run.Checkpoints().List()
	if err != nil {
		return err
	}
	steps := map[int64]bool{}
	for _, e := range slices.Backward(entries) {
		if steps[int64(e.Step)] {
			continue // an older revision
		}
		c, err := run.Checkpoints().Load(e)
		if err != nil {
			slog.Warn("a checkpoint is left out", "cause", err)
			continue
		}
		steps[int64(e.Step)] = true
		t.states = append(t.states, tracking.StateEvent(int64(e.Step), t.clock.At(int64(e.Step)), trainers.ParameterTensors(c.Tensors)))
	}
	if p, err := run.Parameters(); err == nil && !steps[p.Step] {
		t.states = append(t.states, tracking.StateEvent(p.Step, t.clock.At(p.Step), p.Tensors))
	}
	return nil
}

// readMap takes the picture of the energy that a suite keeps of its runs in two dimensions, at the end of the training.
func (t *tracked) readMap() {
	file, err := os.ReadFile(filepath.Join(t.dir, "figures", "map.png"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var picture tensorboard.Image
	if err == nil {
		picture, err = tensorboard.NewImage("figures/energy", file)
	}
	if err != nil {
		slog.Warn("a picture is left out", "run", t.dir, "cause", err)
		return
	}
	t.pictures = append(t.pictures, tensorboard.Event{Step: t.step, Values: []tensorboard.Value{picture}})
}

// events are all that is told of the run, in the order of steps.
func (t *tracked) events() []tensorboard.Event {
	all := []tensorboard.Event{tracking.StartEvent(0, t.start.At, t.start, t.config)}
	for i, r := range t.records {
		all = append(all, tensorboard.Scalars(r, t.clock.Times[i]))
	}
	all = append(all, t.states...)
	measured := rundir.Record{Step: t.step, Values: map[string]float64{}}
	for name, value := range t.figures {
		measured.Values[resultsTag+name] = value
	}
	for _, e := range append(slices.Clone(t.pictures), tensorboard.Scalars(measured, time.Time{})) {
		e.Time = t.clock.At(e.Step)
		all = append(all, e)
	}
	if t.end != nil {
		all = append(all, tensorboard.Event{Time: t.end.At, Step: t.step, Values: []tensorboard.Value{t.end}})
	}
	slices.SortStableFunc(all, func(a, b tensorboard.Event) int { return cmp.Compare(a.Step, b.Step) })
	return all
}
