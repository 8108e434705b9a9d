package main

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"joule/internal/safetensors"
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
		_, err = imageOf(picture)
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

// imageOf is a picture as TensorBoard has it.
func imageOf(p tracked.Picture) (tensorboard.Image, error) {
	return tensorboard.NewImage("figures/"+p.Name, p.PNG)
}

// endEvent is how a run ended; false: it can be gone on with.
func endEvent(step int64, end *tracked.End) (tensorboard.Event, bool) {
	if end == nil {
		return tensorboard.Event{}, false
	}
	status := tensorboard.Failed
	if end.IsSuccess {
		status = tensorboard.Succeeded
	}
	return tensorboard.Event{Time: end.At, Step: step, Values: []tensorboard.Value{tensorboard.End{Status: status, At: end.At}}}, true
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
		t.states = append(t.states, stateEvent(int64(e.Step), t.Clock.At(int64(e.Step)), trainers.ParameterTensors(c.Tensors)))
	}
	if p, err := run.Parameters(); err == nil && !steps[p.Step] {
		t.states = append(t.states, stateEvent(p.Step, t.Clock.At(p.Step), p.Tensors))
	}
	return nil
}

// stateEvent is histograms of parameters.
func stateEvent(step int64, at time.Time, tensors []safetensors.Tensor) tensorboard.Event {
	e := tensorboard.Event{Time: at, Step: step}
	for _, tensor := range tensors {
		numbers, err := safetensors.Floats(tensor)
		if err != nil {
			continue // no numbers of a model
		}
		if h, ok := tensorboard.NewHistogram("parameters/"+tensor.Name, numbers); ok {
			e.Values = append(e.Values, h)
		}
	}
	return e
}

// events are all that is told of the run, in the order of steps.
func (t *eventful) events() []tensorboard.Event {
	start := tensorboard.Start{Hparams: t.Hparams, Group: t.Group, At: t.Started}
	all := []tensorboard.Event{startEvent(0, t.Started, start, t.Config)}
	for i, r := range t.Records {
		all = append(all, tensorboard.Scalars(r, t.Clock.Times[i]))
	}
	all = append(all, t.states...)
	for _, p := range t.Pictures {
		if image, err := imageOf(p); err == nil { // each was looked at when it was added
			all = append(all, tensorboard.Event{Time: t.Clock.At(p.Step), Step: p.Step, Values: []tensorboard.Value{image}})
		}
	}
	measured := rundir.Record{Step: t.Step, Values: map[string]float64{}}
	for name, value := range t.Figures {
		measured.Values[tracked.ResultTag+name] = value
	}
	all = append(all, tensorboard.Scalars(measured, t.Clock.At(t.Step)))
	if end, ok := endEvent(t.Step, t.End); ok {
		all = append(all, end)
	}
	slices.SortStableFunc(all, func(a, b tensorboard.Event) int { return cmp.Compare(a.Step, b.Step) })
	return all
}

// startEvent is what a run is begun with.
func startEvent(step int64, at time.Time, start tensorboard.Start, config string) tensorboard.Event {
	e := tensorboard.Event{Time: at, Step: step, Values: []tensorboard.Value{start}}
	if config != "" {
		e.Values = append(e.Values, tensorboard.Verbatim("config", config))
	}
	return e
}
