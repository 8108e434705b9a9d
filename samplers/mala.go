package samplers

import (
	"math"

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

// Fit implements Sampler: any model will do.
func (m *MALA) Fit(models.Energy) error { return nil }

// Adapts implements Adapter.
func (m *MALA) Adapts() bool { return m.TargetAcceptance > 0 }

// Accepts implements Accepter.
func (m *MALA) Accepts() bool { return true }

// Start implements Sampler. The kernel keeps the energy and the score at the chains.
func (m *MALA) Start(net models.Net, x *graph.Node, _ random.Draws) State {
	return State{X: x, Accepted: noneAccepted(x), Own: []*graph.Node{net.Energy(x), net.Score(x)}}
}

// Transition implements Sampler.
func (m *MALA) Transition(net models.Net, s State, at Clock, draws random.Draws) State {
	x, energy, score := s.X, s.Own[0], s.Own[1]
	z := draws.Normal(x.Shape())
	root := times(graph.MulScalar(graph.OnesLike(energy), math.Sqrt(2*m.StepSize)), rootOf(s.Scale)) // √(2ε), [chains]
	step := graph.MulScalar(graph.Square(root), 0.5)                                                 // ε
	y := graph.Add(graph.Add(x, graph.Mul(score, perChain(step, x))), graph.Mul(z, perChain(root, x)))
	energyThere, scoreThere := net.Energy(y), net.Score(y)
	// The noise that would lead back, in the units of z.
	back := graph.Div(graph.Sub(graph.Sub(x, y), graph.Mul(scoreThere, perChain(step, x))), perChain(root, x))
	ratio := graph.Sub(energy, energyThere)
	ratio = graph.Add(ratio, graph.MulScalar(graph.Sub(squaredNorm(z), squaredNorm(back)), 0.5))
	p := proposal{from: []*graph.Node{x, energy, score}, to: []*graph.Node{y, energyThere, scoreThere}, logRatio: ratio}
	chosen, next := p.decide(s, m.TargetAcceptance, at, draws)
	next.X, next.Own = chosen[0], chosen[1:]
	return next
}

// rootOf is the square root of a scale; nil is 1.
func rootOf(scale *graph.Node) *graph.Node {
	if scale == nil {
		return nil
	}
	return graph.Sqrt(scale)
}
