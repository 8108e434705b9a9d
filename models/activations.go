package models

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// activation is a function between layers, and the function with its derivative. The derivative is a graph that can be
// differentiated again: all have continuous second derivatives.
type activation struct {
	value func(x *graph.Node) *graph.Node
	both  func(x *graph.Node) (value, derivative *graph.Node)
}

var activations = map[string]activation{
	"silu":     {silu, siluBoth},
	"softplus": {softplus, func(x *graph.Node) (*graph.Node, *graph.Node) { return softplus(x), graph.Sigmoid(x) }},
	"tanh":     {graph.Tanh, tanhBoth},
	"gelu":     {gelu, geluBoth},
}

func checkActivation(name string) error {
	if _, known := activations[name]; !known {
		return fmt.Errorf("activation %.40q is unknown; use silu, softplus, tanh or gelu", name)
	}
	return nil
}

// silu is x·sigmoid(x), also called swish (Elfwing et al. 2018).
func silu(x *graph.Node) *graph.Node { return graph.Mul(x, graph.Sigmoid(x)) }

// siluBoth has the derivative σ + xσ(1−σ).
func siluBoth(x *graph.Node) (*graph.Node, *graph.Node) {
	sigma := graph.Sigmoid(x)
	value := graph.Mul(x, sigma)
	return value, graph.Add(sigma, graph.Mul(value, graph.OneMinus(sigma)))
}

// tanhBoth has the derivative 1 − tanh².
func tanhBoth(x *graph.Node) (*graph.Node, *graph.Node) {
	value := graph.Tanh(x)
	return value, graph.OneMinus(graph.Square(value))
}

// geluBoth has the derivative Φ(x) + xφ(x).
func geluBoth(x *graph.Node) (*graph.Node, *graph.Node) {
	phi := normalCDF(x)
	density := graph.MulScalar(graph.Exp(graph.MulScalar(graph.Square(x), -0.5)), 1/math.Sqrt(2*math.Pi))
	return graph.Mul(x, phi), graph.Add(phi, graph.Mul(x, density))
}

// softplus is log(1 + eˣ). Beyond x = 34 it is x to the last bit of a float64, and eˣ is kept from overflowing there.
func softplus(x *graph.Node) *graph.Node {
	const linear = 34
	curved := graph.Log1p(graph.Exp(graph.MinScalar(x, linear)))
	return graph.Where(graph.GreaterThan(x, graph.Scalar(x.Graph(), x.DType(), linear)), x, curved)
}

// gelu is x·Φ(x), exactly, by the error function (Hendrycks & Gimpel 2016).
func gelu(x *graph.Node) *graph.Node { return graph.Mul(x, normalCDF(x)) }

// normalCDF is Φ, the distribution function of the standard normal.
func normalCDF(x *graph.Node) *graph.Node {
	return graph.MulScalar(graph.OnePlus(graph.Erf(graph.MulScalar(x, 1/math.Sqrt2))), 0.5)
}
