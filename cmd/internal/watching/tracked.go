package watching

import (
	"cmp"
	"log/slog"
	"slices"

	"joule/cmd/internal/tracking"
	"joule/rundir"
	"joule/trainers"
	"joule/watch/tensorboard"
	"joule/watch/tracked"
)

// eventful is a run whose event file is made.
type eventful struct {
	*tracked.Run
	// states are histograms.
	states []tensorboard.Event
}

// read reads what is on the disk.
func (t *eventful) read() error {
	if err := t.Run.Read(); err != nil {
		return err
	}
	if run, err := rundir.Open(t.Dir); err == nil {
		if err := t.readStates(run); err != nil {
			return err
		}
	}
	if t.Row == nil {
		return nil
	}
	picture, ok, err := t.Map()
	if ok {
		_, err = tracking.ImageOf(picture)
	}
	if err != nil {
		slog.Warn("a picture is left out", "run", t.Dir, "cause", err)
	} else if ok {
		t.Pictures = append(t.Pictures, picture)
	}
	return nil
}

// steps are those of the histograms.
func (t *eventful) steps() (steps []int64) {
	for _, state := range t.states {
		steps = append(steps, state.Step)
	}
	return steps
}

// readStates makes histograms of the parameters at each checkpoint that is there, and at the end. One that is damaged is left out.
func (t *eventful) readStates(run *rundir.Run) error {
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
		t.states = append(t.states, tracking.StateEvent(int64(e.Step), t.Clock.At(int64(e.Step)), trainers.ParameterTensors(c.Tensors)))
	}
	if p, err := run.Parameters(); err == nil && !steps[p.Step] {
		t.states = append(t.states, tracking.StateEvent(p.Step, t.Clock.At(p.Step), p.Tensors))
	}
	return nil
}

// events are all that is told of the run, in the order of steps.
func (t *eventful) events() []tensorboard.Event {
	start := tensorboard.Start{Hparams: t.Hparams, Group: t.Group, At: t.Started}
	all := []tensorboard.Event{tracking.StartEvent(0, t.Started, start, t.Config)}
	for i, r := range t.Records {
		all = append(all, tensorboard.Scalars(r, t.Clock.Times[i]))
	}
	all = append(all, t.states...)
	for _, p := range t.Pictures {
		if image, err := tracking.ImageOf(p); err == nil { // each was looked at when it was added
			all = append(all, tensorboard.Event{Time: t.Clock.At(p.Step), Step: p.Step, Values: []tensorboard.Value{image}})
		}
	}
	measured := rundir.Record{Step: t.Step, Values: map[string]float64{}}
	for name, value := range t.Figures {
		measured.Values[tracked.ResultTag+name] = value
	}
	all = append(all, tensorboard.Scalars(measured, t.Clock.At(t.Step)))
	if end, ok := tracking.EndEvent(t.Step, t.End); ok {
		all = append(all, end)
	}
	slices.SortStableFunc(all, func(a, b tensorboard.Event) int { return cmp.Compare(a.Step, b.Step) })
	return all
}
