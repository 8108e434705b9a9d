package trainers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// matrix is a parameter with rows and columns.
type matrix struct {
	index   int // among the model's parameters
	name    string
	columns int
}

// matricesOf are those of a model's parameters that are matrices.
func matricesOf(parameters []models.Parameter) []matrix {
	var matrices []matrix
	for i, p := range parameters {
		if len(p.Shape) == 2 {
			matrices = append(matrices, matrix{i, p.Name, p.Shape[1]})
		}
	}
	return matrices
}

// spectral is the sum of the squares of the largest singular values of matrices, each estimated by one step of the power
// method from the vector of the step before (Yoshida & Miyato 2017): a scalar, or [replicas]. The vectors, [columns] each,
// come back moved on.
func spectral(matrices []matrix, theta, vectors []*graph.Node) (sum *graph.Node, moved []*graph.Node) {
	for i, m := range matrices {
		v := vectors[i]
		w := graph.ConvertDType(theta[m.index], v.DType()) // [rows, columns]
		fixed := graph.StopGradient(w)
		u := unit(times(fixed, v, -2))
		v = unitOr(times(fixed, u, -1), v)
		sigma := graph.ReduceSum(graph.Mul(times(w, v, -2), u), -1) // uᵀWv
		moved = append(moved, v)
		if sum == nil {
			sum = graph.Square(sigma)
		} else {
			sum = graph.Add(sum, graph.Square(sigma))
		}
	}
	return sum, moved
}

// times multiplies a matrix with a vector: W v over its columns for the axis −2, [columns] -> [rows], and Wᵀu over its rows
// for the axis −1, [rows] -> [columns].
func times(w, vector *graph.Node, insert int) *graph.Node {
	summed := -1
	if insert == -1 {
		summed = -2
	}
	return graph.ReduceSum(graph.Mul(w, graph.BroadcastToDims(graph.InsertAxes(vector, insert), w.Shape().Dimensions...)), summed)
}

// unitOr is unit, and where a vector has no length the other one: of a matrix of zeros no direction comes, and it may not stay
// one.
func unitOr(v, other *graph.Node) *graph.Node {
	none := graph.Equal(graph.ReduceAndKeep(graph.Abs(v), graph.ReduceMax, -1), graph.ScalarZero(v.Graph(), v.DType()))
	return graph.Where(graph.BroadcastToDims(none, v.Shape().Dimensions...), other, unit(v))
}

// unit scales vectors to length 1. One of length 0 stays.
func unit(v *graph.Node) *graph.Node {
	norm := graph.Sqrt(graph.ReduceAndKeep(graph.Square(v), graph.ReduceSum, -1))
	return graph.Div(v, graph.BroadcastToDims(graph.MaxScalar(norm, 1e-12), v.Shape().Dimensions...))
}
