package models

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// activations are the functions between layers. All have continuous second derivatives.
var activations = map[string]func(*graph.Node) *graph.Node{
	"silu":     silu,
	"softplus": softplus,
	"tanh":     graph.Tanh,
	"gelu":     gelu,
}

// silu is x·sigmoid(x), also called swish (Elfwing et al. 2018).
func silu(x *graph.Node) *graph.Node { return graph.Mul(x, graph.Sigmoid(x)) }

// softplus is log(1 + eˣ). Beyond x = 34 it is x to the last bit of a float64, and eˣ is kept from overflowing there.
func softplus(x *graph.Node) *graph.Node {
	const linear = 34
	curved := graph.Log1p(graph.Exp(graph.MinScalar(x, linear)))
	return graph.Where(graph.GreaterThan(x, graph.Scalar(x.Graph(), x.DType(), linear)), x, curved)
}

// gelu is x·Φ(x), exactly, by the error function (Hendrycks & Gimpel 2016).
func gelu(x *graph.Node) *graph.Node {
	phi := graph.MulScalar(graph.OnePlus(graph.Erf(graph.MulScalar(x, 1/math.Sqrt2))), 0.5)
	return graph.Mul(x, phi)
}
