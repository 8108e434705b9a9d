package trainers

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"

	"joule/datasets"
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

// compose makes the crews of a new trainer: where its replicas can be spread over the devices evenly, one for each device, which then have
// nothing to say to each other, and otherwise a single one, whose devices share each batch.
func (t *Trainer) compose() error {
	devices, sharing, err := t.spec.Loop.devicesOf(t.backend.NumDevices(), len(t.replicas))
	if err == nil {
		err = t.alike()
	}
	if err != nil {
		return &SpecError{error: err}
	}
	n := devices / sharing
	each := len(t.replicas) / n
	for k := range n {
		c := &crew{spec: t.spec, replicas: t.replicas[k*each : (k+1)*each], backend: t.backend, device: compute.DeviceNum(k)}
		t.crews = append(t.crews, c) // Close frees what it has of it
		if err := c.build(sharing); err != nil {
			return err
		}
	}
	t.program = t.crews[0].program
	return nil
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

// newProgram checks the spec and makes the program of it, for replicas on devices that share each batch. The problem is what its method was
// asked to work on.
func newProgram(backend compute.Backend, spec Spec, replicas []member, devices int) (*program, Problem, error) {
	loop, data := spec.Loop, replicas[0].Data
	var problem Problem
	if n := max(loop.Steps, loop.LogEvery, loop.CheckpointEvery); n > math.MaxInt32 {
		return nil, problem, fmt.Errorf("train: %d steps are more than %d, as far as they are counted", n, math.MaxInt32)
	}
	if err := spec.Optimizer.check(); err != nil {
		return nil, problem, err
	}
	p := &program{
		model: spec.Model, optimizer: spec.Optimizer, settings: loop, devices: devices,
		points: pointsOf(data), labelled: data.Labels != nil, augment: data.Augment, dtype: loop.DType(),
	}
	problem = Problem{Model: spec.Model, BatchSize: loop.BatchSize / devices, Devices: devices, DType: p.dtype, Precision: loop.Precision, Health: loop.Health}
	for _, r := range replicas {
		p.ownData = p.ownData || r.Data != data
		problem.Data = append(problem.Data, r.Data)
	}
	if p.ownData && p.points > maxPoints/len(replicas) {
		return nil, problem, fmt.Errorf("%d replicas of %d points are more than %d, as far as points are counted", len(replicas), p.points, maxPoints)
	}
	learned, err := spec.Model.Parameters(data.Train.Dim)
	if err != nil {
		return nil, problem, err
	}
	p.ofModel = len(learned)
	problem.Seen = sync.OnceValues(func() ([]datasets.Points, error) { return seen(backend, replicas, p.dtype) })
	if p.objective, err = spec.Method.Prepare(problem); err != nil {
		return nil, problem, &SpecError{err, true}
	}
	for _, parameter := range p.objective.Parameters() {
		parameter.Name = methodPrefix + parameter.Name
		learned = append(learned, parameter)
	}
	if n := models.Count(learned); n > maxLearned/len(replicas) {
		if len(replicas) > 1 {
			return nil, problem, fmt.Errorf("%d replicas of a model with %d parameters have more than %d: fewer replicas (train.replicas) or narrower layers (model.hidden) make it less", len(replicas), n, maxLearned)
		}
		return nil, problem, fmt.Errorf("the model has %d parameters, more than %d: narrower layers (model.hidden) or fewer coordinates make it smaller", n, maxLearned)
	}
	if len(learned) == 0 {
		return nil, problem, errors.New("the model has nothing to learn: leave out model.mean or model.precision to have it learned")
	}
	p.layout, p.carried = newLayout(learned, len(replicas)), len(p.objective.State())
	return p, problem, p.checkBest()
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
