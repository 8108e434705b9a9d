package samplers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// Descent is gradient descent, x ← x − ε∇E(x), which finds modes: local minima of the energy. It draws nothing.
//
// With Nesterov's momentum (Nesterov 1983) it steps from y = x + (t − 1)/(t + 2)·(x − x′), x′ being where it was before, and
// t counts from 1, for each chain again when it goes uphill, ∇E(y)·(x − x′) > 0 (O'Donoghue & Candès 2015). On a quadratic
// of condition κ plain descent takes about κ steps and this one about √κ.
type Descent struct {
	// Steps is the number of transitions of a run.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// StepSize is ε, in squared units of the data.
	StepSize float64 `yaml:"step_size" check:"> 0"`
	// Momentum is none or nesterov.
	Momentum string `yaml:"momentum" check:"in none|nesterov"`
}

// NewDescent returns the default settings: 1000 steps of size 0.01 with Nesterov's momentum.
func NewDescent() *Descent { return &Descent{Steps: 1000, StepSize: 0.01, Momentum: "nesterov"} }

// Length implements Sampler.
func (d *Descent) Length() int { return d.Steps }

// Cost implements Sampler: a score a transition.
func (d *Descent) Cost() Cost { return Cost{Transition: models.CostOfScore} }

// Fit implements Sampler: any model will do.
func (d *Descent) Fit(models.Energy) error { return nil }

// Start implements Sampler. With momentum the kernel keeps x − x′, and t − 1 of each chain.
func (d *Descent) Start(_ models.Net, x *graph.Node, _ random.Draws) State {
	if d.Momentum != "nesterov" {
		return State{X: x}
	}
	return State{X: x, Own: []*graph.Node{graph.ZerosLike(x), graph.ReduceSum(graph.ZerosLike(x), -1)}}
}

// Transition implements Sampler.
func (d *Descent) Transition(net models.Net, s State, _ Clock, _ random.Draws) State {
	if d.Momentum != "nesterov" {
		s.X = graph.Add(s.X, times(graph.MulScalar(net.Drift(s.X), d.StepSize), s.Scale))
		return s
	}
	change, t := s.Own[0], s.Own[1]
	momentum := graph.Div(t, graph.AddScalar(t, 3))
	y := graph.Add(s.X, graph.Mul(change, perChain(momentum, change)))
	score := net.Drift(y)
	x := graph.Add(y, times(graph.MulScalar(score, d.StepSize), s.Scale))
	change = graph.Sub(x, s.X)
	isUphill := graph.LessThan(graph.ReduceSum(graph.Mul(score, change), -1), graph.ZerosLike(t))
	t = graph.Where(isUphill, graph.ZerosLike(t), graph.OnePlus(t))
	s.X, s.Own = x, []*graph.Node{change, t}
	return s
}
