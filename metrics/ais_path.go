package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/loop"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
	"joule/samplers"
)

// path moves chains between the start and the model. Its points are in units of the start's standard deviations.
type path struct {
	AIS
	model       *models.Compiled
	mean, std   *tensors.Tensor // of the start, [1, dim]: the mean in those units
	begin, move *graph.Exec
}

func newPath(a AIS, model *models.Compiled, start samplers.Start) (p *path, err error) {
	p = &path{AIS: a, model: model}
	mean := make([]float64, model.Dim)
	for k := range mean {
		mean[k] = start.Mean[k] / start.Std[k]
	}
	p.mean, p.std = tensor.From(mean, models.DType, 1, model.Dim), tensor.From(start.Std, models.DType, 1, model.Dim)
	if p.begin, err = graph.NewExec(model.Backend, func(key, mean *graph.Node) *graph.Node {
		return graph.Add(random.NewStream(key).Normal(shapes.Make(models.DType, a.Chains, model.Dim)), mean)
	}); err != nil {
		return nil, err
	}
	p.move, err = model.Exec(p.graph)
	return p, err
}

func (p *path) close() {
	p.begin.Finalize()
	p.move.Finalize()
}

// first draws points of p₀.
func (p *path) first(purpose uint64) (*tensors.Tensor, error) {
	out, err := p.begin.Call(random.Seed(p.Seed, purpose<<8), p.mean)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// travel takes chains along the path, forward from p₀ to the model or back. With a gain it adapts the scales of the step
// size, one for each segment of the path, and leaves in them what it has found.
func (p *path) travel(purpose uint64, forward bool, gain float64, scales []float64, from func(purpose uint64) (*tensors.Tensor, error)) (*travelled, error) {
	x, err := from(purpose)
	if err != nil {
		return nil, fmt.Errorf("cannot start annealed importance sampling: %w", err)
	}
	end := &travelled{x: x, logWeights: make([]float64, p.Chains)}
	for i := range segments {
		segment, low, high := i, i*p.Steps/segments, (i+1)*p.Steps/segments
		if !forward {
			segment, low, high = segments-1-i, p.Steps-low, p.Steps-high
		}
		if gain > 0 && i > 0 {
			scales[segment] = scales[segment-1]
		}
		out, err := p.run(purpose, i, end.x, low, high, gain, scales[segment])
		if err != nil {
			return nil, err
		}
		end.x = out.x
		scales[segment] = out.scale
		end.acceptance += out.acceptance / segments
		for k, w := range out.logWeights {
			end.logWeights[k] += w
		}
	}
	return end, nil
}

// mix is a source of points of the model: the ends of a way there, drawn anew by their weights and moved on. The ancestors say
// which end each of them comes of.
func (p *path) mix(there *travelled, scale float64) (points func(uint64) (*tensors.Tensor, error), ancestors []int, err error) {
	values, err := tensor.Values(there.x)
	if err != nil {
		return nil, nil, err
	}
	r := rand.New(rand.NewPCG(uint64(p.Seed), purposeResample))
	chosen := make([]float64, 0, len(values))
	ancestors = resample(there.logWeights, r)
	for _, i := range ancestors {
		chosen = append(chosen, values[i*p.model.Dim:(i+1)*p.model.Dim]...)
	}
	x := tensor.From(chosen, models.DType, p.Chains, p.model.Dim)
	for i := range segments / 2 { // with β = 1: no weight comes of it
		out, err := p.run(purposeMix, i, x, p.Steps, p.Steps+p.Steps/segments, 0, scale)
		if err != nil {
			return nil, nil, err
		}
		x = out.x
	}
	return func(uint64) (*tensors.Tensor, error) { return x, nil }, ancestors, nil
}

// resample draws as many indices as there are weights, each as often as its weight says, give or take one (systematic
// resampling, Carpenter et al. 1999).
func resample(logWeights []float64, r *rand.Rand) []int {
	largest, total := slices.Max(logWeights), 0.0
	for _, w := range logWeights {
		total += math.Exp(w - largest)
	}
	n := len(logWeights)
	indices, i := make([]int, n), 0
	passed := math.Exp(logWeights[0] - largest)
	u := r.Float64()
	for k := range indices {
		for at := (float64(k) + u) / float64(n) * total; passed < at && i < n-1; {
			i++
			passed += math.Exp(logWeights[i] - largest)
		}
		indices[k] = i
	}
	return indices
}

// moved is what one call of the program gives.
type moved struct {
	x                 *tensors.Tensor
	logWeights        []float64
	acceptance, scale float64
}

// run moves chains from step low of the path to step high, which may be below it.
func (p *path) run(purpose uint64, call int, x *tensors.Tensor, low, high int, gain, scale float64) (*moved, error) {
	times, step := high-low, 1
	if times < 0 {
		times, step = -times, -1
	}
	out, err := p.model.Call(p.move, random.Seed(p.Seed, purpose), int32(call), x, p.mean, p.std,
		int32(low), int32(step), int32(times), float32(gain), float32(scale))
	if err != nil {
		return nil, fmt.Errorf("cannot run annealed importance sampling: %w", err)
	}
	m := &moved{x: out[0]}
	if m.logWeights, err = tensor.Values(out[1]); err != nil {
		return nil, err
	}
	numbers, err := tensor.Values(out[2])
	if err != nil {
		return nil, err
	}
	m.acceptance, m.scale = numbers[0]/float64(max(times, 1)), numbers[1]
	return m, nil
}

// graph is the program of run. Going up, a step first weighs the chains and then moves them at the new β; going down it
// moves them first, so that the way back is the way there in reverse.
func (p *path) graph(net models.Net, in []*graph.Node) []*graph.Node {
	key, call, u, mean, std, low, step, times, gain, scale := in[0], in[1], in[2], in[3], in[4], in[5], in[6], in[7], in[8], in[9]
	g := u.Graph()
	draws := random.NewStreamAt(key, call)
	sampler := &samplers.HMC{Steps: 1, StepSize: firstStep, Leapfrog: p.Leapfrog, Jitter: 0.2, TargetAcceptance: target}
	weights := graph.Zeros(g, shapes.Make(dtypes.Float64, p.Chains))
	carry := append([]*graph.Node{u, weights, graph.ScalarZero(g, models.DType), scale, mean, std, low, step, gain}, draws.State()...)
	own := len(carry)
	randomness := own - len(draws.State())
	out := loop.Repeat(times, func(pass *graph.Node, carry []*graph.Node) []*graph.Node {
		u, weights, accepted, scale, mean, std, at, step, gain := carry[0], carry[1], carry[2], carry[3], carry[4], carry[5], carry[6], carry[7], carry[8]
		draws, theta := draws.At(carry[randomness:own], pass), carry[own:]
		next := graph.Add(at, step)
		before, after := p.inverseTemperature(at), p.inverseTemperature(next)
		lower, higher := graph.Min(before, after), graph.Max(before, after)
		there := models.Net{Model: net.Model, Theta: theta}.Scaled(std)
		between := tempered(there, mean, graph.ConvertDType(higher, models.DType))

		state := sampler.Start(between, u, draws)
		state.Scale = scale
		state = sampler.Transition(between, state, samplers.Clock{Pass: pass, Gain: gain}, draws)

		isUp := graph.BroadcastToDims(graph.GreaterThan(step, graph.ZerosLike(step)), p.Chains)
		weighed := graph.Where(spread(isUp, u), u, state.X)
		ratio := graph.Sub(graph.Neg(double(there.Energy(weighed))), normalLogDensity(weighed, mean))
		change := graph.Mul(ratio, graph.BroadcastToDims(graph.Sub(higher, lower), p.Chains))
		carried := []*graph.Node{state.X, graph.Add(weights, change), graph.Add(accepted, state.Accepted), state.Scale, mean, std, next, step, gain}
		return append(append(carried, draws.Return()...), theta...)
	}, append(carry, net.Theta...)...)
	return []*graph.Node{out[0], out[1], graph.Stack([]*graph.Node{out[2], out[3]}, 0)}
}

// steepness is how much closer the β of a path are to each other at its ends than in its middle.
const steepness = 4

// inverseTemperature is β at a step of the path (int32), a sigmoid of it from 0 to 1; beyond the end it is 1.
func (p *path) inverseTemperature(step *graph.Node) *graph.Node {
	at := func(t float64) float64 { return 1 / (1 + math.Exp(steepness*(1-2*t))) }
	t := graph.DivScalar(double(step), float64(p.Steps))
	s := graph.Sigmoid(graph.MulScalar(graph.AddScalar(graph.MulScalar(t, 2), -1), steepness))
	beta := graph.DivScalar(graph.AddScalar(s, -at(0)), at(1)-at(0))
	return graph.MaxScalar(graph.MinScalar(beta, 1), 0)
}

// normalLogDensity is that of N(mean, I) at points [chains, dim], in float64.
func normalLogDensity(u, mean *graph.Node) *graph.Node {
	dim := float64(u.Shape().Dimensions[1])
	squares := graph.ReduceSum(graph.Square(double(graph.Sub(u, mean))), -1)
	return graph.AddScalar(graph.MulScalar(squares, -0.5), -0.5*dim*math.Log(2*math.Pi))
}

// spread makes a value of each chain, [chains], fit x [chains, dim].
func spread(value, x *graph.Node) *graph.Node {
	return graph.BroadcastToDims(graph.InsertAxes(value, -1), x.Shape().Dimensions...)
}
