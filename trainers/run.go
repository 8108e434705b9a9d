package trainers

import (
	"context"
	"slices"
)

// Report is what the steps since the last one gave.
type Report struct {
	// Count is the number of those steps, Step the number done after them, and Steps the length of the run.
	Count, Step, Steps int
	// Names and Values [replicas][names] are the averages over the steps: loss, gradient_norm, learning_rate, and what the
	// method adds. The row of a replica that is not at this step is nil: it was stopped, or goes through it at another time.
	Names  []string
	Values [][]float64
	// StepsPerSecond is the speed since the last report; NaN where no step was made, because the last one was skipped.
	StepsPerSecond float64
}

// Hooks are called between calls of the program. Any of them may be nil; an error from one ends the run with it.
type Hooks struct {
	// Logged is called every Loop.LogEvery steps and after the last one, also of replicas that stop early.
	Logged func(Report) error
	// Evaluated is called for every look at the criterion of early stopping.
	Evaluated func(Evaluation) error
	// Incident is called for every sick step, after what was done about it.
	Incident func(Incident)
	// Checkpoint is called when the settings ask for one, and after the last step, with the replicas that are there or have
	// stopped there early.
	Checkpoint func(replicas []int) error
}

// Run trains to the end, or until the context is done: then the call at hand, of about a second, is finished and the
// context's error returned. A *datasets.ChangedError says that the data of a stream cannot be read again; what was trained until
// then is kept. A *DivergedError says that a sick step stopped a run. Of several replicas the others go on meanwhile; the error
// then joins one for each that was stopped.
func (t *Trainer) Run(ctx context.Context, hooks Hooks) error {
	for {
		active, step := t.behind(t.spec.Loop.Steps)
		if len(active) == 0 {
			return t.diverged()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.bring(ctx, step); err != nil {
			return err
		}
		made, sick, err := t.advance(active, t.stretch(step))
		if err != nil {
			return err
		}
		if made > 0 {
			if err := t.arrived(active, hooks); err != nil {
				return err
			}
		}
		if err := t.treatAll(sick, hooks); err != nil {
			return err
		}
	}
}

// treatAll does what the policy says about sick steps, and then what is due.
func (t *Trainer) treatAll(sick []Incident, hooks Hooks) (err error) {
	for i := range sick {
		if sick[i], err = t.treat(sick[i]); err != nil {
			return err
		}
	}
	var skipped []int
	for _, s := range sick {
		if s.Action == Skip {
			skipped = append(skipped, s.Replica)
		}
		if hooks.Incident != nil {
			hooks.Incident(s)
		}
	}
	if len(skipped) == 0 {
		return nil
	}
	return t.arrived(skipped, hooks)
}

// behind are the replicas that have made the fewest steps, of those that go on and have made fewer than limit.
func (t *Trainer) behind(limit int) (active []int, step int) {
	step = limit
	for i, r := range t.replicas {
		switch {
		case t.hasEnded(i) || r.step >= limit || r.step > step:
		case r.step < step:
			active, step = []int{i}, r.step
		default:
			active = append(active, i)
		}
	}
	return active, step
}

// stretch is the number of steps from the given one on to the next log, checkpoint, end, or step where another replica
// waits, whichever comes first.
func (t *Trainer) stretch(step int) int {
	n := t.spec.Loop.Steps - step
	intervals := []int{t.spec.Loop.LogEvery, t.spec.Loop.CheckpointEvery}
	if e := t.spec.Loop.EarlyStopping; e.IsOn() {
		intervals = append(intervals, e.Every)
	}
	for _, every := range intervals {
		if every > 0 {
			n = min(n, every-step%every)
		}
	}
	for i, r := range t.replicas {
		if !t.hasEnded(i) && r.step > step {
			n = min(n, r.step-step)
		}
	}
	return n
}

// arrived does what is due where some replicas have come to, which are all at one step.
func (t *Trainer) arrived(replicas []int, hooks Hooks) error {
	loop, step := t.spec.Loop, t.replicas[replicas[0]].step
	if err := t.validate(replicas, hooks); err != nil {
		return err
	}
	due := func(every int) []int {
		if step == loop.Steps || every > 0 && step%every == 0 {
			return replicas
		}
		return slices.DeleteFunc(slices.Clone(replicas), func(i int) bool { return !t.StoppedEarly(i) })
	}
	if logged := due(loop.LogEvery); len(logged) > 0 {
		report, err := t.report(logged)
		if err != nil {
			return err
		}
		if hooks.Logged != nil {
			if err := hooks.Logged(report); err != nil {
				return err
			}
		}
	}
	kept := due(loop.CheckpointEvery)
	if len(kept) == 0 {
		return nil
	}
	if err := t.keepGood(kept); err != nil {
		return err
	}
	if hooks.Checkpoint != nil {
		return hooks.Checkpoint(kept)
	}
	return nil
}
