package trainers

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/datasets"
	"joule/internal/tensor"
	"joule/models"
)

// Limits of a program: of learned values, half a gigabyte that the optimizer makes two, and of points, which are counted
// in 32 bits.
const (
	maxLearned = 1 << 27
	maxPoints  = math.MaxInt32
)

// New compiles the training program and draws the initial parameters. A *SpecError says which part of the spec does not
// fit the others.
func New(backend compute.Backend, spec Spec) (*Trainer, error) {
	if backend == nil {
		return nil, errors.New("there is no backend: backends.Open opens one")
	}
	if err := spec.check(); err != nil {
		return nil, &SpecError{error: err}
	}
	t := &Trainer{spec: spec, backend: backend}
	for _, r := range append([]Replica{{spec.Data, spec.Seed}}, spec.Replicas...) {
		t.replicas = append(t.replicas, member{Replica: r, rate: 1})
	}
	if err := t.compose(); err != nil {
		t.Close()
		return nil, err
	}
	if err := t.keepGood(t.All()); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// compose makes the program and the state of a new trainer, or those of its crews.
func (t *Trainer) compose() error {
	devices, sharing, err := t.spec.Loop.devicesOf(t.backend.NumDevices(), len(t.replicas))
	if err == nil {
		err = t.alike()
	}
	if err != nil {
		return &SpecError{error: err}
	}
	if sharing < devices {
		return t.man(devices)
	}
	return t.build(devices)
}

// build makes the program, for devices that share each batch, and the state.
func (t *Trainer) build(devices int) error {
	if err := t.prepare(devices); err != nil {
		if _, told := errors.AsType[*SpecError](err); !told {
			err = &SpecError{error: err}
		}
		return err
	}
	if err := t.initialise(); err != nil {
		return err
	}
	var err error
	if t.exec, err = graph.NewExec(t.backend, t.program.block); err != nil {
		return err
	}
	t.exec.SetMaxCache(1)
	if devices > 1 {
		mesh, err := distributed.NewDeviceMesh([]int{devices}, []string{"batch"})
		if err != nil {
			return err
		}
		t.exec.SPMD(mesh)
	}
	return t.warm()
}

// alike reports replicas whose data are not alike.
func (t *Trainer) alike() error {
	spec := t.spec
	points, labelled := pointsOf(spec.Data), spec.Data.Labels != nil
	for i, r := range t.replicas {
		if n := pointsOf(r.Data); n != points || r.Data.Train.Dim != spec.Data.Train.Dim || (r.Data.Stream == nil) != (spec.Data.Stream == nil) {
			return fmt.Errorf("replica %d has %d training points of %d coordinates, and the first %d of %d: they have to be alike",
				i+1, n, r.Data.Train.Dim, points, spec.Data.Train.Dim)
		}
		if (r.Data.Labels != nil) != labelled {
			return fmt.Errorf("replica %d has labels, or has none, and with the first it is the other way round: they have to be alike", i+1)
		}
		if !reflect.DeepEqual(r.Data.Augment, spec.Data.Augment) {
			return fmt.Errorf("replica %d has its data scaled by itself, and batches are augmented for all alike: data.scale is the same for all, data.standardize is not", i+1)
		}
	}
	return nil
}

// prepare checks the spec and makes the program of it, for devices that share each batch.
func (t *Trainer) prepare(devices int) error {
	spec, loop := t.spec, t.spec.Loop
	if n := max(loop.Steps, loop.LogEvery, loop.CheckpointEvery); n > math.MaxInt32 {
		return fmt.Errorf("train: %d steps are more than %d, as far as they are counted", n, math.MaxInt32)
	}
	if err := spec.Optimizer.check(); err != nil {
		return err
	}
	p := &program{
		model: spec.Model, optimizer: spec.Optimizer, settings: loop, devices: devices,
		points: pointsOf(spec.Data), labelled: spec.Data.Labels != nil, augment: spec.Data.Augment, dtype: loop.DType(),
	}
	problem := Problem{Model: spec.Model, BatchSize: loop.BatchSize / devices, Devices: devices, DType: p.dtype, Precision: loop.Precision, Health: loop.Health}
	for _, r := range t.replicas {
		p.ownData = p.ownData || r.Data != spec.Data
		problem.Data = append(problem.Data, r.Data)
	}
	if p.ownData && p.points > maxPoints/len(t.replicas) {
		return fmt.Errorf("%d replicas of %d points are more than %d, as far as points are counted", len(t.replicas), p.points, maxPoints)
	}
	learned, err := spec.Model.Parameters(spec.Data.Train.Dim)
	if err != nil {
		return err
	}
	p.ofModel = len(learned)
	problem.Seen = sync.OnceValues(func() ([]datasets.Points, error) { return seen(t.backend, t.replicas, p.dtype) })
	if p.objective, err = spec.Method.Prepare(problem); err != nil {
		return &SpecError{err, true}
	}
	for _, parameter := range p.objective.Parameters() {
		parameter.Name = methodPrefix + parameter.Name
		learned = append(learned, parameter)
	}
	if n := models.Count(learned); n > maxLearned/len(t.replicas) {
		if len(t.replicas) > 1 {
			return fmt.Errorf("%d replicas of a model with %d parameters have more than %d: fewer replicas (train.replicas) or narrower layers (model.hidden) make it less", len(t.replicas), n, maxLearned)
		}
		return fmt.Errorf("the model has %d parameters, more than %d: narrower layers (model.hidden) or fewer coordinates make it smaller", n, maxLearned)
	}
	if len(learned) == 0 {
		return errors.New("the model has nothing to learn: leave out model.mean or model.precision to have it learned")
	}
	p.layout, p.carried = newLayout(learned, len(t.replicas)), len(p.objective.State())
	t.program = p
	if err := p.checkBest(); err != nil {
		return err
	}
	start := time.Now()
	t.validation, err = newValidation(t, p, problem)
	t.compile = time.Since(start)
	return err
}

// checkBest reports a criterion of the best checkpoint that is not logged.
func (p *program) checkBest() error {
	var names []string
	for _, m := range p.metrics() {
		names = append(names, m.Name)
	}
	if e := p.settings.EarlyStopping; e.IsOn() {
		names = append(names, e.Name())
	}
	if best := p.settings.KeepBest; best != "" && !slices.Contains(names, best) {
		return fmt.Errorf("train.keep_best is %q, which is not logged; there are %s", best, strings.Join(names, ", "))
	}
	return nil
}

// methodPrefix marks the names of parameters that belong to the method and not to the model.
const methodPrefix = "method."

// initialise makes the state before the first step, and the constants.
func (t *Trainer) initialise() (err error) {
	p := t.program
	var seeds []int64
	for _, r := range t.replicas {
		seeds = append(seeds, r.Seed)
	}
	if t.states, err = p.first(t.backend, seeds); err != nil {
		return err
	}
	t.feed = newFeed(t.backend, t.device, p, t.replicas)
	values, points := t.spec.Data.Train.Values, p.points
	if p.ownData {
		values, points = nil, p.points*len(t.replicas)
		for _, r := range t.replicas {
			values = append(values, r.Data.Train.Values...)
		}
	}
	labels := t.labels()
	for device := range p.devices {
		data := t.feed.empty()
		if data == nil {
			data = tensor.From(values, p.dtype, points, t.spec.Data.Train.Dim)
		}
		rate := tensor.From(slices.Repeat([]float64{1}, len(seeds)), p.dtype, p.layout.each()...)
		fixed := []*tensors.Tensor{data, keyOf(seeds, purposeSteps), tensors.FromScalar(int32(device)), rate}
		if p.labelled {
			fixed = append(fixed, tensors.FromValue(labels))
		}
		t.fixed = append(t.fixed, fixed)
	}
	return nil
}

// labels are those of all points of the data; none without.
func (t *Trainer) labels() (labels []int32) {
	if !t.program.labelled {
		return nil
	}
	for i, r := range t.replicas {
		if i > 0 && !t.program.ownData {
			break
		}
		for _, label := range r.Data.Labels.Train {
			labels = append(labels, int32(label))
		}
	}
	return labels
}

// warm compiles the program.
func (t *Trainer) warm() error {
	start := time.Now()
	var in []shapes.Shape
	for device := range t.states {
		for _, tensor := range slices.Concat(t.states[device], t.fixed[device]) {
			in = append(in, tensor.Shape())
		}
		in = append(in, shapes.Make(dtypes.Int32), shapes.Make(dtypes.Int32))
		if n := len(t.replicas); n > 1 {
			in = append(in, shapes.Make(dtypes.Bool, n))
		}
	}
	var err error
	if t.graph, err = t.exec.Compile(in...); err != nil {
		return fmt.Errorf("cannot compile the training program: %w", err)
	}
	t.compile += time.Since(start)
	return nil
}
