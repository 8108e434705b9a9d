package models

import (
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"
)

// MLP is a fully connected network with one output: h ← act(h·W + b) for each hidden layer, then E = h·w + b. With classes the
// last layer gives their logits instead.
//
// With a confinement c > 0 the energy gains ½‖x/c‖², a Gaussian of standard deviation c around the origin that makes
// Z finite whatever the network does far from the data.
type MLP struct {
	// Hidden are the widths of the hidden layers.
	Hidden []int `yaml:"hidden" check:"len >= 1, each > 0, each <= 1000000"`
	// Activation is silu, softplus, tanh or gelu. All are smooth: score matching needs second derivatives.
	Activation string `yaml:"activation" check:"in silu|softplus|tanh|gelu"`
	// Confinement is c, in the units of the data as trained on; 0 is none.
	Confinement float64 `yaml:"confinement" check:">= 0"`
	Head        `yaml:",inline"`
}

// NewMLP returns the default settings: two hidden layers of 64, SiLU, no confinement.
func NewMLP() *MLP { return &MLP{Hidden: []int{64, 64}, Activation: "silu"} }

// Parameters implements Energy: layers.I.weight [in, out] and layers.I.bias [out], all drawn from U(−1/√in, 1/√in).
func (m *MLP) Parameters(dim int) ([]Parameter, error) {
	if err := checkActivation(m.Activation); err != nil {
		return nil, err
	}
	var parameters []Parameter
	in := dim
	for i, out := range append(append([]int(nil), m.Hidden...), m.outputs()) {
		parameters = append(parameters, dense(fmt.Sprintf("layers.%d", i), in, out, 1)...)
		in = out
	}
	return parameters, nil
}

func uniform(n int, bound float64) func(*rand.Rand) []float64 {
	return func(r *rand.Rand) []float64 {
		values := make([]float64, n)
		for i := range values {
			values[i] = bound * (2*r.Float64() - 1)
		}
		return values
	}
}

// Energy implements Energy.
func (m *MLP) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confined(m.energy(m.last(theta, x)), x, m.Confinement)
}

// Logits implements Classifier.
func (m *MLP) Logits(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confinedLogits(m.last(theta, x), x, m.Confinement)
}

// last is what the last layer gives: [batch, outputs].
func (m *MLP) last(theta []*graph.Node, x *graph.Node) *graph.Node {
	h := x
	for i := 0; i < len(theta); i += 2 {
		h = affine(h, theta[i], theta[i+1]) // [batch, in] -> [batch, out]
		if i+2 < len(theta) {
			h = activations[m.Activation].value(h)
		}
	}
	return h
}

// Score implements Scorer: the chain rule from the last layer back to the first, with what the way forward has left.
func (m *MLP) Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node {
	layers := len(theta)/2 - 1 // hidden ones
	if layers == 0 {
		return autodiffScore(m, theta, x)
	}
	h, slopes := x, make([]*graph.Node, layers)
	for i := range layers {
		multiply := product
		if final && i == 0 && x.Shape().Dimensions[x.Rank()-1] <= fewInputs {
			multiply = outerProducts
		}
		h, slopes[i] = activations[m.Activation].both(graph.Add(multiply(h, theta[2*i]), row(theta[2*i+1], h)))
	}
	g := graph.Mul(slopes[layers-1], m.slope(theta[2*layers], theta[2*layers+1], h)) // dE/da of the last hidden layer, [batch, width]
	for i := layers - 1; i > 0; i-- {
		g = graph.Mul(productTransposed(g, theta[2*i]), slopes[i-1])
	}
	return confinedScore(graph.Neg(productTransposed(g, theta[0])), x, m.Confinement)
}

// readout is the gradient [1, width] that a last layer [width, 1] gives what goes into it.
func readout(weight, points *graph.Node) *graph.Node { return row(graph.Squeeze(weight, -1), points) }

// fewInputs is the number of coordinates up to which a first layer is fastest as a sum of outer products, which become part
// of the element-wise work behind them: a matrix product of so few terms costs more to call than to compute. Their
// gradients, though, are slow.
const fewInputs = 3

// outerProducts is product as a sum over the coordinates.
func outerProducts(x, w *graph.Node) *graph.Node {
	var sum *graph.Node
	for k := range x.Shape().Dimensions[x.Rank()-1] {
		column := graph.SliceAxis(x, -1, graph.AxisElem(k)) // [batch, 1]
		term := graph.Mul(column, graph.ConvertDType(graph.SliceAxis(w, -2, graph.AxisElem(k)), x.DType()))
		if k > 0 {
			term = graph.Add(sum, term)
		}
		sum = term
	}
	return sum
}
