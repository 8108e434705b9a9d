package models

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// ConditionalAutoencoder is an energy with noise levels whose network goes from points to points: with s the standard deviation
// of the data,
//
//	E(x, σ) = ½‖x‖²/(s² + σ²) + ½D·log 2π(s² + σ²) − (s/σ)·⟨u, f(u, σ)⟩ + e(σ),  u = x/√(s² + σ²),
//
// the Gaussian and the offset of a [ConditionalMLP], and f like its network but for the width of its last layer. Of energies
// made of denoisers this inner product is one (Du et al. 2023, section 4; Salimans & Ho 2021 have a squared distance): f, at the
// scale at which it stands, is what the denoiser of Karras et al. 2022 learns. In many dimensions, where the score is most of
// the energy, it is learned faster than a network with one output.
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
		Parameter{fmt.Sprintf("layers.%d.weight", len(m.Hidden)), []int{in, dim}, uniform(in*dim, 1/math.Sqrt(float64(in)))},
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
	agreement := graph.ReduceSum(graph.Mul(u, affine(h, last[0], last[1])), -1)
	return graph.Sub(m.gaussian(last[2], x, variance, features), graph.Mul(agreement, graph.Square(outward)))
}

// ScoreAt implements LevelScorer: d⟨u, f(u)⟩/du = f + (df/du)ᵀu, the second by the chain rule from the last layer back to the
// first.
func (m *ConditionalAutoencoder) ScoreAt(theta []*graph.Node, x, sigma *graph.Node, _ bool) *graph.Node {
	features := m.features(sigma)
	inward, outward, variance := m.scales(sigma)
	u := graph.Mul(x, graph.InsertAxes(inward, -1))
	h := u
	layers, slopes := make([]levelled, len(m.Hidden)), make([]*graph.Node, len(m.Hidden))
	for i := range layers {
		layers[i] = newLevelled(theta[4*i:], features)
		h, slopes[i] = activations[m.Activation].both(layers[i].apply(h))
	}
	last := theta[4*len(m.Hidden):]
	g := graph.Add(affine(h, last[0], last[1]), back(layers, slopes, productTransposed(u, last[0])))
	network := graph.Mul(g, graph.InsertAxes(graph.Mul(inward, graph.Square(outward)), -1))
	return graph.Sub(network, graph.Div(x, graph.InsertAxes(variance, -1)))
}
