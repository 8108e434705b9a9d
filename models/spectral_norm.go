package models

import (
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// gramIterations is the number of squarings of the bound of a spectral norm, which is too large by a factor of at most
// r^(1/2^(n+2)) for a matrix of rank r: of 1.03 for r = 64.
const gramIterations = 5

// spectralBound is a bound from above of the largest singular value of a matrix w [in, out]: a scalar, or [replicas]. It is the Gram
// iteration of Delattre et al. 2023 (algorithm 1): with Gₖ = (WᵀW)^(2ᵏ), σ² ≤ ‖Gₖ‖_F^(1/2ᵏ) ≤ r^(1/2^(k+1))·σ². Unlike a power
// iteration it needs no vector to start from, is never too small, and has a derivative that is right as it stands.
func spectralBound(w *graph.Node) *graph.Node {
	norm := frobenius(w)
	log := graph.MulScalar(graph.Log(norm), 2) // of what the squares have been divided by, which keeps them finite
	square := gram(graph.Div(w, norm))
	for i := range gramIterations + 1 {
		norm = frobenius(square)
		if log = graph.Add(log, graph.Log(norm)); i < gramIterations {
			square = gram(graph.Div(square, norm))
			log = graph.MulScalar(log, 2)
		}
	}
	return graph.Squeeze(graph.Exp(graph.DivScalar(log, 2<<gramIterations)), -1, -2)
}

// gram is WᵀW or WWᵀ, whichever is smaller: they have the same singular values but for zeros.
func gram(w *graph.Node) *graph.Node {
	equation := "io,ip->op"
	if w.Shape().Dim(-2) < w.Shape().Dim(-1) {
		equation = "io,jo->ij"
	}
	if w.Rank() > 2 {
		equation = strings.NewReplacer("io", "rio", "ip", "rip", "jo", "rjo", "op", "rop", "ij", "rij").Replace(equation)
	}
	return graph.Einsum(equation, w, w)
}

// frobenius is the norm of a matrix, [1, 1] or [replicas, 1, 1], or a tiny number for zeros.
func frobenius(w *graph.Node) *graph.Node {
	const tiny = 1e-36
	return graph.Sqrt(graph.MaxScalar(graph.ReduceAndKeep(graph.Square(w), graph.ReduceSum, -2, -1), tiny))
}

// normalizedKernel is a kernel [k, k, in, out] divided by the bound of its largest singular value as a matrix [k·k·in, out], which
// is computed in a type.
func normalizedKernel(kernel *graph.Node, dtype dtypes.DType) *graph.Node {
	d := kernel.Shape().Dimensions
	k := len(d)
	w := graph.ConvertDType(kernel, dtype)
	bound := spectralBound(graph.Reshape(w, append(append([]int(nil), d[:k-4]...), d[k-4]*d[k-3]*d[k-2], d[k-1])...))
	w = graph.Div(w, graph.Reshape(bound, append(append([]int(nil), d[:k-4]...), ones(4)...)...))
	return graph.ConvertDType(w, kernel.DType())
}
