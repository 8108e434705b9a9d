package trainers

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
)

// adamOnHost is the textbook algorithm for one parameter.
type adamOnHost struct{ theta, first, second float64 }

func (a *adamOnHost) update(o Optimizer, step int, rate, gradient float64) {
	a.first = o.Beta1*a.first + (1-o.Beta1)*gradient
	a.second = o.Beta2*a.second + (1-o.Beta2)*gradient*gradient
	t := float64(step + 1)
	a.theta -= rate * a.first / (1 - math.Pow(o.Beta1, t)) / (math.Sqrt(a.second/(1-math.Pow(o.Beta2, t))) + o.Epsilon)
}

// rateOnHost is the schedule, for a step counted from 0.
func rateOnHost(o Optimizer, step, steps int) float64 {
	rate := o.LearningRate
	if o.Schedule == "cosine" {
		wave := (1 + math.Cos(math.Pi*min(1, float64(step)/float64(steps)))) / 2
		rate *= o.FinalFraction + (1-o.FinalFraction)*wave
	}
	if o.WarmupSteps > 0 {
		rate *= min(1, float64(step+1)/float64(o.WarmupSteps))
	}
	return rate
}

// Five steps with large, tiny and vanishing gradients, at the usual and at extreme settings.
func TestAdam(t *testing.T) {
	gradients := [][]float64{{1, -2, 0, 1e-9}, {0.5, 3, 0, -1e-9}, {-1e4, 0, 0, 0}, {0.1, 0.1, 0, 1e-3}, {2, -2, 1e-12, 0}}
	const rate = 0.01
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, o := range []Optimizer{
			NewOptimizer(),
			{Beta1: 0, Beta2: 0.99, Epsilon: 1e-3},
			{Beta1: 0.9, Beta2: 0, Epsilon: 1e-8},
			{Beta1: 0.5, Beta2: 0.9999999, Epsilon: 1e-8},
		} {
			got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				theta, moments := in[0], Moments{graph.ZerosLike(in[0]), graph.ZerosLike(in[0])}
				for step, g := range in[1:] {
					s := graph.Const(g.Graph(), int32(step))
					theta, moments = o.Update(s, graph.Scalar(g.Graph(), g.DType(), rate), theta, g, moments)
				}
				return []*graph.Node{theta, moments.First, moments.Second}
			}, []float64{1, 2, 3, 4}, gradients[0], gradients[1], gradients[2], gradients[3], gradients[4])
			for k := range 4 {
				want := adamOnHost{theta: float64(k + 1)}
				for step := range gradients {
					want.update(o, step, rate, gradients[step][k])
				}
				what := fmt.Sprintf("β = (%v, %v), number %d: ", o.Beta1, o.Beta2, k)
				// 1 − β₂ᵗ cancels on the host, not in the graph: at β₂ = 0.9999999 the host has nine digits.
				near(t, what+"the parameter", got[0][k], want.theta, 1e-9)
				near(t, what+"the first moment", got[1][k], want.first, 1e-13*math.Abs(want.first))
				near(t, what+"the second moment", got[2][k], want.second, 1e-13*want.second)
			}
		}
	})
}

// The schedule starts at the learning rate, ends at its fraction, and rises over the warm-up: to a step's share of it.
func TestRate(t *testing.T) {
	cosine := Optimizer{LearningRate: 0.4, Schedule: "cosine", FinalFraction: 0.25}
	warm, both := NewOptimizer(), cosine
	warm.WarmupSteps, both.WarmupSteps = 4, 4
	tests := []struct {
		name     string
		o        Optimizer
		step     int
		of       int
		expected float64
	}{
		{"constant", NewOptimizer(), 0, 100, 1e-3},
		{"constant", NewOptimizer(), 99, 100, 1e-3},
		{"cosine starts", cosine, 0, 100, 0.4},
		{"cosine in the middle", cosine, 50, 100, 0.25}, // 0.4·(0.25 + 0.75/2)
		{"cosine ends", cosine, 100, 100, 0.1},
		{"cosine stays at its end", cosine, 1000, 100, 0.1},
		{"cosine to nothing", Optimizer{LearningRate: 1, Schedule: "cosine"}, 10, 10, 0},
		{"warm-up starts", warm, 0, 100, 0.25e-3},
		{"warm-up ends", warm, 3, 100, 1e-3},
		{"after the warm-up", warm, 4, 100, 1e-3},
		{"both, in the warm-up", both, 1, 100, 0.5 * rateOnHost(cosine, 1, 100)},
		{"both, after it", both, 60, 100, rateOnHost(cosine, 60, 100)},
		{"a run of one step", cosine, 0, 1, 0.4},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
			rates := make([]*graph.Node, len(tests))
			for i, test := range tests {
				rates[i] = test.o.Rate(graph.Const(in[0].Graph(), int32(test.step)), test.of, dtypes.Float64)
			}
			return []*graph.Node{graph.Stack(rates, 0)}
		}, 0.0)[0]
		for i, test := range tests {
			near(t, test.name, got[i], test.expected, 1e-15)
		}
	})
}

// alone is a program without replicas.
var alone = &program{layout: layout{replicas: 1}}

// Gradients are scaled down together to the bound on their norm, and left alone below it.
func TestClip(t *testing.T) {
	tests := []struct {
		bound float64
		scale float64 // of gradients with the norm 5
	}{{0, 1}, {10, 1}, {5, 1}, {2.5, 0.5}, {1e-3, 2e-4}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, test := range tests {
			got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				norm := alone.euclidean(in[:1])
				return []*graph.Node{Optimizer{ClipNorm: test.bound}.clip(in[0], norm), norm}
			}, []float64{3, 0, 4})
			near(t, "the norm", got[1][0], 5, 1e-15)
			near(t, fmt.Sprintf("clipped to %v: the first", test.bound), got[0][0], 3*test.scale, 1e-15)
			near(t, fmt.Sprintf("clipped to %v: the last", test.bound), got[0][2], 4*test.scale, 1e-15)
		}
		// Gradients of 0 stay 0.
		got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{Optimizer{ClipNorm: 1}.clip(in[0], alone.euclidean(in[:1]))}
		}, []float64{0, 0})
		near(t, "a vanishing gradient", got[0][0], 0, 0)
	})
}
