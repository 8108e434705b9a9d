package trainers

import (
	"errors"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/loop"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/metrics"
	"joule/models"
)

// validation is the compiled program that computes the criterion of early stopping, of all replicas of a crew, on its first device.
type validation struct {
	*program
	objective Objective // for batches of the validation points; nil but for its own loss
	batches   int       // of the points of a replica
	batch     int       // points of one
	cells     int       // batches of the grid that log Z is computed on; 0: there is none
	jacobian  []float64 // [replicas]: what takes a log likelihood to the units of the data; nil: nothing does

	exec  *graph.Exec
	fixed []*tensors.Tensor // the points, the key of the random numbers, and the points of the grid with their −log weights
}

const (
	// validationBatch is the largest number of points of a batch, and cellBatch that of points of the grid.
	validationBatch = 1024
	cellBatch       = 4096
	// validationGrid is the number of points an axis of the grid: of smooth energies as good as a finer one.
	validationGrid = 201
	// validationDirections is the number of directions for each point that score matching is computed along.
	validationDirections = 4
	// nowhere is −log of a weight of 0.
	nowhere = 1e30
)

// newValidation compiles the criterion. It is nil where there is none.
func newValidation(c *crew, problem Problem) (*validation, error) {
	spec := c.spec
	e := spec.Loop.EarlyStopping
	if !e.IsOn() {
		return nil, nil
	}
	if err := e.fits(spec); err != nil {
		return nil, err
	}
	v := &validation{program: c.program}
	n, largest := spec.Data.Validation.N, validationBatch
	if e.Metric == byLoss {
		largest = problem.BatchSize * problem.Devices // so that the batches do not depend on how many devices there are
	}
	v.batches = (n + largest - 1) / largest
	v.batch = (n + v.batches - 1) / v.batches
	if e.Metric == byLoss {
		var err error
		problem.BatchSize, problem.Devices = v.batch, 1
		if v.objective, err = spec.Method.Prepare(problem); err != nil {
			return nil, err
		}
		if len(v.objective.State()) > 0 {
			return nil, errors.New("train.early_stopping.metric is loss, and that of this method depends on the steps before; want score_matching or nll")
		}
	}
	return v, v.compile(c, problem)
}

// compile puts the points on the device and compiles the program.
func (v *validation) compile(c *crew, problem Problem) (err error) {
	spec := c.spec
	var seeds []int64
	for _, r := range c.replicas {
		seeds = append(seeds, r.Seed)
	}
	dim := spec.Data.Train.Dim
	var points []float64
	for _, set := range problem.Data {
		if set.Validation.N != spec.Data.Validation.N || set.Validation.Dim != dim {
			return errors.New("train.early_stopping: the replicas have different numbers of validation points: they have to be alike")
		}
		for i := range v.batches * v.batch { // the last batch is filled up with the first points
			points = append(points, set.Validation.Row(i%set.Validation.N)...)
		}
	}
	v.fixed = []*tensors.Tensor{tensor.From(points, v.dtype, v.layout.replicas*v.batches*v.batch, dim), keyOf(seeds, purposeValidation)}
	if spec.Loop.EarlyStopping.Metric == byLikelihood {
		for _, set := range problem.Data {
			v.jacobian = append(v.jacobian, set.Transform.LogDetJacobian())
		}
		if _, isNormalized := v.model.(models.Normalized); !isNormalized {
			if err := v.addGrid(problem); err != nil {
				return err
			}
		}
	}
	if v.exec, err = graph.NewExec(c.backend, v.graph); err != nil {
		return err
	}
	v.exec.SetMaxCache(1)
	var in []shapes.Shape
	for k := range v.layout.parts {
		in = append(in, shapes.Make(v.dtype, v.layout.shape(k)...))
	}
	for _, fixed := range v.fixed {
		in = append(in, fixed.Shape())
	}
	_, err = v.exec.Compile(in...)
	return err
}

// addGrid makes the grid of each replica.
func (v *validation) addGrid(problem Problem) error {
	var points, weights []float64
	for _, set := range problem.Data {
		low, high := set.Train.Range()
		n := 0
		if len(low) == 2 {
			n = validationGrid
		}
		grid, err := metrics.GridFor(low, high, n)
		if err != nil {
			return err
		}
		own, weight := grid.Points()
		v.cells = (len(weight) + cellBatch - 1) / cellBatch
		for _, w := range weight {
			weights = append(weights, -math.Log(w))
		}
		missing := v.cells*cellBatch - len(weight)
		points = append(append(points, own...), slices.Repeat(own[:len(low)], missing)...)
		weights = append(weights, slices.Repeat([]float64{nowhere}, missing)...)
	}
	v.fixed = append(v.fixed, tensor.From(points, v.dtype, len(weights), problem.Data[0].Train.Dim), tensor.From(weights, v.dtype, len(weights), 1))
	return nil
}

