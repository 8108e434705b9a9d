package models

import (
	"math"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"
)

// monotone is a smooth increasing function of one coordinate,
//
//	g(x) = x + Σₖ wₖ·tanh(aₖ(x − cₖ)) with wₖ, aₖ > 0.
//
// Where it is steep, a flow whose inverse it is has a mode.
type monotone struct{ weight, steepness, centre *graph.Node } // each [1, bumps], or [replicas, 1, bumps]

// monotoneParameters are monotone.log_weight, the logarithms of wₖ, monotone.log_steepness, those of aₖ, and
// monotone.centre, cₖ [bumps]. The bumps lie where a standard normal distribution does, and change the slope little at first.
func monotoneParameters(bumps int) []Parameter {
	filled := func(value float64) func(*rand.Rand) []float64 {
		return func(*rand.Rand) []float64 {
			values := make([]float64, bumps)
			for i := range values {
				values[i] = value
			}
			return values
		}
	}
	centres := func(r *rand.Rand) []float64 {
		values := make([]float64, bumps)
		for i := range values {
			values[i] = r.NormFloat64()
		}
		return values
	}
	return []Parameter{
		{"monotone.log_weight", []int{bumps}, filled(-math.Log(10 * float64(bumps)))},
		{"monotone.log_steepness", []int{bumps}, filled(0)},
		{"monotone.centre", []int{bumps}, centres},
	}
}

func newMonotone(theta []*graph.Node, points *graph.Node) monotone {
	return monotone{graph.Exp(row(theta[0], points)), graph.Exp(row(theta[1], points)), row(theta[2], points)}
}

// at is g and its derivative at points [batch, 1].
func (m monotone) at(x *graph.Node) (value, slope *graph.Node) {
	bumps := graph.Tanh(graph.Mul(m.steepness, graph.Sub(x, m.centre))) // [batch, bumps]
	value = graph.Add(x, graph.ReduceAndKeep(graph.Mul(m.weight, bumps), graph.ReduceSum, -1))
	steep := graph.Mul(graph.Mul(m.weight, m.steepness), graph.OneMinus(graph.Square(bumps)))
	return value, graph.OnePlus(graph.ReduceAndKeep(steep, graph.ReduceSum, -1))
}

// inverse is the x with g(x) = y, [batch, 1]. It halves the interval in which g can have the value, without derivatives, and
// ends with two of Newton's steps, which have those of x: up to the second, as by each step they become right.
func (m monotone) inverse(y *graph.Node) *graph.Node {
	const halvings = 30
	radius := graph.StopGradient(graph.ReduceAndKeep(m.weight, graph.ReduceSum, -1)) // |g(x) − x| is less
	target := graph.StopGradient(y)
	x := target
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
