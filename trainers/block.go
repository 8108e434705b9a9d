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
	learned   int // parameters of model and objective together
	ofModel   int // parameters of the model, which come first
	carried   int // state of the objective
}

// metrics names what a block logs, in the order of its last output.
func (p *program) metrics() []string {
	return append([]string{"loss", "gradient_norm", "learning_rate"}, p.objective.Metrics()...)
}

// stepState is everything that one step hands to the next.
type stepState struct {
	step    *graph.Node // int32: steps done
	sick    *graph.Node // int32: the step whose loss or gradient was not finite, counted from 1; 0: none
	random  *graph.Node
	theta   []*graph.Node
	moments []Moments
	average []*graph.Node // running average of theta, when the settings ask for one
	carried []*graph.Node
}

// flatten and unflatten are inverse to each other; their order is that of the program's inputs.
func (s stepState) flatten() []*graph.Node {
	flat := []*graph.Node{s.step, s.sick, s.random}
	flat = append(flat, s.theta...)
	for _, m := range s.moments {
		flat = append(flat, m.First, m.Second)
	}
	flat = append(flat, s.average...)
	return append(flat, s.carried...)
}

func (p *program) unflatten(flat []*graph.Node) (s stepState) {
	take := func(n int) []*graph.Node {
		head := flat[:n:n]
		flat = flat[n:]
		return head
	}
	head := take(3)
	s.step, s.sick, s.random = head[0], head[1], head[2]
	s.theta = take(p.learned)
	for range p.learned {
		m := take(2)
		s.moments = append(s.moments, Moments{m[0], m[1]})
	}
	if p.settings.EMA > 0 {
		s.average = take(p.learned)
	}
	s.carried = take(p.carried)
	return s
}

// size is the number of values in a flattened state.
func (p *program) size() int {
	n := 3 + 3*p.learned + p.carried
	if p.settings.EMA > 0 {
		n += p.learned
	}
	return n
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
	draws := random.NewStream(s.random)
	batch := graph.Gather(data, random.Index(draws, g, data.Shape().Dimensions[0], p.settings.BatchSize))
	out := p.objective.Loss(Input{
		Net:   models.Net{Model: p.model, Theta: s.theta[:p.ofModel]},
		Extra: s.theta[p.ofModel:],
		State: s.carried,
		Batch: batch,
		Draws: draws,
	})
	gradients := graph.Gradient(out.Loss, s.theta...)
	norm := globalNorm(gradients)
	rate := p.optimizer.Rate(s.step, p.settings.Steps, dtype)
	theta, moments := p.optimizer.Update(s.step, rate, s.theta, p.optimizer.clip(gradients, norm), s.moments)

	next := stepState{
		step: graph.OnePlus(s.step), random: draws.State()[0],
		theta: theta, moments: moments, average: p.average(s, theta), carried: out.State,
	}
	values := append([]*graph.Node{out.Loss, norm, rate}, out.Metrics...)
	for i, v := range values {
		values[i] = graph.ConvertDType(v, dtypes.Float32)
	}
	sign := graph.Add(out.Loss, norm)
	for _, after := range theta {
		sign = graph.Add(sign, graph.ReduceAllSum(after))
	}
	return p.guarded(s, next, sign), graph.Stack(values, 0)
}

// average moves the running average of the parameters. Early on it forgets faster, so that the initial values, which
// mean nothing, do not linger.
func (p *program) average(s stepState, theta []*graph.Node) []*graph.Node {
	if p.settings.EMA == 0 {
		return nil
	}
	t := graph.ConvertDType(s.step, dtypes.Float32)
	decay := graph.MinScalar(graph.Div(graph.OnePlus(t), graph.AddScalar(t, 10)), p.settings.EMA)
	averages := make([]*graph.Node, len(theta))
	for i, now := range theta {
		d := graph.ConvertDType(decay, now.DType())
		averages[i] = graph.Add(now, graph.Mul(d, graph.Sub(s.average[i], now)))
	}
	return averages
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
		if new[i] != sickNow {
			new[i] = graph.Where(graph.BroadcastToDims(healthy, new[i].Shape().Dimensions...), new[i], old[i])
		}
	}
	return p.unflatten(new)
}
