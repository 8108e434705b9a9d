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
	Activation  string `yaml:"activation" check:"in silu|softplus|tanh|gelu"`
	NoiseLevels `yaml:",inline"`
}

// NewConditionalMLP returns the default settings: two hidden layers of 64, levels from 0.05 to 5, data of standard deviation 1.
func NewConditionalMLP() *ConditionalMLP {
	return &ConditionalMLP{Hidden: []int{64, 64}, Activation: "silu", NoiseLevels: newNoiseLevels()}
}

// Parameters implements Energy: layers.I.weight [in, out] and layers.I.bias [out] as those of an MLP; for hidden layers
// layers.I.gain [m, out] and layers.I.shift [m, out], G and B; and offset [m], w. The last three start at 0.
func (m *ConditionalMLP) Parameters(dim int) ([]Parameter, error) {
	if err := checkActivation(m.Activation); err != nil {
		return nil, err
	}
	parameters, in := m.hidden(dim, m.Hidden)
	return append(parameters,
		Parameter{fmt.Sprintf("layers.%d.weight", len(m.Hidden)), []int{in, 1}, uniform(in, 1/math.Sqrt(float64(in)))},
		Parameter{fmt.Sprintf("layers.%d.bias", len(m.Hidden)), []int{1}, zeros(1)},
		Parameter{"offset", []int{m.Embedding}, zeros(m.Embedding)}), nil
}

// Energy implements Energy, at the smallest level.
func (m *ConditionalMLP) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return m.EnergyAt(theta, x, m.smallest(x))
}

// Score implements Scorer, at the smallest level.
func (m *ConditionalMLP) Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node {
	return m.ScoreAt(theta, x, m.smallest(x), final)
}

// EnergyAt implements Conditional.
func (m *ConditionalMLP) EnergyAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	features := m.features(sigma)
	inward, outward, variance := m.scales(sigma)
	h := graph.Mul(x, graph.InsertAxes(inward, -1))
	for i := range m.Hidden {
		h = activations[m.Activation].value(newLevelled(theta[4*i:], features).apply(h))
	}
	last := theta[4*len(m.Hidden):]
	network := graph.Mul(graph.Squeeze(affine(h, last[0], last[1]), -1), outward)
	return graph.Add(m.gaussian(last[2], x, variance, features), network)
}

// ScoreAt implements LevelScorer: the chain rule from the last layer back to the first.
func (m *ConditionalMLP) ScoreAt(theta []*graph.Node, x, sigma *graph.Node, _ bool) *graph.Node {
	features := m.features(sigma)
	inward, outward, variance := m.scales(sigma)
	h := graph.Mul(x, graph.InsertAxes(inward, -1))
	layers, slopes := make([]levelled, len(m.Hidden)), make([]*graph.Node, len(m.Hidden))
	for i := range layers {
		layers[i] = newLevelled(theta[4*i:], features)
		h, slopes[i] = activations[m.Activation].both(layers[i].apply(h))
	}
	g := back(layers, slopes, readout(theta[4*len(layers)], h)) // dn/dh
	network := graph.Mul(g, graph.InsertAxes(graph.Mul(inward, outward), -1))
	return graph.Neg(graph.Add(graph.Div(x, graph.InsertAxes(variance, -1)), network))
}

// levelled is a hidden layer at noise levels: h -> (h·W + b)·gain + shift, with [batch, width] of each of the last two.
type levelled struct{ weight, bias, gain, shift *graph.Node }

func newLevelled(theta []*graph.Node, features *graph.Node) levelled {
	return levelled{theta[0], theta[1], graph.OnePlus(product(features, theta[2])), product(features, theta[3])}
}

func (l levelled) apply(h *graph.Node) *graph.Node {
	return graph.Add(graph.Mul(affine(h, l.weight, l.bias), l.gain), l.shift)
}

// hidden are the parameters of hidden layers of the given widths, four for each, and the width that the last leaves.
func (n *NoiseLevels) hidden(in int, widths []int) (parameters []Parameter, out int) {
	for i, out := range widths {
		name := fmt.Sprintf("layers.%d", i)
		parameters = append(append(parameters, dense(name, in, out, 1)...), modulation(name, n.Embedding, out)...)
		in = out
	}
	return parameters, in
}

// back takes a gradient by what hidden layers give to one by what they are given. slopes are the derivatives of their
// activations.
func back(layers []levelled, slopes []*graph.Node, g *graph.Node) *graph.Node {
	for i := len(layers) - 1; i >= 0; i-- {
		g = productTransposed(graph.Mul(graph.Mul(g, slopes[i]), layers[i].gain), layers[i].weight)
	}
	return g
}
