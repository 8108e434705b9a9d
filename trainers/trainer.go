package trainers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/datasets"
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
	replicas []Replica // the spec's own run first
	backend  compute.Backend
	program  *program
	exec     *graph.Exec
	states   [][]*tensors.Tensor // [devices], each in the order of stepState.flatten
	fixed    [][]*tensors.Tensor // [devices], each in the order of constants.flatten
	step     int
	sick     []int32 // [replicas]: the step that came out not finite, counted from 1; 0: none
	compile  time.Duration
}

// CompileTime is how long the compilation of the training program took.
func (t *Trainer) CompileTime() time.Duration { return t.compile }

// Step is the number of steps done.
func (t *Trainer) Step() int { return t.step }

// Report is what a block of steps gives.
type Report struct {
	// Count is the number of steps of the block, Step the number done after it, and Steps the length of the run.
	Count, Step, Steps int
	// Names and Values [replicas][names] are the averages over the steps of the block: loss, gradient_norm, learning_rate,
	// and what the method adds. A replica that has diverged has none: its row is nil.
	Names  []string
	Values [][]float64
	// Elapsed is the time the block took.
	Elapsed time.Duration
}

// StepsPerSecond is the speed of the block.
func (r Report) StepsPerSecond() float64 { return float64(r.Count) / r.Elapsed.Seconds() }

// Hooks are called between blocks. Any of them may be nil; an error from one ends the run with it.
type Hooks struct {
	// Logged is called after every block.
	Logged func(Report) error
	// Checkpoint is called when the settings ask for one, and after the last step.
	Checkpoint func(step int) error
}

// Run trains to the end, or until the context is done: then the current block is finished and the context's error
// returned. A *DivergedError says that the loss or its gradient stopped being finite. Of several replicas the others go on
// meanwhile; the error then joins one for each that has diverged.
func (t *Trainer) Run(ctx context.Context, hooks Hooks) error {
	for t.step < t.spec.Loop.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		report, err := t.Block(t.blockLength())
		if err != nil {
			return err
		}
		if hooks.Logged != nil {
			if err := hooks.Logged(report); err != nil {
				return err
			}
		}
		every := t.spec.Loop.CheckpointEvery
		if hooks.Checkpoint != nil && (t.step == t.spec.Loop.Steps || every > 0 && t.step%every == 0) {
			if err := hooks.Checkpoint(t.step); err != nil {
				return err
			}
		}
	}
	return t.diverged()
}

// blockLength is the number of steps to the next log, checkpoint or end, whichever comes first.
func (t *Trainer) blockLength() int {
	n := t.spec.Loop.Steps - t.step
	for _, every := range []int{t.spec.Loop.LogEvery, t.spec.Loop.CheckpointEvery} {
		if every > 0 {
			n = min(n, every-t.step%every)
		}
	}
	return n
}

// Block makes n training steps in one call to the devices. It is an error that no replica is left.
func (t *Trainer) Block(n int) (Report, error) {
	start := time.Now()
	var in []any
	for device, state := range t.states {
		for _, tensor := range state { // nothing reads it again: its memory is the program's
			given, err := graph.DonateTensorBuffer(tensor, t.backend, compute.DeviceNum(device))
			if err != nil {
				return Report{}, fmt.Errorf("cannot hand over the state of step %d: %w", t.step, err)
			}
			in = append(in, given)
		}
		for _, tensor := range t.fixed[device] {
			in = append(in, tensor)
		}
		in = append(in, int32(n))
	}
	out, err := t.exec.Exec(in...)
	if err != nil {
		return Report{}, fmt.Errorf("training failed after step %d: %w", t.step, err)
	}
	size := len(out) / len(t.states)
	last := size - 1
	averages, err := tensor.Values(out[last])
	if err != nil {
		return Report{}, fmt.Errorf("cannot read the results of step %d: %w", t.step+n, err)
	}
	for device, state := range t.states {
		own := out[device*size : (device+1)*size]
		tensor.Free(append(state, own[last])...)
		t.states[device] = own[:last:last]
	}
	if t.sick, err = tensors.CopyFlatData[int32](t.states[0][atSick]); err != nil {
		return Report{}, fmt.Errorf("cannot read the results of step %d: %w", t.step+n, err)
	}
	if !slices.Contains(t.sick, 0) {
		t.step = int(slices.Max(t.sick)) - 1
		return Report{}, t.diverged()
	}
	t.step += n
	report := Report{Count: n, Step: t.step, Steps: t.spec.Loop.Steps, Names: t.program.metrics(), Elapsed: time.Since(start)}
	for i, row := range slices.Collect(slices.Chunk(averages, len(report.Names))) {
		if t.sick[i] != 0 {
			row = nil
		}
		report.Values = append(report.Values, row)
	}
	return report, nil
}

// DivergedError says that a loss or a gradient was not finite. The parameters are those before that step.
type DivergedError struct {
	Step    int // counted from 1
	Replica int // counted from 0
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("training diverged: the loss or its gradient is not finite at step %d; the parameters are kept as they were before it. "+
		"A lower optimizer.learning_rate, optimizer.clip_norm, or for mle a smaller method.sampler.step_size or some method.energy_l2 usually cures it", e.Step)
}

// Diverged says where a replica diverged; nil: it has not.
func (t *Trainer) Diverged(replica int) *DivergedError {
	if t.sick[replica] == 0 {
		return nil
	}
	return &DivergedError{Step: int(t.sick[replica]), Replica: replica}
}

// diverged joins the errors of all replicas that have diverged.
func (t *Trainer) diverged() error {
	var all []error
	for i := range t.sick {
		if err := t.Diverged(i); err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// StepOf is the number of steps that a replica has done: fewer than Step if it has diverged.
func (t *Trainer) StepOf(replica int) int {
	if step := int(t.sick[replica]); step != 0 {
		return step - 1
	}
	return t.step
}

// Parameters are the learned values of a replica's model, and those of the method under names that start with "method.":
// the running averages when the settings ask for them.
func (t *Trainer) Parameters(replica int) ([]models.Value, error) {
	all, err := t.AllParameters()
	if err != nil {
		return nil, err
	}
	return all[replica], nil
}

// AllParameters are the Parameters of every replica, for what it costs to read those of one.
func (t *Trainer) AllParameters() ([][]models.Value, error) {
	at, layout := atTheta, t.program.layout
	if t.spec.Loop.EMA > 0 {
		at = t.program.atAverage()
	}
	all := make([][]models.Value, len(t.replicas))
	for replica := range all {
		all[replica] = make([]models.Value, len(layout.learned))
	}
	for k := range layout.parts {
		part, err := tensor.Values(t.states[0][at+k])
		if err != nil {
			return nil, fmt.Errorf("cannot read the parameters: %w", err)
		}
		for replica, values := range all {
			layout.of(replica, k, part, func(i int, numbers []float64) {
				values[i] = models.Value{Name: layout.learned[i].Name, Shape: layout.learned[i].Shape, Numbers: numbers}
			})
		}
	}
	return all, nil
}

// Close frees the device memory of the run.
func (t *Trainer) Close() {
	tensor.Free(slices.Concat(slices.Concat(t.states...), slices.Concat(t.fixed...))...)
	t.exec.Finalize()
}
