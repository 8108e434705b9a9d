package samplers

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// ParallelTempering runs chains of exp(−E/T) at several temperatures and exchanges their points (Swendsen & Wang 1986; Geyer
// 1991). The temperatures are a geometric series from 1; those that are 1 are the sample. A transition is a step of MALA at
// every temperature, of size εT, and then an exchange of neighbours, of the pairs (0, 1), (2, 3), … and (1, 2), (3, 4), …
// in turn, each with probability
//
//	min(1, exp((1/Tₖ − 1/Tₗ)(E(xₖ) − E(xₗ))))
//
// It is exact in distribution, and gets between modes where the hottest chains do. What counts as accepted are the steps of
// MALA, at all temperatures.
type ParallelTempering struct {
	// Steps is the number of transitions of a run.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// StepSize is ε, in squared units of the data.
	StepSize float64 `yaml:"step_size" check:"> 0"`
	// Temperatures is their number; a transition costs as many as that of MALA.
	Temperatures int `yaml:"temperatures" check:">= 2, <= 1000"`
	// MaxTemperature is the largest; there, the density should be without barriers.
	MaxTemperature float64 `yaml:"max_temperature" check:"> 1"`
	// TargetAcceptance is the share of accepted proposals that the step size is adapted to, as in MALA; 0 keeps it.
	TargetAcceptance float64 `yaml:"target_acceptance" check:">= 0, < 1"`
}

// NewParallelTempering returns the default settings: 1000 steps of size 0.05, adapted to an acceptance of 0.6, at 6
// temperatures up to 30.
func NewParallelTempering() *ParallelTempering {
	return &ParallelTempering{Steps: 1000, StepSize: 0.05, Temperatures: 6, MaxTemperature: 30, TargetAcceptance: 0.6}
}

// Length implements Sampler.
func (p *ParallelTempering) Length() int { return p.Steps }

// Cost implements Sampler: at every temperature that of MALA. Exchanges take energies that are known.
func (p *ParallelTempering) Cost() Cost {
	all := float64(p.Temperatures) * models.CostOfScore
	return Cost{all, all}
}

// Fit implements Sampler: any model will do.
func (p *ParallelTempering) Fit(models.Energy) error { return nil }

// Adapts implements Adapter.
func (p *ParallelTempering) Adapts() bool { return p.TargetAcceptance > 0 }

// Accepts implements Accepter.
func (p *ParallelTempering) Accepts() bool { return true }

// Start implements Sampler: at every temperature chains begin at x. Here and below, all are all chains, those of a
// temperature after those of the one below it: [temperatures·chains, …]. The kernel keeps the points but of the coldest,
// and the energies and scores of all.
func (p *ParallelTempering) Start(net models.Net, x *graph.Node, _ random.Draws) State {
	copies := make([]*graph.Node, p.Temperatures)
	for i := range copies {
		copies[i] = x
	}
	all := graph.Concatenate(copies, -2)
	energy, score := net.EnergyAndDrift(all)
	return p.state(State{Accepted: noneAccepted(x)}, all, energy, score, chainsOf(x))
}

// state is s with all the points, energies and scores, the first n of which are the coldest.
func (p *ParallelTempering) state(s State, all, energy, score *graph.Node, n int) State {
	s.X = graph.SliceAxis(all, -2, graph.AxisRange(0, n))
	s.Own = []*graph.Node{graph.SliceAxis(all, -2, graph.AxisRangeToEnd(n)), energy, score}
	return s
}

// Transition implements Sampler.
func (p *ParallelTempering) Transition(net models.Net, s State, at Clock, draws random.Draws) State {
	n := chainsOf(s.X)
	all, energy, score := graph.Concatenate([]*graph.Node{s.X, s.Own[0]}, -2), s.Own[1], s.Own[2]
	z := draws.Normal(all.Shape())
	step := times(graph.MulScalar(graph.OnesLike(energy), p.StepSize), s.Scale)
	temperature := p.perLevel(energy, p.temperature)
	chosen, next := langevinProposal(net, all, energy, score, z, step, temperature).decide(s, p.TargetAcceptance, at, draws)
	chosen = p.exchanged(chosen, temperature, at, draws, n)
	return p.state(next, chosen[0], chosen[1], chosen[2], n)
}

// temperature is that of level k.
func (p *ParallelTempering) temperature(k int) float64 {
	return math.Pow(p.MaxTemperature, float64(k)/float64(p.Temperatures-1))
}

// perLevel is a number of each level for all chains, of the shape of their energies.
func (p *ParallelTempering) perLevel(energy *graph.Node, number func(level int) float64) *graph.Node {
	n := energy.Shape().Dimensions[energy.Rank()-1] / p.Temperatures
	parts := make([]*graph.Node, p.Temperatures)
	shape := append([]int(nil), energy.Shape().Dimensions...)
	shape[len(shape)-1] = n
	for k := range parts {
		parts[k] = graph.BroadcastToDims(graph.Scalar(energy.Graph(), energy.DType(), number(k)), shape...)
	}
	return graph.Concatenate(parts, -1)
}

// exchanged exchanges points, energies and scores, of all chains, between neighbouring temperatures. In an even pass the
// levels of odd number have their partner below and the others above, and in an odd pass the other way round. A level at an
// end has none at times; then its partner is itself.
func (p *ParallelTempering) exchanged(all []*graph.Node, temperature *graph.Node, at Clock, draws random.Draws, n int) []*graph.Node {
	energy := all[1]
	parity := graph.BitwiseAnd(at.Pass, graph.Const(at.Pass.Graph(), int32(1)))
	isOdd := p.perLevel(energy, func(level int) float64 { return float64(level % 2) })
	isUpper := graph.NotEqual(isOdd, spread(graph.ConvertDType(parity, energy.DType()), energy))
	partner := func(x *graph.Node) *graph.Node {
		axis := energy.Rank() - 1
		size := x.Shape().Dimensions[axis]
		cut := func(from, to int) *graph.Node { return graph.SliceAxis(x, axis, graph.AxisRange(from, to)) }
		below := graph.Concatenate([]*graph.Node{cut(0, n), cut(0, size-n)}, axis)
		above := graph.Concatenate([]*graph.Node{cut(n, size), cut(size-n, size)}, axis)
		return graph.Where(spreadChains(isUpper, x), below, above)
	}
	beta := graph.Reciprocal(temperature)
	ratio := graph.Mul(graph.Sub(beta, partner(beta)), graph.Sub(energy, partner(energy)))
	u := draws.Uniform(energy.Shape())
	u = graph.Where(isUpper, partner(u), u) // both of a pair decide alike
	accept := isAccepted(u, ratio)
	out := make([]*graph.Node, len(all))
	for i, x := range all {
		out[i] = graph.Where(spreadChains(accept, x), partner(x), x)
	}
	return out
}

// chainsOf is the number of chains of x [chains, dim].
func chainsOf(x *graph.Node) int { return x.Shape().Dimensions[x.Rank()-2] }
