package models

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// RBM is the free energy of a Gaussian–Bernoulli restricted Boltzmann machine (Hinton & Salakhutdinov 2006): with visible
// units x of standard deviation s and hidden units hⱼ of 0 or 1,
//
//	E(x, h) = ½‖(x − b)/s‖² − h·(c + (x/s)·W),
//	E(x) = −log Σₕ exp(−E(x, h)) = ½‖(x − b)/s‖² − Σⱼ softplus(cⱼ + (x/s)·Wⱼ).
//
// Its density is a mixture of 2^H Gaussians of variance s², a product of H experts (Hinton 2002), and
//
//	Z = (2πs²)^(D/2) Σₕ exp(c·h + (b/s)·Wh + ½‖Wh‖²).
//
// Visible units are real numbers, as all data here.
type RBM struct {
	// Hidden is H, the number of hidden units.
	Hidden int `yaml:"hidden" check:"> 0, <= 1000000"`
	// Std is s, in the units of the data as trained on.
	Std float64 `yaml:"std" check:"> 0"`
}

// NewRBM returns the default settings: 64 hidden units, and visible ones of standard deviation 1.
func NewRBM() *RBM { return &RBM{Hidden: 64, Std: 1} }

// Parameters implements Energy: weight [D, H], drawn from U(−1/√(DH), 1/√(DH)) so that all units together begin small,
// visible_bias [D], b, and hidden_bias [H], c, both from 0.
func (m *RBM) Parameters(dim int) ([]Parameter, error) {
	size := dim * m.Hidden
	return []Parameter{
		{"weight", []int{dim, m.Hidden}, uniform(size, 1/math.Sqrt(float64(size)))},
		{"visible_bias", []int{dim}, zeros(dim)},
		{"hidden_bias", []int{m.Hidden}, zeros(m.Hidden)},
	}, nil
}

// Energy implements Energy.
func (m *RBM) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	d := graph.DivScalar(graph.Sub(x, row(theta[1], x)), m.Std)
	units := softplus(m.inputs(theta, x))
	return graph.Sub(graph.MulScalar(graph.ReduceSum(graph.Square(d), -1), 0.5), graph.ReduceSum(units, -1))
}

// inputs are those of the hidden units, [batch, H].
func (m *RBM) inputs(theta []*graph.Node, x *graph.Node) *graph.Node {
	return affine(graph.DivScalar(x, m.Std), theta[0], theta[2])
}

// Score implements Scorer: −(x − b)/s² + (W/s)·sigmoid(c + (x/s)·W).
func (m *RBM) Score(theta []*graph.Node, x *graph.Node, _ bool) *graph.Node {
	pull := graph.DivScalar(graph.Sub(row(theta[1], x), x), m.Std*m.Std)
	units := productTransposed(graph.Sigmoid(m.inputs(theta, x)), theta[0])
	return graph.Add(pull, graph.DivScalar(units, m.Std))
}
