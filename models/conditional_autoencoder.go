package models

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// ConditionalAutoencoder is an energy with noise levels whose network goes from points to points: with s the standard deviation
// of the data,
//
//	E(x, σ) = ½‖u − (s/σ)·f(u, σ)‖² + ½D·log 2π(s² + σ²) + e(σ),  u = x/√(s² + σ²),
//
// with f like the network of a [ConditionalMLP] but for the width of its last layer, and the offset e of that. Of energies made
// of denoisers the squared distance from what they give is one (Salimans & Ho 2021; Du et al. 2023, section 4). It starts as a
// Gaussian, f = 0, and cannot be without a lower bound, as an inner product of x and f can. In many dimensions, where the score
// is most of the energy, it is learned faster than a network with one output. f scales as the network of the denoiser of Karras
// et al. 2022.
type ConditionalAutoencoder struct {
	// Hidden are the widths of the hidden layers.
	Hidden []int `yaml:"hidden" check:"len >= 1, each > 0, each <= 1000000"`
	// Activation is silu, softplus, tanh or gelu.
	Activation  string `yaml:"activation" check:"in silu|softplus|tanh|gelu"`
	NoiseLevels `yaml:",inline"`
}

// NewConditionalAutoencoder returns the default settings: two hidden layers of 256, levels from 0.05 to 5, data of standard
// deviation 1.
func NewConditionalAutoencoder() *ConditionalAutoencoder {
	return &ConditionalAutoencoder{Hidden: []int{256, 256}, Activation: "gelu", NoiseLevels: newNoiseLevels()}
}

// Parameters implements Energy: those of a ConditionalMLP, whose last layer has as many outputs as inputs here.
func (m *ConditionalAutoencoder) Parameters(dim int) ([]Parameter, error) {
	if err := checkActivation(m.Activation); err != nil {
		return nil, err
	}
	parameters, in := m.hidden(dim, m.Hidden)
	return append(parameters,
		Parameter{fmt.Sprintf("layers.%d.weight", len(m.Hidden)), []int{in, dim}, zeros(in * dim)},
		Parameter{fmt.Sprintf("layers.%d.bias", len(m.Hidden)), []int{dim}, zeros(dim)},
		Parameter{"offset", []int{m.Embedding}, zeros(m.Embedding)}), nil
}

// Energy implements Energy, at the smallest level.
func (m *ConditionalAutoencoder) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return m.EnergyAt(theta, x, m.smallest(x))
}

// Score implements Scorer, at the smallest level.
func (m *ConditionalAutoencoder) Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node {
	return m.ScoreAt(theta, x, m.smallest(x), final)
}

// EnergyAt implements Conditional.
func (m *ConditionalAutoencoder) EnergyAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	features := m.features(sigma)
	inward, outward, variance := m.scales(sigma)
	u := graph.Mul(x, graph.InsertAxes(inward, -1))
	h := u
	for i := range m.Hidden {
		h = activations[m.Activation].value(newLevelled(theta[4*i:], features).apply(h))
	}
	last := theta[4*len(m.Hidden):]
	f := graph.Mul(affine(h, last[0], last[1]), graph.InsertAxes(graph.Square(outward), -1))
	network := graph.ReduceSum(graph.Mul(f, graph.Sub(graph.MulScalar(f, 0.5), u)), -1) // ½‖f‖² − ⟨u, f⟩
	return graph.Add(m.gaussian(last[2], x, variance, features), network)
}

// ScoreAt implements LevelScorer: with r = u − f, of ½‖r‖² the slope is r − (df/du)ᵀr, the second by the chain rule from the last
// layer back to the first.
func (m *ConditionalAutoencoder) ScoreAt(theta []*graph.Node, x, sigma *graph.Node, _ bool) *graph.Node {
	features := m.features(sigma)
	inward, outward, _ := m.scales(sigma)
	u := graph.Mul(x, graph.InsertAxes(inward, -1))
	h := u
	layers, slopes := make([]levelled, len(m.Hidden)), make([]*graph.Node, len(m.Hidden))
	for i := range layers {
		layers[i] = newLevelled(theta[4*i:], features)
		h, slopes[i] = activations[m.Activation].both(layers[i].apply(h))
	}
	last := theta[4*len(m.Hidden):]
	scale := graph.InsertAxes(graph.Square(outward), -1)
	r := graph.Sub(u, graph.Mul(affine(h, last[0], last[1]), scale))
	g := back(layers, slopes, productTransposed(graph.Mul(r, scale), last[0]))
	return graph.Mul(graph.Sub(g, r), graph.InsertAxes(inward, -1))
}
