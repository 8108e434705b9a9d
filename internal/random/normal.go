package random

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// normalQuantile maps x in (−1, 1) to the standard normal number below which the fraction (1+x)/2 lies.
func normalQuantile(x *graph.Node) *graph.Node { return graph.MulScalar(inverseErf(x), math.Sqrt2) }

// The polynomials of inverseErf, highest power first: in w − 2.5 for the middle, in √w − 3 for the tails.
var (
	middle = []float64{2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
		-0.00417768164, 0.246640727, 1.50140941}
	tails = []float64{-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
		0.00943887047, 1.00167406, 2.83297682}
)

// inverseErf is erf⁻¹(x) in single precision (Giles 2012): x times a polynomial in w = −log(1 − x²), one for w < 5 and one
// beyond. Nothing but products, a logarithm and a root: a few times faster than sines and cosines.
func inverseErf(x *graph.Node) *graph.Node {
	const widest = 16.64 // w at the largest |x| that differs from 1 in float32
	w := graph.Neg(graph.Log(graph.Mul(graph.OneMinus(x), graph.OnePlus(x))))
	w = graph.MinScalar(w, widest)
	isTail := graph.GreaterOrEqual(w, graph.Scalar(w.Graph(), w.DType(), 5))
	p := graph.Where(isTail,
		polynomial(tails, graph.AddScalar(graph.Sqrt(w), -3)),
		polynomial(middle, graph.AddScalar(w, -2.5)))
	return graph.Mul(p, x)
}

// polynomial evaluates one by Horner's scheme.
func polynomial(coefficients []float64, x *graph.Node) *graph.Node {
	sum := graph.AddScalar(graph.MulScalar(x, coefficients[0]), coefficients[1])
	for _, c := range coefficients[2:] {
		sum = graph.AddScalar(graph.Mul(sum, x), c)
	}
	return sum
}
