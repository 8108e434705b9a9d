package trainers

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/dealt"
	"joule/internal/loop"
	"joule/internal/random"
	"joule/models"
)

// program builds the graph of a block: so many training steps in one call, minibatches, chains, optimizer and schedule
// included. Only the averages that are logged come back to the host.
//
// Several replicas are trained at once by one axis more in front of everything that is a replica's own. Several devices
// share a batch: each runs the program on its part of it, and they average the gradients.
type program struct {
	model     models.Energy
	objective Objective
	optimizer Optimizer
	settings  Loop
	layout    layout // of the parameters: the model's and then the objective's
	ofModel   int    // how many of them are the model's
	carried   int    // state of the objective
	devices   int
	points    int                // of each replica's data, or of a window of them
	ownData   bool               // each replica has data of its own
	labelled  bool               // the data have labels
	augment   datasets.Augmenter // of batches; nil: they stay as they are
	dtype     dtypes.DType
}

// metrics are what a step gives: averaged over the steps between two logs, and watched in every one of them.
func (p *program) metrics() []Metric {
	return append([]Metric{
		{Name: "loss", Cause: tooFast}, {Name: "gradient_norm", Cause: tooFast}, {Name: "learning_rate"},
	}, p.objective.Metrics()...)
}

// constants are what all steps of a call have in common.
type constants struct {
	data *graph.Node // [points, dim], of a stream those of a window: one replica's after the other's, where each has its own
	key  *graph.Node // of the random numbers
	part *graph.Node // int32: number of the device, whose part of the batches it is
	rate *graph.Node // what the learning rate is multiplied by: a scalar, or [replicas]

	labels *graph.Node // int32 [points], as data; nil without
}

// flatten and newConstants are inverse to each other; their order is that of the program's inputs.
func (c constants) flatten() []*graph.Node {
	flat := []*graph.Node{c.data, c.key, c.part, c.rate}
	if c.labels != nil {
		flat = append(flat, c.labels)
	}
	return flat
}

func newConstants(flat []*graph.Node) constants {
	c := constants{data: flat[0], key: flat[1], part: flat[2], rate: flat[3]}
	if len(flat) > 4 {
		c.labels = flat[4]
	}
	return c
}

// constants is the number of nodes in flattened constants.
func (p *program) constants() int {
	if p.labelled {
		return 5
	}
	return 4
}

// watch is what a call has seen of its steps.
type watch struct {
	sick *graph.Node // int32, a scalar or [replicas]: the first step with a value out of its bounds, counted from 1; 0: none
	seen *graph.Node // [metrics] or [replicas, metrics]: the values of that step
}

// block is the graph of a call. Inputs are a flattened state, the constants, the number of steps done before (int32), the
// number to make (int32) and, where there are several, which replicas are to make them (bool). Outputs are the state after
// them, the watch, and whether the state is finite: int32, a scalar or [replicas], 1 or 0.
//
// The steps themselves are not guarded: what follows a bad one is worthless, and the caller, who still has the state from
// before, makes the good ones again. So a healthy step, as nearly all are, waits for nothing but its own results.
func (p *program) block(inputs []*graph.Node) []*graph.Node {
	n := p.size()
	at := n + p.constants() // of what comes after state and constants
	state, fixed, step, steps := inputs[:n], inputs[n:at], inputs[at], inputs[at+1]
	g := steps.Graph()

	carry := append(append(append([]*graph.Node(nil), state...), fixed...), step,
		graph.Zeros(g, shapes.Make(dtypes.Int32, p.layout.each()...)),
		graph.Zeros(g, shapes.Make(p.dtype, p.layout.each(len(p.metrics()))...)))
	out := loop.Repeat(steps, func(_ *graph.Node, carry []*graph.Node) []*graph.Node {
		before, fixed, step := p.unflatten(carry[:n]), newConstants(carry[n:at]), carry[at]
		after, values := p.step(before, fixed, step)
		seen := p.watched(watch{carry[at+1], carry[at+2]}, graph.OnePlus(step), values)
		return append(append(after.flatten(), fixed.flatten()...), graph.OnePlus(step), seen.sick, seen.seen)
	}, carry...)
	after, seen := out[:n:n], out[at+1:]
	if p.layout.replicas > 1 {
		going := inputs[at+2]
		for i := range after {
			after[i] = graph.Where(perReplica(going, after[i]), after[i], state[i])
		}
	}
	return append(after, seen[0], seen[1], p.finite(after))
}

