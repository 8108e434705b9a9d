package samplers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// MALA is the Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996; Besag 1994): the proposal of unadjusted
// Langevin dynamics, y = x − ε∇E(x) + √(2ε)·z, is accepted with probability
//
//	min(1, exp(E(x) − E(y))·q(x|y)/q(y|x)),  q(y|x) = N(y; x − ε∇E(x), 2εI)
//
// and the chain stays where it is otherwise. It is exact in distribution whatever the step.
type MALA struct {
	// Steps is the number of transitions of a run.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// StepSize is ε, in squared units of the data.
	StepSize float64 `yaml:"step_size" check:"> 0"`
	// TargetAcceptance is the share of accepted proposals that the step size is adapted to, where there is a time to adapt
	// in; 0 keeps it. In many dimensions 0.574 is best (Roberts & Rosenthal 1998).
	TargetAcceptance float64 `yaml:"target_acceptance" check:">= 0, < 1"`
}

// NewMALA returns the default settings: 100 steps of size 0.05, adapted to an acceptance of 0.6.
func NewMALA() *MALA { return &MALA{Steps: 100, StepSize: 0.05, TargetAcceptance: 0.6} }

// Length implements Sampler.
func (m *MALA) Length() int { return m.Steps }

// Cost implements Sampler: a score a transition, with the energy, that at the chains being kept.
func (m *MALA) Cost() Cost { return Cost{models.CostOfScore, models.CostOfScore} }

// Fit implements Sampler: any model will do.
func (m *MALA) Fit(models.Energy) error { return nil }

// Adapts implements Adapter.
func (m *MALA) Adapts() bool { return m.TargetAcceptance > 0 }

// Accepts implements Accepter.
func (m *MALA) Accepts() bool { return true }

// Start implements Sampler. The kernel keeps the energy and the score at the chains.
func (m *MALA) Start(net models.Net, x *graph.Node, _ random.Draws) State {
	energy, score := net.EnergyAndDrift(x)
	return State{X: x, Accepted: noneAccepted(x), Own: []*graph.Node{energy, score}}
}

// Transition implements Sampler.
func (m *MALA) Transition(net models.Net, s State, at Clock, draws random.Draws) State {
	x, energy, score := s.X, s.Own[0], s.Own[1]
	z := draws.Normal(x.Shape())
	step := times(graph.MulScalar(graph.OnesLike(energy), m.StepSize), s.Scale) // ε, [chains]
	chosen, next := langevinProposal(net, x, energy, score, z, step, nil).decide(s, m.TargetAcceptance, at, draws)
	next.X, next.Own = chosen[0], chosen[1:]
	return next
}

// langevinProposal proposes a Langevin step of size ε·T [chains] for the density exp(−E/T), which is
// y = x − ε∇E(x) + √(2εT)·z; step is ε [chains], and temperature T [chains], nil: 1. What it chooses from are points,
// energies and scores.
func langevinProposal(net models.Net, x, energy, score, z, step, temperature *graph.Node) proposal {
	variance := graph.MulScalar(step, 2)
	if temperature != nil {
		variance = graph.Mul(variance, temperature)
	}
	drift, root := perChain(step, x), perChain(graph.Sqrt(variance), x)
	y := graph.Add(graph.Add(x, graph.Mul(score, drift)), graph.Mul(z, root))
	energyThere, scoreThere := net.EnergyAndDrift(y)
	// The noise that would lead back, in the units of z.
	back := graph.Div(graph.Sub(graph.Sub(x, y), graph.Mul(scoreThere, drift)), root)
	fall := graph.Sub(energy, energyThere)
	if temperature != nil {
		fall = graph.Div(fall, temperature)
	}
	return proposal{
		from:     []*graph.Node{x, energy, score},
		to:       []*graph.Node{y, energyThere, scoreThere},
		logRatio: graph.Add(fall, graph.MulScalar(graph.Sub(squaredNorm(z), squaredNorm(back)), 0.5)),
	}
}
