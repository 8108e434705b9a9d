package samplers

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// Langevin is unadjusted Langevin dynamics (Roberts & Tweedie 1996): x ← x − ε∇E(x) + √(2εT)·z, z standard normal.
//
// It is biased by its step: on E = ½λx² the stationary variance is T/(λ(1 − ελ/2)) instead of T/λ.
type Langevin struct {
	// Steps is the number of transitions of a run.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// StepSize is ε, in squared units of the data.
	StepSize float64 `yaml:"step_size" check:"> 0"`
	// Temperature is T; 0 is gradient descent.
	Temperature float64 `yaml:"temperature" check:">= 0"`
}

// NewLangevin returns the default settings: 100 steps of size 0.01 at temperature 1.
func NewLangevin() *Langevin { return &Langevin{Steps: 100, StepSize: 0.01, Temperature: 1} }

// Length implements Sampler.
func (l *Langevin) Length() int { return l.Steps }

// Transition implements Sampler.
func (l *Langevin) Transition(net models.Net, x *graph.Node, draws random.Draws) *graph.Node {
	drift := graph.MulScalar(net.Drift(x), l.StepSize)
	if l.Temperature == 0 {
		return graph.Add(x, drift)
	}
	noise := graph.MulScalar(draws.Normal(x.Shape()), math.Sqrt(2*l.StepSize*l.Temperature))
	return graph.Add(graph.Add(x, drift), noise)
}
