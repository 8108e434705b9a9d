package samplers

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// AnnealedLangevin is Langevin dynamics down a ladder of noise levels (Song & Ermon 2019, algorithm 1), for energies that
// have one: at level σᵢ
//
//	x ← x − εᵢ∇E(x, σᵢ) + √(2εᵢ)·z,  εᵢ = rσᵢ²
//
// The levels fall geometrically from the largest to the smallest that the energy is meant for, each for an equal share of
// the transitions. Those after the run's last stay at the smallest. It is biased by its steps and by how short it is.
type AnnealedLangevin struct {
	// Steps is the number of transitions of a run, all levels together.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// Levels is the number of noise levels.
	Levels int `yaml:"levels" check:">= 2, <= 100000"`
	// StepSize is r: the step size as a multiple of the squared noise level.
	StepSize float64 `yaml:"step_size" check:"> 0"`
}

// NewAnnealedLangevin returns the default settings, those of the paper: 10 levels of 100 steps of 0.1σ².
func NewAnnealedLangevin() *AnnealedLangevin {
	return &AnnealedLangevin{Steps: 1000, Levels: 10, StepSize: 0.1}
}

// Check reports levels that get no transition.
func (a *AnnealedLangevin) Check(report func(key, problem string)) {
	if a.Levels > a.Steps {
		report("levels", fmt.Sprintf("%d levels cannot share %d steps; at most as many levels as steps", a.Levels, a.Steps))
	}
}

// Length implements Sampler.
func (a *AnnealedLangevin) Length() int { return a.Steps }

// Cost implements Sampler: a score a transition.
func (a *AnnealedLangevin) Cost() Cost { return Cost{Transition: models.CostOfScore} }

// Fit implements Sampler: the model needs noise levels.
func (a *AnnealedLangevin) Fit(model models.Energy) error {
	if _, ok := model.(models.Conditional); !ok {
		return fmt.Errorf("a sampler of kind annealed_langevin needs an energy with noise levels, E(x, σ), and this model has none; other kinds take any model")
	}
	return nil
}

// Spreads implements Spreader.
func (a *AnnealedLangevin) Spreads() bool { return true }

// Start implements Sampler: the largest noise is added to x.
func (a *AnnealedLangevin) Start(net models.Net, x *graph.Node, draws random.Draws) State {
	_, largest := levels(net)
	return State{X: graph.Add(x, graph.MulScalar(draws.Normal(x.Shape()), largest))}
}

// Transition implements Sampler.
func (a *AnnealedLangevin) Transition(net models.Net, s State, at Clock, draws random.Draws) State {
	sigma := a.level(net, s.X, at)
	score := net.At(sigma).Drift(s.X)
	step := times(graph.MulScalar(graph.Square(spread(sigma, s.X)), a.StepSize), s.Scale)
	noise := graph.Mul(draws.Normal(s.X.Shape()), graph.Sqrt(graph.MulScalar(step, 2)))
	s.X = graph.Add(s.X, graph.Add(graph.Mul(score, step), noise))
	return s
}

// level is σ at a time, a scalar.
func (a *AnnealedLangevin) level(net models.Net, x *graph.Node, at Clock) *graph.Node {
	smallest, largest := levels(net)
	// Half a transition more, so that rounding does not move the borders between levels.
	pass := graph.AddScalar(graph.ConvertDType(at.Pass, x.DType()), 0.5)
	i := graph.Floor(graph.MulScalar(pass, float64(a.Levels)/float64(a.Steps)))
	i = graph.MinScalar(i, float64(a.Levels-1))
	fall := graph.MulScalar(i, math.Log(smallest/largest)/float64(a.Levels-1))
	return graph.MulScalar(graph.Exp(fall), largest)
}

// levels are the smallest and the largest noise level of a net that Fit has passed.
func levels(net models.Net) (smallest, largest float64) {
	return net.Model.(models.Conditional).Levels()
}
