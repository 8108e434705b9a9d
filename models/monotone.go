package models

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// monotone is a smooth increasing function of one coordinate,
//
//	g(x) = λx + Σₖ wₖ·tanh(aₖ(x − cₖ)) with λ, wₖ, aₖ > 0.
//
// Where it is steep, a flow whose inverse it is has a mode, and where its slope is little more than λ a gap.
type monotone struct {
	slope                     *graph.Node // λ, [1, 1] or [replicas, 1, 1]
	weight, steepness, centre *graph.Node // [1, bumps] or [replicas, 1, bumps]
}

// monotoneParameters are monotone.log_slope [1], the logarithm of λ; monotone.log_weight, those of wₖ, monotone.log_steepness,
// those of aₖ, and monotone.centre, cₖ, each [bumps]. At first λ is small, and the bumps, evenly spaced over where nearly all
// of a standard normal distribution is, make up for it: there g is close to the identity.
func monotoneParameters(bumps int) []Parameter {
	const slope, radius = 0.1, 4.0
	spacing := 2 * radius / float64(bumps)
	filled := func(value float64) func(*rand.Rand) []float64 {
		return func(*rand.Rand) []float64 { return slices.Repeat([]float64{value}, bumps) }
	}
	centres := func(*rand.Rand) []float64 {
		values := make([]float64, bumps)
		for i := range values {
			values[i] = (float64(i)+0.5)*spacing - radius
		}
		return values
	}
	return []Parameter{
		{"monotone.log_slope", []int{1}, constant(math.Log(slope))},
		{"monotone.log_weight", []int{bumps}, filled(math.Log((1 - slope) * spacing / 2))}, // a tanh rises by 2
		{"monotone.log_steepness", []int{bumps}, filled(-math.Log(spacing))},
		{"monotone.centre", []int{bumps}, centres},
	}
}

func newMonotone(theta []*graph.Node, points *graph.Node) monotone {
	positive := func(i int) *graph.Node { return graph.Exp(row(theta[i], points)) }
	return monotone{positive(0), positive(1), positive(2), row(theta[3], points)}
}

// at is g and its derivative at points [batch, 1].
func (m monotone) at(x *graph.Node) (value, slope *graph.Node) {
	bumps := graph.Tanh(graph.Mul(m.steepness, graph.Sub(x, m.centre))) // [batch, bumps]
	value = graph.Add(graph.Mul(m.slope, x), graph.ReduceAndKeep(graph.Mul(m.weight, bumps), graph.ReduceSum, -1))
	steep := graph.Mul(graph.Mul(m.weight, m.steepness), graph.OneMinus(graph.Square(bumps)))
	return value, graph.Add(m.slope, graph.ReduceAndKeep(steep, graph.ReduceSum, -1))
}

// inverse is the x with g(x) = y, [batch, 1]. It halves the interval in which g can have the value, without derivatives, and
// ends with two of Newton's steps, which have those of x: up to the second, as by each step they become right.
func (m monotone) inverse(y *graph.Node) *graph.Node {
	const halvings = 30
	radius := graph.ReduceAndKeep(m.weight, graph.ReduceSum, -1) // |g(x) − λx| is less
	radius = graph.StopGradient(graph.Div(radius, m.slope))
	target := graph.StopGradient(y)
	x := graph.StopGradient(graph.Div(y, m.slope))
	for range halvings {
		radius = graph.MulScalar(radius, 0.5)
		value, _ := m.at(x)
		x = graph.StopGradient(graph.Where(graph.GreaterThan(value, target), graph.Sub(x, radius), graph.Add(x, radius)))
	}
	for range 2 {
		value, slope := m.at(x)
		x = graph.Sub(x, graph.Div(graph.Sub(value, y), slope))
	}
	return x
}