// step is one training step, given the number of those before. It returns the new state, and the values of all metrics,
// [metrics] or [replicas, metrics].
func (p *program) step(s stepState, c constants, step *graph.Node) (stepState, *graph.Node) {
	draws := random.NewStreamAt(c.key, step)
	if p.devices > 1 {
		draws.For(&dealt.Part{Devices: p.devices, Device: c.part})
	}
	theta := p.layout.split(s.theta)
	batch, labels := p.batch(c, draws)
	out := p.objective.Loss(Input{
		Net:    models.Net{Model: p.model, Theta: p.narrow(theta[:p.ofModel])},
		Extra:  theta[p.ofModel:],
		State:  s.carried,
		Batch:  batch,
		Labels: labels,
		Step:   step,
		Draws:  draws,
	})
	gradient := p.layout.join(graph.Gradient(graph.ReduceAllSum(out.Loss), theta...))
	own := out.Metrics // of this device: the largest of a number is not seen in an average
	gradient = p.shared(gradient, &out)
	norm := p.euclidean(gradient)
	rate := graph.Mul(p.optimizer.Rate(step, p.settings.Steps, p.dtype), c.rate)
	next := stepState{carried: out.State}
	for k, part := range gradient {
		moved, moments := p.optimizer.Update(step, rate, s.theta[k], p.optimizer.clip(part, norm), s.moments[k])
		next.theta, next.moments = append(next.theta, moved), append(next.moments, moments)
	}
	if p.settings.EMA > 0 {
		for k, part := range next.theta {
			next.average = append(next.average, p.average(step, s.average[k], part))
		}
	}
	row := func(metrics []*graph.Node) *graph.Node {
		values := append([]*graph.Node{out.Loss, norm, rate}, metrics...)
		for i, v := range values {
			values[i] = graph.BroadcastToDims(graph.ConvertDType(v, p.dtype), p.layout.each()...)
		}
		return graph.Stack(values, -1)
	}
	next.sums = graph.Add(s.sums, row(out.Metrics))
	return next, row(own)
}

// batch draws a batch of the data and augments it, [batch, dim] or [replicas, batch, dim], with their labels, [batch] or
// [replicas, batch], where they have any.
func (p *program) batch(c constants, draws random.Draws) (batch, labels *graph.Node) {
	index := random.Index(draws, p.points, p.layout.each(p.settings.BatchSize/p.devices, 1)...)
	if p.ownData {
		first := make([][][]int32, p.layout.replicas)
		for i := range first {
			first[i] = [][]int32{{int32(i * p.points)}}
		}
		index = graph.Add(index, graph.Const(index.Graph(), first))
	}
	if c.labels != nil {
		labels = graph.Gather(c.labels, index)
	}
	batch = graph.Gather(c.data, index)
	if p.augment != nil {
		batch = p.augment.Augment(batch, draws)
	}
	return batch, labels
}

// narrow gives the model its matrices in the type that products with them are to be computed in.
func (p *program) narrow(theta []*graph.Node) []*graph.Node {
	if p.settings.Precision != bfloat16 {
		return theta
	}
	narrow := make([]*graph.Node, len(theta))
	for i, t := range theta {
		narrow[i] = t
		if len(p.layout.learned[i].Shape) > 1 {
			narrow[i] = graph.ConvertDType(t, dtypes.BFloat16)
		}
	}
	return narrow
}

