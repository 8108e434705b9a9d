package trainers

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

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
	points    int  // of each replica's data
	ownData   bool // each replica has data of its own
	dtype     dtypes.DType
}

// metrics names what a block logs, in the order of its last output.
func (p *program) metrics() []string {
	return append([]string{"loss", "gradient_norm", "learning_rate"}, p.objective.Metrics()...)
}

// constants are what all steps of a block have in common.
type constants struct {
	data *graph.Node // [points, dim]: one replica's after the other's, where each has its own
	key  *graph.Node // of the random numbers
	part *graph.Node // int32: which part of the batches is this device's
}

func (c constants) flatten() []*graph.Node { return []*graph.Node{c.data, c.key, c.part} }

// block is the graph: inputs are a flattened state, the constants and the number of steps (int32); outputs the state after
// them and the averages [metrics] or [replicas, metrics] of what is logged.
func (p *program) block(inputs []*graph.Node) []*graph.Node {
	n := p.size()
	state, fixed, steps := inputs[:n], inputs[n:n+3], inputs[n+3]
	sums := graph.Zeros(steps.Graph(), shapes.Make(p.dtype, p.layout.each(len(p.metrics()))...))

	carry := append(append(append([]*graph.Node(nil), state...), fixed...), sums)
	out := loop.Repeat(steps, func(_ *graph.Node, carry []*graph.Node) []*graph.Node {
		before, fixed, sums := p.unflatten(carry[:n]), constants{carry[n], carry[n+1], carry[n+2]}, carry[n+3]
		after, logged := p.step(before, fixed)
		return append(append(after.flatten(), fixed.flatten()...), graph.Add(sums, logged))
	}, carry...)
	return append(out[:n:n], graph.Div(out[n+3], graph.ConvertDType(steps, sums.DType())))
}

// step is one training step. It returns the new state, and what is logged, [metrics] or [replicas, metrics].
func (p *program) step(s stepState, c constants) (stepState, *graph.Node) {
	draws := random.NewStreamAt(c.key, s.step)
	if p.devices > 1 {
		draws.Part(c.part)
	}
	theta := p.layout.split(s.theta)
	out := p.objective.Loss(Input{
		Net:   models.Net{Model: p.model, Theta: p.narrow(theta[:p.ofModel])},
		Extra: theta[p.ofModel:],
		State: s.carried,
		Batch: p.batch(c.data, draws),
		Draws: draws,
	})
	gradient := p.layout.join(graph.Gradient(graph.ReduceAllSum(out.Loss), theta...))
	gradient = p.shared(gradient, &out)
	norm := p.euclidean(gradient)
	rate := p.optimizer.Rate(s.step, p.settings.Steps, p.dtype)
	next := stepState{step: graph.OnePlus(s.step), carried: out.State}
	for k, part := range gradient {
		moved, moments := p.optimizer.Update(s.step, rate, s.theta[k], p.optimizer.clip(part, norm), s.moments[k])
		next.theta, next.moments = append(next.theta, moved), append(next.moments, moments)
	}
	if p.settings.EMA > 0 {
		for k, part := range next.theta {
			next.average = append(next.average, p.average(s.step, s.average[k], part))
		}
	}
	values := append([]*graph.Node{out.Loss, norm, rate}, out.Metrics...)
	for i, v := range values {
		values[i] = graph.BroadcastToDims(graph.ConvertDType(v, p.dtype), p.layout.each()...)
	}
	return p.guarded(s, next, graph.Add(out.Loss, norm)), graph.Stack(values, -1)
}

// batch draws a batch of the data: [batch, dim] or [replicas, batch, dim].
func (p *program) batch(data *graph.Node, draws random.Draws) *graph.Node {
	index := random.Index(draws, p.points, p.layout.each(p.settings.BatchSize/p.devices, 1)...)
	if p.ownData {
		first := make([][][]int32, p.layout.replicas)
		for i := range first {
			first[i] = [][]int32{{int32(i * p.points)}}
		}
		index = graph.Add(index, graph.Const(data.Graph(), first))
	}
	return graph.Gather(data, index)
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

// guarded keeps the state before the step, from the first step on whose sign (a scalar, or [replicas]) is not finite:
// that of the replica concerned.
func (p *program) guarded(before, after stepState, sign *graph.Node) stepState {
	none := graph.ZerosLike(before.sick)
	sick := graph.And(graph.Not(graph.IsFinite(sign)), graph.Equal(before.sick, none))
	after.sick = graph.Where(sick, graph.BroadcastToDims(after.step, before.sick.Shape().Dimensions...), before.sick)
	healthy := graph.Equal(after.sick, none)

	old, new := before.flatten(), after.flatten()
	for i := atTheta; i < len(new); i++ {
		new[i] = graph.Where(perReplica(healthy, new[i]), new[i], old[i])
	}
	return p.unflatten(new)
}

// perReplica spreads a value of each replica, a scalar or [replicas], over all of x.
func perReplica(value, x *graph.Node) *graph.Node {
	for value.Rank() > 0 && value.Rank() < x.Rank() {
		value = graph.InsertAxes(value, -1)
	}
	return graph.BroadcastToDims(value, x.Shape().Dimensions...)
}