// graph is the criterion of all replicas, a scalar or [replicas], given the parameters in parts and what is fixed.
func (v *validation) graph(inputs []*graph.Node) []*graph.Node {
	n := v.layout.size()
	g := inputs[0].Graph()
	sum := graph.Zeros(g, shapes.Make(v.dtype, v.layout.each()...))
	out := loop.Repeat(graph.Const(g, int32(v.batches)), func(i *graph.Node, carry []*graph.Node) []*graph.Node {
		points, key, sum := carry[n], carry[n+1], carry[n+2]
		value := v.term(carry[:n], v.rows(points, i, v.batches, v.batch), random.NewStreamAt(key, i))
		return append(slices.Clone(carry[:n+2]), graph.Add(sum, graph.ConvertDType(value, v.dtype)))
	}, append(slices.Clone(inputs[:n+2]), sum)...)
	value := graph.DivScalar(out[n+2], float64(v.batches))
	if v.cells > 0 {
		value = graph.Add(value, v.logZ(inputs))
	}
	return []*graph.Node{value}
}

// term is the part of the criterion that is a mean over points, for a batch of them.
func (v *validation) term(parts []*graph.Node, x *graph.Node, draws random.Draws) *graph.Node {
	theta := v.layout.split(parts)
	net := models.Net{Model: v.model, Theta: v.narrow(theta[:v.ofModel])}
	switch v.settings.EarlyStopping.Metric {
	case byLoss:
		step := graph.Const(x.Graph(), int32(0))
		return v.objective.Loss(Input{Net: net, Extra: theta[v.ofModel:], Batch: x, Step: step, Draws: draws}).Loss
	case byScores:
		objective := NewSSM()
		return objective.Loss(net, x, severalDirections(validationDirections, objective.Distribution, x.Shape(), draws))
	default:
		return batchMean(net.Energy(x))
	}
}

// rows are batch i (int32) of all replicas, out of so many of a size: [batch, dim] or [replicas, batch, dim].
func (v *validation) rows(points, i *graph.Node, batches, batch int) *graph.Node {
	g := points.Graph()
	first := make([]int32, v.layout.replicas)
	for r := range first {
		first[r] = int32(r * batches * batch)
	}
	shape := shapes.Make(dtypes.Int32, v.layout.each(batch, 1)...)
	index := graph.Add(graph.Iota(g, shape, shape.Rank()-2), graph.BroadcastToDims(graph.MulScalar(i, int32(batch)), shape.Dimensions...))
	if v.layout.replicas > 1 {
		own := graph.Reshape(graph.Const(g, first), v.layout.replicas, 1, 1)
		index = graph.Add(index, graph.BroadcastToDims(own, shape.Dimensions...))
	}
	return graph.Gather(points, index)
}

// logZ is log ∫ exp(−E) over the grid, a scalar or [replicas].
func (v *validation) logZ(inputs []*graph.Node) *graph.Node {
	n := v.layout.size()
	g := inputs[0].Graph()
	zero := graph.Zeros(g, shapes.Make(v.dtype, v.layout.each()...))
	out := loop.Repeat(graph.Const(g, int32(v.cells)), func(i *graph.Node, carry []*graph.Node) []*graph.Node {
		largest, mass := carry[n+2], carry[n+3]
		theta := v.layout.split(carry[:n])
		net := models.Net{Model: v.model, Theta: v.narrow(theta[:v.ofModel])}
		weight := graph.Squeeze(v.rows(carry[n+1], i, v.cells, cellBatch), -1)
		exponent := graph.Neg(graph.Add(graph.ConvertDType(net.Energy(v.rows(carry[n], i, v.cells, cellBatch)), v.dtype), weight))
		next := graph.Max(largest, graph.ReduceMax(exponent, -1))
		added := graph.ReduceSum(graph.Exp(graph.Sub(exponent, perReplica(graph.InsertAxes(next, -1), exponent))), -1)
		mass = graph.Add(graph.Mul(mass, graph.Exp(graph.Sub(largest, next))), added)
		return append(slices.Clone(carry[:n+2]), next, mass)
	}, append(slices.Clone(inputs[:n]), inputs[n+2], inputs[n+3], graph.AddScalar(zero, -nowhere), zero)...)
	return graph.Add(out[n+2], graph.Log(out[n+3]))
}

// criteria are the criterion of all replicas, in nats.
func (t *Trainer) criteria() (all []float64, err error) {
	for _, c := range t.crews {
		own, err := c.validation.values(c)
		if err != nil {
			return nil, err
		}
		all = append(all, own...)
	}
	return all, nil
}

// values are the criterion of all replicas of the crew, in nats.
func (v *validation) values(c *crew) ([]float64, error) {
	from := 0
	if v.settings.EMA > 0 {
		from = v.atAverage()
	}
	var in []any
	for _, part := range c.states[0][from : from+v.layout.size()] {
		in = append(in, part)
	}
	for _, fixed := range v.fixed {
		in = append(in, fixed)
	}
	out, _, err := v.exec.CallWithGraphOnDevice(c.device, in...)
	if err != nil {
		return nil, err
	}
	values, err := tensor.Values(out[0])
	tensor.Free(out...)
	for i := range v.jacobian {
		values[i] -= v.jacobian[i]
	}
	return values, err
}

// close frees the device memory of the program.
func (v *validation) close() {
	if v != nil {
		tensor.Free(v.fixed...)
		if v.exec != nil {
			v.exec.Finalize()
		}
	}
}
