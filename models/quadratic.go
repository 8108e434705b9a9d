package models

import (
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"
)

// Quadratic is E(x) = ½ (x−μ)ᵀΛ(x−μ): a Gaussian with mean μ and precision (inverse covariance) Λ.
//
// What the settings leave out is learned. Λ is kept positive definite as FFᵀ, F being the parameter.
type Quadratic struct {
	// Mean is μ; empty: learned, starting at 0.
	Mean []float64 `yaml:"mean"`
	// Precision is Λ, symmetric and positive definite; empty: learned, starting at the identity.
	Precision [][]float64 `yaml:"precision"`
}

// NewQuadratic returns a Quadratic whose mean and precision are both learned.
func NewQuadratic() *Quadratic { return &Quadratic{} }

// Check reports settings that are no Gaussian.
func (q *Quadratic) Check(report func(key, problem string)) {
	if len(q.Precision) == 0 {
		return
	}
	if len(q.Mean) > 0 && len(q.Mean) != len(q.Precision) {
		report("precision", fmt.Sprintf("has %d rows, and mean has %d coordinates", len(q.Precision), len(q.Mean)))
	}
	for i, row := range q.Precision {
		if len(row) != len(q.Precision) {
			report("precision", fmt.Sprintf("row %d has %d entries; a precision of %d rows is %d by %d", i+1, len(row), len(q.Precision), len(q.Precision), len(q.Precision)))
			return
		}
		for j := range i {
			if row[j] != q.Precision[j][i] {
				report("precision", fmt.Sprintf("is not symmetric: entry (%d, %d) is %v and entry (%d, %d) is %v", i+1, j+1, row[j], j+1, i+1, q.Precision[j][i]))
				return
			}
		}
	}
	if !positiveDefinite(q.Precision) {
		report("precision", "is not positive definite; exp(−E) would have no finite integral")
	}
}

// positiveDefinite tries a Cholesky decomposition of a symmetric matrix.
func positiveDefinite(rows [][]float64) bool {
	n := len(rows)
	a := mat.NewSymDense(n, nil)
	for i, row := range rows {
		for j := range i + 1 {
			a.SetSym(i, j, row[j])
		}
	}
	var c mat.Cholesky
	return c.Factorize(a)
}

// Parameters implements Energy: mean [dim] and precision_factor [dim, dim], as far as they are learned.
func (q *Quadratic) Parameters(dim int) ([]Parameter, error) {
	var parameters []Parameter
	switch len(q.Mean) {
	case 0:
		parameters = append(parameters, Parameter{"mean", []int{dim}, constant(make([]float64, dim)...)})
	case dim:
	default:
		return nil, fmt.Errorf("model.mean has %d coordinates, and the data %d", len(q.Mean), dim)
	}
	switch len(q.Precision) {
	case 0:
		parameters = append(parameters, Parameter{"precision_factor", []int{dim, dim}, identity(dim)})
	case dim:
	default:
		return nil, fmt.Errorf("model.precision has %d rows, and the data %d coordinates", len(q.Precision), dim)
	}
	return parameters, nil
}

// identity is an Init that ignores the generator. It makes the matrix only when asked: dim may be what a damaged file says.
func identity(dim int) func(*rand.Rand) []float64 {
	return func(*rand.Rand) []float64 {
		values := make([]float64, dim*dim)
		for i := range dim {
			values[i*dim+i] = 1
		}
		return values
	}
}

// Energy implements Energy.
func (q *Quadratic) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	g, dtype := x.Graph(), x.DType()
	var mean *graph.Node
	if len(q.Mean) == 0 {
		mean, theta = theta[0], theta[1:]
	} else {
		mean = graph.Const(g, q.Mean)
	}
	d := graph.Sub(x, row(mean, x)) // [batch, dim]
	if len(q.Precision) == 0 {
		factored := product(d, theta[0]) // (x−μ)ᵀF: [batch, dim]
		return graph.MulScalar(graph.ReduceSum(graph.Square(factored), -1), 0.5)
	}
	precision := graph.ConvertDType(graph.Const(g, q.Precision), dtype)
	return graph.MulScalar(graph.ReduceSum(graph.Mul(product(d, precision), d), -1), 0.5)
}
