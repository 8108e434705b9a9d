package samplers

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/loop"
	"joule/internal/random"
	"joule/models"
)

// HMC is Hamiltonian Monte Carlo (Duane et al. 1987; Neal 2011): a momentum p is drawn from N(0, I), the pair (x, p) follows
// Hamilton's equations for H = E(x) + ½‖p‖² by leapfrog steps
//
//	p ← p − ½ε∇E(x),  x ← x + εp,  p ← p − ½ε∇E(x)
//
// and their end is accepted with probability min(1, exp(H before − H after)). It is exact in distribution.
type HMC struct {
	// Steps is the number of transitions of a run.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// StepSize is ε, in units of the data.
	StepSize float64 `yaml:"step_size" check:"> 0"`
	// Leapfrog is the number of leapfrog steps of a transition.
	Leapfrog int `yaml:"leapfrog" check:"> 0, <= 100000"`
	// Jitter makes the step size of each transition uniform within ± this fraction of itself, so that no orbit closes.
	Jitter float64 `yaml:"jitter" check:">= 0, < 1"`
	// TargetAcceptance is the share of accepted proposals that the step size is adapted to, where there is a time to adapt
	// in; 0 keeps it. About 0.65 is best in many dimensions (Beskos et al. 2013), more is safer.
	TargetAcceptance float64 `yaml:"target_acceptance" check:">= 0, < 1"`
}

// NewHMC returns the default settings: 50 transitions of 10 leapfrog steps of about 0.1, adapted to an acceptance of 0.8.
func NewHMC() *HMC {
	return &HMC{Steps: 50, StepSize: 0.1, Leapfrog: 10, Jitter: 0.2, TargetAcceptance: 0.8}
}

// Length implements Sampler.
func (h *HMC) Length() int { return h.Steps }

// Cost implements Sampler: a score for each leapfrog step, that at the chains being kept.
func (h *HMC) Cost() Cost {
	return Cost{models.CostOfScore, float64(h.Leapfrog) * models.CostOfScore}
}

// Fit implements Sampler: any model will do.
func (h *HMC) Fit(models.Energy) error { return nil }

// Adapts implements Adapter.
func (h *HMC) Adapts() bool { return h.TargetAcceptance > 0 }

// Accepts implements Accepter.
func (h *HMC) Accepts() bool { return true }

// Start implements Sampler. The kernel keeps the energy and the score at the chains.
func (h *HMC) Start(net models.Net, x *graph.Node, _ random.Draws) State {
	energy, score := net.EnergyAndDrift(x)
	return State{X: x, Accepted: noneAccepted(x), Own: []*graph.Node{energy, score}}
}

// Transition implements Sampler.
func (h *HMC) Transition(net models.Net, s State, at Clock, draws random.Draws) State {
	x, energy, score := s.X, s.Own[0], s.Own[1]
	p := draws.Normal(x.Shape())
	step := times(graph.MulScalar(graph.OnesLike(energy), h.StepSize), s.Scale) // [chains]
	if h.Jitter > 0 {
		u := draws.Uniform(shapes.Make(x.DType(), x.Shape().Dimensions[:x.Rank()-2]...)) // the same for all chains
		step = times(step, graph.OnePlus(graph.MulScalar(graph.AddScalar(graph.MulScalar(u, 2), -1), h.Jitter)))
	}
	y, q, energyThere, scoreThere := h.leapfrog(net, x, p, score, perChain(step, x))
	ratio := graph.Sub(energy, energyThere)
	ratio = graph.Add(ratio, graph.MulScalar(graph.Sub(squaredNorm(p), squaredNorm(q)), 0.5))
	choice := proposal{from: []*graph.Node{x, energy, score}, to: []*graph.Node{y, energyThere, scoreThere}, logRatio: ratio}
	chosen, next := choice.decide(s, h.TargetAcceptance, at, draws)
	next.X, next.Own = chosen[0], chosen[1:]
	return next
}

// leapfrog follows the orbit of (x, p); what it returns includes the energy and the score at its end. Half steps of the momentum
// between two steps of the point are made as one.
func (h *HMC) leapfrog(net models.Net, x, p, score, step *graph.Node) (y, q, energy, there *graph.Node) {
	half := graph.MulScalar(step, 0.5)
	p = graph.Add(p, graph.Mul(score, half))
	if n := h.Leapfrog - 1; n > 0 {
		carry := append([]*graph.Node{x, p, step}, net.Theta...)
		out := loop.Repeat(graph.Const(x.Graph(), int32(n)), func(_ *graph.Node, carry []*graph.Node) []*graph.Node {
			x, p, step, theta := carry[0], carry[1], carry[2], carry[3:]
			x = graph.Add(x, graph.Mul(p, step))
			p = graph.Add(p, graph.Mul(models.Net{Model: net.Model, Theta: theta}.Drift(x), step))
			return append([]*graph.Node{x, p}, carry[2:]...)
		}, carry...)
		x, p = out[0], out[1]
	}
	y = graph.Add(x, graph.Mul(p, step))
	energy, there = net.EnergyAndDrift(y)
	return y, graph.Add(p, graph.Mul(there, half)), energy, there
}
