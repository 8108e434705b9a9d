package samplers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// Underdamped is underdamped (kinetic) Langevin dynamics, dx = v dt, dv = −∇E(x) dt − γv dt + √(2γ) dW, by the splitting
// BAOAB (Leimkuhler & Matthews 2013):
//
//	v ← v − ½h∇E(x),  x ← x + ½hv,  v ← e^(−γh)v + √(1 − e^(−2γh))·z,  x ← x + ½hv,  v ← v − ½h∇E(x)
//
// It takes one gradient a transition and nothing is rejected. It is biased by its step, at points by O(h²) and less than
// other splittings: on E = ½λx² the stationary variance of x is exactly 1/λ for every stable step, h < 2/√λ.
type Underdamped struct {
	// Steps is the number of transitions of a run.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// StepSize is h, in units of the data.
	StepSize float64 `yaml:"step_size" check:"> 0"`
	// Friction is γ, per unit of time: velocities are forgotten in a time of 1/γ.
	Friction float64 `yaml:"friction" check:"> 0"`
}

// NewUnderdamped returns the default settings: 500 steps of 0.1 with friction 1.
func NewUnderdamped() *Underdamped { return &Underdamped{Steps: 500, StepSize: 0.1, Friction: 1} }

// Length implements Sampler.
func (u *Underdamped) Length() int { return u.Steps }

// Cost implements Sampler: a score a transition, that at the chains being kept.
func (u *Underdamped) Cost() Cost { return Cost{models.CostOfScore, models.CostOfScore} }

// Fit implements Sampler: any model will do.
func (u *Underdamped) Fit(models.Energy) error { return nil }

// Start implements Sampler. The kernel keeps velocities, which begin as N(0, I), and the score at the chains.
func (u *Underdamped) Start(net models.Net, x *graph.Node, draws random.Draws) State {
	return State{X: x, Own: []*graph.Node{draws.Normal(x.Shape()), net.Drift(x)}}
}

// Transition implements Sampler.
func (u *Underdamped) Transition(net models.Net, s State, _ Clock, draws random.Draws) State {
	x, v, score := s.X, s.Own[0], s.Own[1]
	step := times(graph.MulScalar(graph.OnesLike(x), u.StepSize), s.Scale)
	half := graph.MulScalar(step, 0.5)
	kept := graph.Exp(graph.MulScalar(step, -u.Friction))
	renewed := graph.Sqrt(graph.OneMinus(graph.Square(kept)))
	v = graph.Add(v, graph.Mul(score, half))
	x = graph.Add(x, graph.Mul(v, half))
	v = graph.Add(graph.Mul(v, kept), graph.Mul(draws.Normal(x.Shape()), renewed))
	x = graph.Add(x, graph.Mul(v, half))
	score = net.Drift(x)
	v = graph.Add(v, graph.Mul(score, half))
	s.X, s.Own = x, []*graph.Node{v, score}
	return s
}
