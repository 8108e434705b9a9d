package models

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// ConditionalMLP is a fully connected network with a noise level σ: with s the standard deviation of the data,
//
//	E(x, σ) = ½‖x‖²/(s² + σ²) + ½D·log 2π(s² + σ²) + √(s/σ)·n(x/√(s² + σ²), σ) + e(σ),
//
// a Gaussian, the one that data with noise become at large σ and far away, plus a network n and an offset e. Its input is
// scaled as that of the denoiser of Karras et al. 2022 (section 5). Their output scale, integrated, would be s/σ: right for
// scores of order 1/σ, as those of data on a surface, but its noise spoils the energies where data are smooth on the scale of
// σ. The root stands between both.
//
// The level acts on each hidden layer, h ← act((h·W + b)(1 + c·G) + c·B), and on e = c·w, through features c of it that are
// smooth in σ: cosines of log σ from cos 0 to cos(m−1)π over the range of levels.
type ConditionalMLP struct {
	// Hidden are the widths of the hidden layers.
	Hidden []int `yaml:"hidden" check:"len >= 1, each > 0, each <= 1000000"`
	// Activation is silu, softplus, tanh or gelu.
	Activation string `yaml:"activation" check:"in silu|softplus|tanh|gelu"`
	// SigmaMin and SigmaMax are the levels that the energy is for, in the units of the data as trained on.
	SigmaMin float64 `yaml:"sigma_min" check:"> 0"`
	SigmaMax float64 `yaml:"sigma_max" check:"> 0"`
	// DataStd is s.
	DataStd float64 `yaml:"data_std" check:"> 0"`
	// Embedding is m, the number of features of the level.
	Embedding int `yaml:"embedding" check:"> 0, <= 10000"`
}

// NewConditionalMLP returns the default settings: two hidden layers of 64, levels from 0.05 to 5, data of standard deviation 1.
func NewConditionalMLP() *ConditionalMLP {
	return &ConditionalMLP{Hidden: []int{64, 64}, Activation: "silu", SigmaMin: 0.05, SigmaMax: 5, DataStd: 1, Embedding: 8}
}

// Check reports levels that are no range.
func (m *ConditionalMLP) Check(report func(key, problem string)) {
	if m.SigmaMin >= m.SigmaMax {
		report("sigma_max", fmt.Sprintf("is %v; it has to be above sigma_min, which is %v", m.SigmaMax, m.SigmaMin))
	}
}

// Levels implements Conditional.
func (m *ConditionalMLP) Levels() (smallest, largest float64) { return m.SigmaMin, m.SigmaMax }

// Parameters implements Energy: layers.I.weight [in, out] and layers.I.bias [out] as those of an MLP; for hidden layers
// layers.I.gain [m, out] and layers.I.shift [m, out], G and B; and offset [m], w. The last three start at 0.
func (m *ConditionalMLP) Parameters(dim int) ([]Parameter, error) {
	if err := checkActivation(m.Activation); err != nil {
		return nil, err
	}
	var parameters []Parameter
	in := dim
	for i, out := range m.Hidden {
		bound := 1 / math.Sqrt(float64(in))
		parameters = append(parameters,
			Parameter{fmt.Sprintf("layers.%d.weight", i), []int{in, out}, uniform(in*out, bound)},
			Parameter{fmt.Sprintf("layers.%d.bias", i), []int{out}, uniform(out, bound)},
			Parameter{fmt.Sprintf("layers.%d.gain", i), []int{m.Embedding, out}, zeros(m.Embedding * out)},
			Parameter{fmt.Sprintf("layers.%d.shift", i), []int{m.Embedding, out}, zeros(m.Embedding * out)})
		in = out
	}
	return append(parameters,
		Parameter{fmt.Sprintf("layers.%d.weight", len(m.Hidden)), []int{in, 1}, uniform(in, 1/math.Sqrt(float64(in)))},
		Parameter{fmt.Sprintf("layers.%d.bias", len(m.Hidden)), []int{1}, zeros(1)},
		Parameter{"offset", []int{m.Embedding}, zeros(m.Embedding)}), nil
}

// Energy implements Energy, at the smallest level.
func (m *ConditionalMLP) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return m.EnergyAt(theta, x, shared(graph.Scalar(x.Graph(), x.DType(), m.SigmaMin), x))
}

// EnergyAt implements Conditional.
func (m *ConditionalMLP) EnergyAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	dim := float64(x.Shape().Dimensions[x.Rank()-1])
	variance := graph.AddScalar(graph.Square(sigma), m.DataStd*m.DataStd) // s² + σ²
	features := m.features(sigma)
	h := graph.Mul(x, graph.InsertAxes(graph.Inverse(graph.Sqrt(variance)), -1))
	for i := range m.Hidden {
		layer := theta[4*i:]
		h = affine(h, layer[0], layer[1])
		h = graph.Mul(h, graph.OnePlus(product(features, layer[2])))
		h = activations[m.Activation].value(graph.Add(h, product(features, layer[3])))
	}
	last := theta[4*len(m.Hidden):]
	network := graph.Squeeze(affine(h, last[0], last[1]), -1) // [batch]
	network = graph.Mul(network, graph.Sqrt(graph.MulScalar(graph.Inverse(sigma), m.DataStd)))
	offset := graph.ReduceSum(graph.Mul(features, row(last[2], features)), -1)
	offset = graph.Add(offset, graph.MulScalar(graph.Log(graph.MulScalar(variance, 2*math.Pi)), 0.5*dim))
	gaussian := graph.MulScalar(graph.Div(graph.ReduceSum(graph.Square(x), -1), variance), 0.5)
	return graph.Add(graph.Add(gaussian, network), offset)
}

// features are cos(kπt), k = 0 … m−1, of the place t of log σ between the smallest level, 0, and the largest, 1: [batch, m].
func (m *ConditionalMLP) features(sigma *graph.Node) *graph.Node {
	frequencies := make([]float64, m.Embedding)
	for k := range frequencies {
		frequencies[k] = math.Pi * float64(k)
	}
	place := graph.AddScalar(graph.Log(sigma), -math.Log(m.SigmaMin))
	place = graph.InsertAxes(graph.DivScalar(place, math.Log(m.SigmaMax/m.SigmaMin)), -1) // [batch, 1]
	return graph.Cos(graph.Mul(place, row(graph.Const(sigma.Graph(), frequencies), place)))
}
