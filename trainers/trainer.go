package trainers

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/datasets"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
)

// Spec is what to train on what, and how.
type Spec struct {
	Model     models.Energy
	Method    Method
	Optimizer Optimizer
	Loop      Loop
	Data      *datasets.Set
	// Seed fixes the initial parameters and all randomness of the run: the same spec on the same backend gives the
	// same bits.
	Seed int64
}

// precision of training.
const dtype = dtypes.Float32

// maxLearned is the largest number of values that are learned: half a gigabyte, which the optimizer makes two.
const maxLearned = 1 << 27

// The purposes of a seed, each with its own stream of random numbers.
const (
	purposeParameters = iota + 1
	purposeSteps
	purposeState
)

// Trainer is a training run in memory. It is not safe for concurrent use.
type Trainer struct {
	spec    Spec
	backend compute.Backend
	program *program
	exec    *graph.Exec
	data    *tensors.Tensor
	state   []*tensors.Tensor // in the order of stepState.flatten
	step    int
	compile time.Duration
}

// New compiles the training program and draws the initial parameters. An error says which part of the spec does not
// fit the others.
func New(backend compute.Backend, spec Spec) (*Trainer, error) {
	if n := max(spec.Loop.Steps, spec.Loop.LogEvery, spec.Loop.CheckpointEvery); n > math.MaxInt32 {
		return nil, fmt.Errorf("train: %d steps are more than %d, as far as they are counted", n, math.MaxInt32)
	}
	if err := spec.Optimizer.check(); err != nil {
		return nil, err
	}
	problem := Problem{Data: spec.Data, BatchSize: spec.Loop.BatchSize, DType: dtype}
	learned, err := spec.Model.Parameters(spec.Data.Train.Dim)
	if err != nil {
		return nil, err
	}
	objective, err := spec.Method.Prepare(problem)
	if err != nil {
		return nil, err
	}
	ofModel := len(learned)
	for _, p := range objective.Parameters() {
		p.Name = methodPrefix + p.Name
		learned = append(learned, p)
	}
	if n := models.Count(learned); n > maxLearned {
		return nil, fmt.Errorf("the model has %d parameters, more than %d: narrower layers (model.hidden) or fewer coordinates make it smaller", n, maxLearned)
	}
	if len(learned) == 0 {
		return nil, errors.New("the model has nothing to learn: leave out model.mean or model.precision to have it learned")
	}
	t := &Trainer{
		spec: spec, backend: backend,
		program: &program{
			model: spec.Model, objective: objective, optimizer: spec.Optimizer, settings: spec.Loop,
			learned: learned, ofModel: ofModel, carried: len(objective.State()),
		},
		data: tensor.From(spec.Data.Train.Values, dtype, spec.Data.Train.N, spec.Data.Train.Dim),
	}
	if err := t.initialise(objective.State()); err != nil {
		return nil, err
	}
	if t.exec, err = graph.NewExec(backend, t.program.block); err != nil {
		return nil, err
	}
	t.exec.SetMaxCache(1)
	if err := t.warm(); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// methodPrefix marks the names of parameters that belong to the method and not to the model.
const methodPrefix = "method."

// initialise makes the state before the first step.
func (t *Trainer) initialise(carried []State) error {
	r := rand.New(rand.NewPCG(uint64(t.spec.Seed), purposeParameters))
	var values []float64
	for _, p := range t.program.learned {
		values = append(values, p.Init(r)...)
	}
	row := func(values []float64) *tensors.Tensor { return tensor.From(values, dtype, len(values)) }
	zeros := make([]float64, len(values))
	t.state = []*tensors.Tensor{
		tensors.FromScalar(int32(0)), tensors.FromScalar(int32(0)), random.Seed(t.spec.Seed, purposeSteps),
		row(values), row(zeros), row(zeros),
	}
	if t.spec.Loop.EMA > 0 {
		t.state = append(t.state, row(values))
	}
	if len(carried) == 0 {
		return nil
	}
	first, err := graph.ExecOnceN(t.backend, func(seed *graph.Node) []*graph.Node {
		draws := random.NewStream(seed)
		values := make([]*graph.Node, len(carried))
		for i, s := range carried {
			values[i] = s.Init(draws.Normal(shapes.Make(dtype, s.Shape...)))
		}
		return values
	}, random.Seed(t.spec.Seed, purposeState))
	if err != nil {
		return fmt.Errorf("cannot draw the method's initial state: %w", err)
	}
	t.state = append(t.state, first...)
	return nil
}

// warm compiles the program.
func (t *Trainer) warm() error {
	start := time.Now()
	var in []shapes.Shape
	for _, s := range t.state {
		in = append(in, s.Shape())
	}
	if _, err := t.exec.Compile(append(in, t.data.Shape(), shapes.Make(dtypes.Int32))...); err != nil {
		return fmt.Errorf("cannot compile the training program: %w", err)
	}
	t.compile = time.Since(start)
	return nil
}

// CompileTime is how long the compilation of the training program took.
func (t *Trainer) CompileTime() time.Duration { return t.compile }

// Step is the number of steps done.
func (t *Trainer) Step() int { return t.step }

// Report is what a block of steps gives.
type Report struct {
	// Count is the number of steps of the block, Step the number done after it, and Steps the length of the run.
	Count, Step, Steps int
	// Names and Values are the averages over the steps of the block: loss, gradient_norm, learning_rate, and what the
	// method adds.
	Names  []string
	Values []float64
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
// returned. A *DivergedError says that the loss or its gradient stopped being finite.
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
	return nil
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

// Block makes n training steps in one call to the device.
func (t *Trainer) Block(n int) (Report, error) {
	start := time.Now()
	in := make([]any, 0, len(t.state)+2)
	for _, s := range t.state {
		in = append(in, s)
	}
	out, err := t.exec.Exec(append(in, t.data, int32(n))...)
	if err != nil {
		return Report{}, fmt.Errorf("training failed after step %d: %w", t.step, err)
	}
	last := len(out) - 1
	averages, err := tensor.Values(out[last])
	if err != nil {
		return Report{}, fmt.Errorf("cannot read the results of step %d: %w", t.step+n, err)
	}
	tensor.Free(append(t.state, out[last])...)
	t.state = out[:last]
	sick := tensors.ToScalar[int32](t.state[atSick])
	if sick != 0 {
		t.step = int(sick) - 1
		return Report{}, &DivergedError{Step: int(sick)}
	}
	t.step += n
	return Report{Count: n, Step: t.step, Steps: t.spec.Loop.Steps, Names: t.program.metrics(), Values: averages, Elapsed: time.Since(start)}, nil
}

// DivergedError says that a loss or a gradient was not finite. The parameters are those before that step.
type DivergedError struct{ Step int }

func (e *DivergedError) Error() string {
	return fmt.Sprintf("training diverged: the loss or its gradient is not finite at step %d; the parameters are kept as they were before it. "+
		"A lower optimizer.learning_rate, optimizer.clip_norm, or for mle a smaller method.sampler.step_size or some method.energy_l2 usually cures it", e.Step)
}

// Parameters are the learned values of the model, and those of the method under names that start with "method.": the
// running averages when the settings ask for them.
func (t *Trainer) Parameters() ([]models.Value, error) {
	at := atTheta
	if t.spec.Loop.EMA > 0 {
		at = atAverage
	}
	row, err := tensor.Values(t.state[at])
	if err != nil {
		return nil, fmt.Errorf("cannot read the parameters: %w", err)
	}
	values := make([]models.Value, len(t.program.learned))
	for i, p := range t.program.learned {
		values[i] = models.Value{Name: p.Name, Shape: p.Shape, Numbers: row[:p.Size():p.Size()]}
		row = row[p.Size():]
	}
	return values, nil
}

// Close frees the device memory of the run.
func (t *Trainer) Close() {
	tensor.Free(append(t.state, t.data)...)
	t.exec.Finalize()
}
