package models

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// gramIterations is the number of squarings of the bound of a spectral norm, which is too large by a factor of at most
// r^(1/2^(n+1)) for a matrix of rank r: of 1.07 for r = 64.
const gramIterations = 5

// spectralBound is a bound from above of the largest singular value of a matrix w [in, out]: a scalar, or [replicas]. It is the Gram
// iteration of Delattre et al. 2023 (algorithm 1): with Gₖ = (WᵀW)^(2ᵏ), σ² ≤ ‖Gₖ‖_F^(1/2ᵏ) ≤ r^(1/2^(k+1))·σ². Unlike a power
// iteration it needs no vector to start from, is never too small, and has a derivative that is right as it stands.
func spectralBound(w *graph.Node) *graph.Node {
	in, out := w.Shape().Dim(-2), w.Shape().Dim(-1)
	batched := w.Rank() > 2
	if !batched {
		w = graph.InsertAxes(w, 0)
	}
	square := graph.Einsum("rio,rip->rop", w, w)
	if in < out {
		square = graph.Einsum("rio,rjo->rij", w, w)
	}
	var log *graph.Node // of what the squares have been divided by, which keeps them finite
	for i := range gramIterations + 1 {
		norm := graph.Sqrt(graph.ReduceAndKeep(graph.Square(square), graph.ReduceSum, -2, -1))
		norm = graph.MaxScalar(norm, smallestNorm)
		if log == nil {
			log = graph.Log(norm)
		} else {
			log = graph.Add(graph.MulScalar(log, 2), graph.Log(norm))
		}
		if i < gramIterations {
			square = graph.Div(square, norm)
			square = graph.Einsum("rij,rjk->rik", square, square)
		}
	}
	bound := graph.Exp(graph.DivScalar(log, 2<<gramIterations))
	if bound = graph.Squeeze(bound, -1, -2); !batched {
		bound = graph.Squeeze(bound, 0)
	}
	return bound
}

// smallestNorm stands in for the norm of a matrix of zeros.
const smallestNorm = 1e-30

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
