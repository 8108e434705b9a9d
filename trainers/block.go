package trainers

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/loop"
	"joule/internal/random"
	"joule/models"
)

// program builds the graph of a block: so many training steps in one call, minibatches, chains, optimizer and schedule
// included. Only the averages that are logged come back to the host.
type program struct {
	model     models.Energy
	objective Objective
	optimizer Optimizer
	settings  Loop
	learned   []models.Parameter // of the model and then of the objective
	ofModel   int                // how many of them are the model's
	carried   int                // state of the objective
}

// metrics names what a block logs, in the order of its last output.
func (p *program) metrics() []string {
	return append([]string{"loss", "gradient_norm", "learning_rate"}, p.objective.Metrics()...)
}

// stepState is everything that one step hands to the next. The values of all parameters are in one row [values], and so
// are what the optimizer keeps of them: a few large kernels instead of many small ones.
type stepState struct {
	step    *graph.Node // int32: steps done
	sick    *graph.Node // int32: the step that came out not finite, counted from 1; 0: none
	random  *graph.Node // key of the random numbers: it stays as it is
	theta   *graph.Node
	moments Moments
	average *graph.Node // running average of theta; nil unless the settings ask for one
	carried []*graph.Node
}

// flatten and unflatten are inverse to each other; their order is that of the program's inputs.
func (s stepState) flatten() []*graph.Node {
	flat := []*graph.Node{s.step, s.sick, s.random, s.theta, s.moments.First, s.moments.Second}
	if s.average != nil {
		flat = append(flat, s.average)
	}
	return append(flat, s.carried...)
}

// Where parts of a flattened state are.
const (
	atSick    = 1
	atTheta   = 3
	atAverage = 6
)

func (p *program) unflatten(flat []*graph.Node) stepState {
	s := stepState{
		step: flat[0], sick: flat[atSick], random: flat[2],
		theta: flat[atTheta], moments: Moments{flat[4], flat[5]}, carried: flat[atAverage:],
	}
	if p.settings.EMA > 0 {
		s.average, s.carried = flat[atAverage], flat[atAverage+1:]
	}
	return s
}

// size is the number of nodes in a flattened state.
func (p *program) size() int {
	n := atAverage + p.carried
	if p.settings.EMA > 0 {
		n++
	}
	return n
}

// split takes a row of all values apart into the parameters.
func (p *program) split(row *graph.Node) []*graph.Node {
	parts, from := make([]*graph.Node, len(p.learned)), 0
	for i, l := range p.learned {
		part := graph.Slice(row, graph.AxisRange(from, from+l.Size()))
		parts[i] = graph.Reshape(part, l.Shape...)
		from += l.Size()
	}
	return parts
}

// join is the inverse of split.
func join(parts []*graph.Node) *graph.Node {
	rows := make([]*graph.Node, len(parts))
	for i, part := range parts {
		rows[i] = graph.Reshape(part, part.Shape().Size())
	}
	if len(rows) == 1 {
		return rows[0]
	}
	return graph.Concatenate(rows, 0)
}

// block is the graph: inputs are a flattened state, the data [points, dim] and the number of steps (int32); outputs the
// state after them and the averages [metrics] of what is logged.
func (p *program) block(inputs []*graph.Node) []*graph.Node {
	n := p.size()
	state, data, steps := inputs[:n], inputs[n], inputs[n+1]
	g := data.Graph()
	sums := graph.Zeros(g, shapes.Make(dtypes.Float32, len(p.metrics())))

	carry := append(append([]*graph.Node(nil), state...), data, sums)
	out := loop.Repeat(steps, func(_ *graph.Node, carry []*graph.Node) []*graph.Node {
		before, data, sums := p.unflatten(carry[:n]), carry[n], carry[n+1]
		after, logged := p.step(before, data)
		return append(after.flatten(), data, graph.Add(sums, logged))
	}, carry...)
	return append(out[:n:n], graph.Div(out[n+1], graph.ConvertDType(steps, sums.DType())))
}

// step is one training step. It returns the new state, and what is logged [metrics] in float32.
func (p *program) step(s stepState, data *graph.Node) (stepState, *graph.Node) {
	g := data.Graph()
	draws := random.NewStreamAt(s.random, s.step)
	batch := graph.Gather(data, random.Index(draws, g, data.Shape().Dimensions[0], p.settings.BatchSize))
	theta := p.split(s.theta)
	out := p.objective.Loss(Input{
		Net:   models.Net{Model: p.model, Theta: theta[:p.ofModel]},
		Extra: theta[p.ofModel:],
		State: s.carried,
		Batch: batch,
		Draws: draws,
	})
	gradient := join(graph.Gradient(out.Loss, theta...))
	norm := euclidean(gradient)
	rate := p.optimizer.Rate(s.step, p.settings.Steps, dtype)
	moved, moments := p.optimizer.Update(s.step, rate, s.theta, p.optimizer.clip(gradient, norm), s.moments)

	next := stepState{
		step: graph.OnePlus(s.step), random: s.random,
		theta: moved, moments: moments, average: p.average(s, moved), carried: out.State,
	}
	values := append([]*graph.Node{out.Loss, norm, rate}, out.Metrics...)
	for i, v := range values {
		values[i] = graph.ConvertDType(v, dtypes.Float32)
	}
	sign := graph.Add(out.Loss, norm)
	return p.guarded(s, next, sign), graph.Stack(values, 0)
}

// average moves the running average of the parameters. Early on it forgets faster, so that the initial values, which
// mean nothing, do not linger.
func (p *program) average(s stepState, theta *graph.Node) *graph.Node {
	if p.settings.EMA == 0 {
		return nil
	}
	t := graph.ConvertDType(s.step, theta.DType())
	decay := graph.MinScalar(graph.Div(graph.OnePlus(t), graph.AddScalar(t, 10)), p.settings.EMA)
	return graph.Add(theta, graph.Mul(decay, graph.Sub(s.average, theta)))
}

// guarded keeps the state before the step, from the first step on whose sign (a scalar) is not finite.
func (p *program) guarded(before, after stepState, sign *graph.Node) stepState {
	g := sign.Graph()
	sick := graph.And(graph.Not(graph.IsFinite(sign)), graph.Equal(before.sick, graph.Const(g, int32(0))))
	sickNow := graph.Where(sick, after.step, before.sick)
	healthy := graph.Equal(sickNow, graph.Const(g, int32(0)))

	after.sick = sickNow
	old, new := before.flatten(), after.flatten()
	for i := range new {
		if new[i] != sickNow && new[i] != old[i] {
			new[i] = graph.Where(graph.BroadcastToDims(healthy, new[i].Shape().Dimensions...), new[i], old[i])
		}
	}
	return p.unflatten(new)
}