// shared averages the gradient, the loss and the metrics of all devices.
func (p *program) shared(gradient []*graph.Node, out *Output) []*graph.Node {
	if p.devices == 1 {
		return gradient
	}
	all := append(append(append([]*graph.Node(nil), gradient...), out.Loss), out.Metrics...)
	for i, x := range all {
		all[i] = graph.DivScalar(x, float64(p.devices))
	}
	all = out.Loss.Graph().Distributed().AllReduce(all, compute.ReduceOpSum)
	n := len(gradient)
	out.Loss, out.Metrics = all[n], all[n+1:]
	return all[:n:n]
}

// euclidean is the norm of all the values of the parts: a scalar, or [replicas].
func (p *program) euclidean(parts []*graph.Node) *graph.Node {
	var sum *graph.Node
	for _, part := range parts {
		axes := make([]int, 0, part.Rank())
		for axis := len(p.layout.each()); axis < part.Rank(); axis++ {
			axes = append(axes, axis)
		}
		squares := graph.ReduceSum(graph.Square(part), axes...)
		if sum == nil {
			sum = squares
		} else {
			sum = graph.Add(sum, squares)
		}
	}
	return graph.Sqrt(sum)
}

// average moves the running average of the parameters. Early on it forgets faster, so that the initial values, which
// mean nothing, do not linger.
func (p *program) average(step, old, theta *graph.Node) *graph.Node {
	t := graph.ConvertDType(step, theta.DType())
	decay := graph.MinScalar(graph.Div(graph.OnePlus(t), graph.AddScalar(t, 10)), p.settings.EMA)
	return graph.Add(theta, graph.Mul(decay, graph.Sub(old, theta)))
}

// watched adds what one step gave to what was seen: the first values with one out of its bounds are kept.
func (p *program) watched(before watch, step, values *graph.Node) watch {
	var low, high []float64
	for _, m := range p.metrics() {
		l, h := m.bounds(p.dtype)
		low, high = append(low, l), append(high, h)
	}
	constant := func(bounds []float64) *graph.Node {
		row := graph.ConvertDType(graph.Const(values.Graph(), bounds), values.DType())
		return graph.ExpandAndBroadcast(row, values.Shape().Dimensions, leading(values.Rank()-1))
	}
	// NaN is neither above nor below anything, so it is never within.
	within := graph.And(graph.GreaterOrEqual(values, constant(low)), graph.LessOrEqual(values, constant(high)))
	healthy := graph.ReduceMin(graph.Where(within, graph.OnesLike(values), graph.ZerosLike(values)), -1)
	sick := graph.And(graph.LessThan(healthy, graph.ScalarOne(healthy.Graph(), healthy.DType())), graph.Equal(before.sick, graph.ZerosLike(before.sick)))
	return watch{
		sick: graph.Where(sick, graph.BroadcastToDims(step, before.sick.Shape().Dimensions...), before.sick),
		seen: graph.Where(perReplica(sick, values), values, before.seen),
	}
}

// finite says whether every number of a state is: of each replica, 1 or 0.
func (p *program) finite(state []*graph.Node) *graph.Node {
	var all *graph.Node
	for _, x := range state {
		ok := graph.ConvertDType(graph.IsFinite(x), dtypes.Int32)
		for ok.Rank() > len(p.layout.each()) {
			ok = graph.ReduceMin(ok, -1)
		}
		if all == nil {
			all = ok
		} else {
			all = graph.Min(all, ok)
		}
	}
	return all
}

// leading lists so many first axes.
func leading(n int) []int {
	axes := make([]int, n)
	for i := range axes {
		axes[i] = i
	}
	return axes
}

// perReplica spreads a value of each replica, a scalar or [replicas], over all of x.
func perReplica(value, x *graph.Node) *graph.Node {
	for value.Rank() > 0 && value.Rank() < x.Rank() {
		value = graph.InsertAxes(value, -1)
	}
	return graph.BroadcastToDims(value, x.Shape().Dimensions...)
}
