package models

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// ConditionalMLP is a fully connected network with a noise level σ: the n of [NoiseLevels], with a = √(s/σ). The output scale
// of Karras et al. 2022, integrated, would be s/σ: right for scores of order 1/σ, as those of data on a surface, but its noise
// spoils the energies where data are smooth on the scale of σ. The root stands between both.
type ConditionalMLP struct {
	// Hidden are the widths of the hidden layers.
	Hidden []int `yaml:"hidden" check:"len >= 1, each > 0, each <= 1000000"`
	// Activation is silu, softplus, tanh or gelu.
	Activation  string `yaml:"activation" check:"in silu|softplus|tanh|gelu"`
	NoiseLevels `yaml:",inline"`
}

// NewConditionalMLP returns the default settings: two hidden layers of 64, levels from 0.05 to 5, data of standard deviation 1.
func NewConditionalMLP() *ConditionalMLP {
	return &ConditionalMLP{Hidden: []int{64, 64}, Activation: "silu", NoiseLevels: defaultLevels}
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
	h := m.inward(x, sigma)
	for i := range m.Hidden {
		h = activations[m.Activation].value(newLevelled(theta[4*i:], features).apply(h))
	}
	last := theta[4*len(m.Hidden):]
	network := graph.Mul(graph.Squeeze(affine(h, last[0], last[1]), -1), graph.Sqrt(m.ratio(sigma)))
	return graph.Add(m.gaussian(x, sigma), graph.Add(network, m.offset(last[2], features)))
}

// ScoreAt implements LevelScorer: the chain rule from the last layer back to the first.
func (m *ConditionalMLP) ScoreAt(theta []*graph.Node, x, sigma *graph.Node, _ bool) *graph.Node {
	features := m.features(sigma)
	h := m.inward(x, sigma)
	layers, slopes := make([]levelled, len(m.Hidden)), make([]*graph.Node, len(m.Hidden))
	for i := range layers {
		layers[i] = newLevelled(theta[4*i:], features)
		h, slopes[i] = activations[m.Activation].both(layers[i].apply(h))
	}
	g := back(layers, slopes, readout(theta[4*len(layers)], h))
	return m.outward(x, sigma, graph.Mul(g, graph.InsertAxes(graph.Sqrt(m.ratio(sigma)), -1)))
}
