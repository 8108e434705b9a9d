// Package stein has the Stein kernels of smooth kernels, as graphs.
//
// Of a density p with the score s, a kernel k becomes
//
//	u(x, y) = s(x)ᵀ k s(y) + s(x)ᵀ∇_y k + s(y)ᵀ∇_x k + tr ∇_x∇_yᵀ k
//
// whose expectation over y ~ p is 0 for every x. Its expectation over independent x and y from some q is the squared
// kernelised Stein discrepancy of q and p, which is 0 for q = p alone (Liu, Lee & Jordan 2016; Chwialkowski et al. 2016);
// the constant of p is not needed.
package stein

import "github.com/gomlx/gomlx/core/graph"

// Kernel is a function k = φ(‖x − y‖²) of the distance alone.
type Kernel interface {
	// Derivatives are φ, φ' and φ'' at squared distances q of any shape.
	Derivatives(q *graph.Node) (value, first, second *graph.Node)
}

// IMQ is the inverse multiquadric (1 + ‖x − y‖²/ℓ²)^β. With −1 < β < 0 its discrepancy sees whatever convergence there is
// not (Gorham & Mackey 2017), which faster decaying kernels do not in many dimensions.
type IMQ struct {
	Bandwidth *graph.Node // ℓ, a scalar or of a shape that fits q
	Exponent  float64     // β
}

// Derivatives implements Kernel.
func (k IMQ) Derivatives(q *graph.Node) (value, first, second *graph.Node) {
	square := graph.Square(k.Bandwidth)
	base := graph.OnePlus(graph.Div(q, square))
	value = graph.Exp(graph.MulScalar(graph.Log(base), k.Exponent))
	scaled := graph.Mul(base, square)
	first = graph.MulScalar(graph.Div(value, scaled), k.Exponent)
	return value, first, graph.MulScalar(graph.Div(first, scaled), k.Exponent-1)
}

// RBF is the Gaussian kernel exp(−‖x − y‖²/(2ℓ²)).
type RBF struct {
	Bandwidth *graph.Node // ℓ, a scalar or of a shape that fits q
}

// Derivatives implements Kernel.
func (k RBF) Derivatives(q *graph.Node) (value, first, second *graph.Node) {
	rate := graph.MulScalar(graph.Reciprocal(graph.Square(k.Bandwidth)), -0.5)
	value = graph.Exp(graph.Mul(q, rate))
	first = graph.Mul(value, rate)
	return value, first, graph.Mul(first, rate)
}

// Matrix is u of each of some points x with each of some points y, given the scores at them: all [n, dim] and [m, dim] give
// [n, m], or with replicas in front. No more than such matrices is made, whatever dim.
func Matrix(kernel Kernel, x, scoreX, y, scoreY *graph.Node) *graph.Node {
	dim := x.Shape().Dimensions[x.Rank()-1]
	// Only differences matter: around their middle the points are smallest, and so is the rounding.
	middle := graph.StopGradient(graph.ReduceAndKeep(y, graph.ReduceMean, -2))
	x, y = graph.Sub(x, middle), graph.Sub(y, middle)
	q := graph.Sub(sums(norms(x), norms(y)), graph.MulScalar(products(x, y), 2))
	value, first, second := kernel.Derivatives(graph.MaxScalar(q, 0))
	// (s(x) − s(y))ᵀ(x − y)
	along := graph.Sub(sums(dots(scoreX, x), dots(scoreY, y)), graph.Add(products(scoreX, y), products(x, scoreY)))
	u := graph.Mul(value, products(scoreX, scoreY))
	u = graph.Sub(u, graph.MulScalar(graph.Mul(first, graph.AddScalar(along, float64(dim))), 2))
	return graph.Sub(u, graph.MulScalar(graph.Mul(q, second), 4))
}

// products are all inner products of rows: [n, dim], [m, dim] -> [n, m].
func products(a, b *graph.Node) *graph.Node {
	if a.Rank() == 2 {
		return graph.Einsum("nd,md->nm", a, b)
	}
	return graph.Einsum("rnd,rmd->rnm", a, b)
}

// dots are the inner products row by row, and norms those of rows with themselves: [n, dim] -> [n].
func dots(a, b *graph.Node) *graph.Node { return graph.ReduceSum(graph.Mul(a, b), -1) }
func norms(a *graph.Node) *graph.Node   { return dots(a, a) }

// sums are all sums of two numbers: [n], [m] -> [n, m].
func sums(a, b *graph.Node) *graph.Node {
	return graph.Add(graph.InsertAxes(a, -1), graph.InsertAxes(b, -2))
}
