package trainers

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/datasets"
	"joule/internal/safetensors"
	"joule/internal/tensor"
	"joule/models"
)

// Spec is what to train on what, and how.
type Spec struct {
	Model     models.Energy
	Method    Method
	Optimizer Optimizer
	Loop      Loop // of which New leaves Replicas to the caller: see Replicas below
	Data      *datasets.Set
	// Seed fixes the initial parameters and all randomness of the run: the same spec on the same backend gives the
	// same bits.
	Seed int64
	// Replicas are further runs of the same settings. They are trained in the same program, which costs less than one
	// after the other, and come out as if alone, up to the rounding of numbers that are added in another order.
	Replicas []Replica
}

// Replica is what sets one of several runs apart. Their sets have to be of one size.
type Replica struct {
	Data *datasets.Set
	Seed int64
}

// Trainer is a training run in memory, or several replicas of one. It is not safe for concurrent use.
type Trainer struct {
	spec     Spec
	replicas []member // the spec's own run first
	backend  compute.Backend
	crews    []*Trainer        // each trains some of the replicas, on a device of its own; nil: all are trained by this one
	device   compute.DeviceNum // that the program runs on, unless several do
	program  *program          // of the first crew, where there are crews, which have the following to themselves
	exec     *graph.Exec
	states   [][]*tensors.Tensor // [devices], each in the order of stepState.flatten
	fixed    [][]*tensors.Tensor // [devices], each in the order of constants.flatten
	feed     *feed               // of the data; nil where they are in memory
	pace     pace
	compile  time.Duration
	// validation is what early stopping goes by; nil: there is none.
	validation *validation
}

// member is one of the runs that are trained at once.
type member struct {
	Replica
	step      int // steps done
	summed    int // steps in the sums of what is logged
	rate      float64
	incidents []Incident // that it was helped out of
	stopped   *Incident  // what stopped it; nil: it goes on
	good      *Snapshot  // what a rollback goes back to; nil unless the settings ask for one
	// best is that of the criterion of early stopping so far, and bestParameters what the model was then; nil: none yet.
	best           *Best
	bestParameters []safetensors.Tensor
}

// CompileTime is how long the compilation of the training program took.
func (t *Trainer) CompileTime() time.Duration { return t.compile }

// All lists the replicas, counted from 0.
func (t *Trainer) All() []int {
	all := make([]int, len(t.replicas))
	for i := range all {
		all[i] = i
	}
	return all
}

// Step is the number of steps that every replica has done which was not stopped, or of the last one where all were.
func (t *Trainer) Step() int {
	least, most := -1, 0
	for i, r := range t.replicas {
		most = max(most, r.step)
		if !t.hasEnded(i) && (least < 0 || r.step < least) {
			least = r.step
		}
	}
	if least < 0 {
		return most
	}
	return least
}

// StepOf is the number of steps that a replica has done.
func (t *Trainer) StepOf(replica int) int { return t.replicas[replica].step }

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
	if t.validation != nil {
		intervals = append(intervals, t.spec.Loop.EarlyStopping.Every)
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

// Block makes n training steps, and reports on them. It is an error that no replica is left.
func (t *Trainer) Block(n int) (Report, error) {
	all := t.All()
	if err := t.clearSums(all); err != nil {
		return Report{}, err
	}
	target := t.Step() + n
	for {
		active, step := t.behind(target)
		if len(active) == 0 {
			break
		}
		if err := t.bring(context.Background(), step); err != nil {
			return Report{}, err
		}
		_, sick, err := t.advance(active, target-step)
		for _, s := range sick {
			if err == nil {
				_, err = t.treat(s)
			}
		}
		if err != nil {
			return Report{}, err
		}
	}
	going := all[:0]
	for i, r := range t.replicas {
		if r.stopped == nil {
			going = append(going, i)
		}
	}
	if len(going) == 0 {
		return Report{}, t.diverged()
	}
	return t.report(going)
}

// Diverged says what stopped a replica; nil: nothing has.
func (t *Trainer) Diverged(replica int) *DivergedError {
	if sick := t.replicas[replica].stopped; sick != nil {
		return &DivergedError{*sick}
	}
	return nil
}

// diverged joins the errors of all replicas that were stopped.
func (t *Trainer) diverged() error {
	var all []error
	for i := range t.replicas {
		if err := t.Diverged(i); err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// Helped are the sick steps that a replica was helped out of.
func (t *Trainer) Helped(replica int) []Incident { return t.replicas[replica].incidents }

// Incidents are the sick steps that a replica was helped out of, and the one that stopped it.
func (t *Trainer) Incidents(replica int) []Incident {
	r := t.replicas[replica]
	if r.stopped == nil {
		return r.incidents
	}
	return append(r.incidents[:len(r.incidents):len(r.incidents)], *r.stopped)
}

// Rate is what the scheduled learning rate of a replica is multiplied by: 1, and less after a rollback.
func (t *Trainer) Rate(replica int) float64 { return t.replicas[replica].rate }

// Close frees the device memory of the run.
func (t *Trainer) Close() {
	for _, crew := range t.crews {
		crew.Close()
	}
	if t.crews != nil {
		return
	}
	t.feed.close()
	t.validation.close()
	for device := range t.states {
		tensor.Free(t.states[device]...)
	}
	for device := range t.fixed {
		tensor.Free(t.fixed[device]...)
	}
	if t.exec != nil {
		t.exec.Finalize()
	}
}
