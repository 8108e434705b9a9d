package trainers

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Optimizer is Adam (Kingma & Ba 2015) with a learning-rate schedule.
type Optimizer struct {
	// Kind is adam.
	Kind string `yaml:"kind" check:"in adam"`
	// LearningRate is the rate at its highest.
	LearningRate float64 `yaml:"learning_rate" check:"> 0, <= 1e30"`
	// Schedule is constant, or cosine: from the full rate to FinalFraction of it over the run.
	Schedule string `yaml:"schedule" check:"in constant|cosine"`
	// FinalFraction is what the cosine schedule ends at, as a fraction of LearningRate.
	FinalFraction float64 `yaml:"final_fraction" check:">= 0, <= 1"`
	// WarmupSteps is the number of steps over which the rate rises linearly from 0; the schedule counts on beneath.
	WarmupSteps int `yaml:"warmup_steps" check:">= 0, <= 2000000000"`
	// Beta1 and Beta2 are the decay rates of the first and second moment.
	Beta1 float64 `yaml:"beta1" check:">= 0, < 1"`
	Beta2 float64 `yaml:"beta2" check:">= 0, < 1"`
	// Epsilon is added to the root of the second moment.
	Epsilon float64 `yaml:"epsilon" check:">= 1e-30"`
	// ClipNorm bounds the norm of the gradient over all parameters; 0 does not.
	ClipNorm float64 `yaml:"clip_norm" check:">= 0, <= 1e30"`
}

// NewOptimizer returns the default settings: Adam at 1e-3, constant, with the usual betas.
func NewOptimizer() Optimizer {
	return Optimizer{Kind: "adam", LearningRate: 1e-3, Schedule: "constant", FinalFraction: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
}

// check refuses what would be infinite or 0 in float32: no update would then come out finite, whatever the gradient.
func (o Optimizer) check() error {
	if !(o.LearningRate > 0 && o.LearningRate <= 1e30) {
		return fmt.Errorf("optimizer.learning_rate is %v; want more than 0 and at most 1e30", o.LearningRate)
	}
	if !(o.Epsilon >= 1e-30) {
		return fmt.Errorf("optimizer.epsilon is %v; want at least 1e-30", o.Epsilon)
	}
	if !(o.ClipNorm >= 0 && o.ClipNorm <= 1e30) {
		return fmt.Errorf("optimizer.clip_norm is %v; want 0 or more, at most 1e30", o.ClipNorm)
	}
	return nil
}

// Rate is the learning rate, a scalar, of a step counted from 0 in a run of so many steps.
func (o Optimizer) Rate(step *graph.Node, steps int, dtype dtypes.DType) *graph.Node {
	t := graph.ConvertDType(step, dtype)
	rate := graph.Scalar(t.Graph(), dtype, o.LearningRate)
	if o.Schedule == "cosine" {
		progress := graph.MinScalar(graph.DivScalar(t, float64(max(steps, 1))), 1)
		wave := graph.MulScalar(graph.OnePlus(graph.Cos(graph.MulScalar(progress, math.Pi))), 0.5) // 1 → 0
		rate = graph.Mul(rate, graph.AddScalar(graph.MulScalar(wave, 1-o.FinalFraction), o.FinalFraction))
	}
	if o.WarmupSteps > 0 {
		rate = graph.Mul(rate, graph.MinScalar(graph.DivScalar(graph.OnePlus(t), float64(o.WarmupSteps)), 1))
	}
	return rate
}

// Moments are the running averages of the gradient and of its square. They start at 0.
type Moments struct{ First, Second *graph.Node }

// Update applies Adam to parameters theta with their gradient, both of one shape, at a step counted from 0 and a rate,
// a scalar or [replicas]. Everything comes back new; nothing is changed in place.
func (o Optimizer) Update(step, rate, theta, gradient *graph.Node, m Moments) (*graph.Node, Moments) {
	first := average(m.First, gradient, o.Beta1)
	second := average(m.Second, graph.Square(gradient), o.Beta2)
	t := graph.OnePlus(graph.ConvertDType(step, gradient.DType()))
	unbiased1 := graph.Div(first, oneMinusPower(o.Beta1, t))
	unbiased2 := graph.Div(second, oneMinusPower(o.Beta2, t))
	change := graph.Div(unbiased1, graph.AddScalar(graph.Sqrt(unbiased2), o.Epsilon))
	if rate.Rank() > 0 {
		rate = perReplica(rate, change)
	}
	return graph.Sub(theta, graph.Mul(change, rate)), Moments{first, second}
}

// average is decay·old + (1−decay)·value.
func average(old, value *graph.Node, decay float64) *graph.Node {
	return graph.Add(graph.MulScalar(old, decay), graph.MulScalar(value, 1-decay))
}

// oneMinusPower is 1 − βᵗ, by way of expm1's argument so that it is exact for small t too.
func oneMinusPower(beta float64, t *graph.Node) *graph.Node {
	if beta == 0 {
		return graph.OnesLike(t)
	}
	return graph.Neg(graph.Expm1(graph.MulScalar(t, math.Log(beta))))
}

// clip scales a gradient, or a part of one, down to a norm of at most ClipNorm, given its norm: a scalar, or [replicas].
func (o Optimizer) clip(gradient, norm *graph.Node) *graph.Node {
	if o.ClipNorm == 0 {
		return gradient
	}
	bound := graph.Scalar(norm.Graph(), norm.DType(), o.ClipNorm)
	return graph.Mul(gradient, perReplica(graph.MinScalar(graph.Div(bound, graph.MaxScalar(norm, o.ClipNorm/1e6)), 1), gradient))
}
