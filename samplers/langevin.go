package samplers

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// Langevin is unadjusted Langevin dynamics (Roberts & Tweedie 1996): x ← x − ε∇E(x) + √(2εT)·z, z standard normal.
//
// It is biased by its step: on E = ½λx² the stationary variance is T/(λ(1 − ελ/2)) instead of T/λ. With a noise scale of
// its own, bounded gradients, bounds or a decaying step (all used for images, Du & Mordatch 2019, Nijkamp et al. 2020) it is no
// longer a sampler of exp(−E/T) at all, but a way to find points of low energy.
type Langevin struct {
	// Steps is the number of transitions of a run.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// StepSize is ε, in squared units of the data.
	StepSize float64 `yaml:"step_size" check:"> 0"`
	// Temperature is T; 0 is gradient descent.
	Temperature float64 `yaml:"temperature" check:">= 0"`
	// NoiseScale is the standard deviation of the noise of a transition, whatever StepSize and FinalFraction; 0 makes it √(2εT).
	NoiseScale float64 `yaml:"noise_scale" check:">= 0"`
	// ClampGradient bounds every coordinate of ∇E to ± itself; 0 does not.
	ClampGradient float64 `yaml:"clamp_gradient" check:">= 0"`
	// FinalFraction is the fraction of StepSize that the last transition is made with; the steps in between follow a
	// geometric series. 1 keeps the step size.
	FinalFraction float64 `yaml:"final_fraction" check:"> 0, <= 1"`
	// Bounds are the least and the largest value of a coordinate, such as those of a pixel: what a transition takes beyond is
	// moved back to them. None leaves points where they are.
	Bounds []float64 `yaml:"bounds" check:"len <= 2"`
}

// Check reports bounds that are none.
func (l *Langevin) Check(report func(key, problem string)) {
	if n := len(l.Bounds); n == 1 || n == 2 && l.Bounds[0] >= l.Bounds[1] {
		report("bounds", fmt.Sprintf("is %v; want the least value and the largest, such as [-1, 1], or [] for none", l.Bounds))
	}
}

// NewLangevin returns the default settings: 100 steps of size 0.01 at temperature 1.
func NewLangevin() *Langevin { return NewULA(100, 0.01) }

// NewULA returns plain unadjusted Langevin dynamics at temperature 1.
func NewULA(steps int, stepSize float64) *Langevin {
	return &Langevin{Steps: steps, StepSize: stepSize, Temperature: 1, FinalFraction: 1}
}

// Length implements Sampler.
func (l *Langevin) Length() int { return l.Steps }

// Cost implements Sampler: a score a transition.
func (l *Langevin) Cost() Cost { return Cost{Transition: models.CostOfScore} }

// Fit implements Sampler: any model will do.
func (l *Langevin) Fit(models.Energy) error { return nil }

// Start implements Sampler.
func (l *Langevin) Start(_ models.Net, x *graph.Node, _ random.Draws) State { return State{X: x} }

// Transition implements Sampler.
func (l *Langevin) Transition(net models.Net, s State, at Clock, draws random.Draws) State {
	drift := net.Drift(s.X)
	if l.ClampGradient > 0 {
		drift = graph.MaxScalar(graph.MinScalar(drift, l.ClampGradient), -l.ClampGradient)
	}
	scale := l.scale(s, at)
	x := graph.Add(s.X, times(graph.MulScalar(drift, l.StepSize), scale))
	if std, isScaled := l.noise(); std > 0 {
		noise := graph.MulScalar(draws.Normal(s.X.Shape()), std)
		if !isScaled {
			scale = s.Scale // of the whole transition; what decays is the step alone
		}
		if scale != nil {
			noise = times(noise, graph.Sqrt(scale))
		}
		x = graph.Add(x, noise)
	}
	if len(l.Bounds) == 2 {
		x = graph.MaxScalar(graph.MinScalar(x, l.Bounds[1]), l.Bounds[0])
	}
	s.X = x
	return s
}

// noise is the standard deviation of the noise, and whether it goes with the root of the step size.
func (l *Langevin) noise() (std float64, isScaled bool) {
	if l.NoiseScale > 0 {
		return l.NoiseScale, false
	}
	return math.Sqrt(2 * l.StepSize * l.Temperature), true
}

// scale is what StepSize is multiplied by; nil is 1.
func (l *Langevin) scale(s State, at Clock) *graph.Node {
	scale := s.Scale
	if l.FinalFraction > 0 && l.FinalFraction < 1 && l.Steps > 1 {
		part := graph.DivScalar(graph.ConvertDType(at.Pass, s.X.DType()), float64(l.Steps-1))
		decay := graph.Exp(graph.MulScalar(graph.MinScalar(part, 1), math.Log(l.FinalFraction)))
		if scale == nil {
			return decay
		}
		scale = graph.Mul(scale, spread(decay, scale))
	}
	return scale
}

// times multiplies x by a scale, a scalar or [replicas]; nil is 1.
func times(x, scale *graph.Node) *graph.Node {
	if scale == nil {
		return x
	}
	return graph.Mul(x, spread(scale, x))
}
