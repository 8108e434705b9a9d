package models

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// ConditionalAutoencoder is an energy with noise levels whose network goes from points to points: with s the standard deviation
// of the data,
//
//	E(x, σ) = ½‖r‖² + ½D·log 2π(s² + σ²) + e(σ),  r = u − (s/σ)·(n(u, σ) + a(σ)⊙u + b(σ)),  u = x/√(s² + σ²),
//
// with n like the network of a [ConditionalMLP] but for the width of its last layer, and the offset e of that. Of energies made
// of denoisers the squared distance from what they give is one (Salimans & Ho 2021; Du et al. 2023, section 4): at small σ, where
// r can be (x − D(x))/σ, a hands on the point itself, so that n need not. The energy starts as a Gaussian, n = a = b = 0, and
// cannot be without a lower bound, as an inner product of x and n can. In many dimensions, where the score is most of the
// energy, it is learned faster than a network with one output. The factor s/σ is that of the denoiser of Karras et al. 2022.
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

// Parameters implements Energy: those of a ConditionalMLP, whose last layer has as many outputs as inputs here, with skip.gain
// and skip.shift [m, D], of a and b. The last layer's weights start at 0, as do these.
func (m *ConditionalAutoencoder) Parameters(dim int) ([]Parameter, error) {
	if err := checkActivation(m.Activation); err != nil {
		return nil, err
	}
	parameters, in := m.hidden(dim, m.Hidden)
	return append(parameters,
		Parameter{fmt.Sprintf("layers.%d.weight", len(m.Hidden)), []int{in, dim}, zeros(in * dim)},
		Parameter{fmt.Sprintf("layers.%d.bias", len(m.Hidden)), []int{dim}, zeros(dim)},
		Parameter{"offset", []int{m.Embedding}, zeros(m.Embedding)},
		Parameter{"skip.gain", []int{m.Embedding, dim}, zeros(m.Embedding * dim)},
		Parameter{"skip.shift", []int{m.Embedding, dim}, zeros(m.Embedding * dim)}), nil
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
	p := m.pass(theta, x, sigma)
	squares := graph.MulScalar(graph.ReduceSum(graph.Square(p.residual), -1), 0.5)
	return graph.Add(squares, m.level(p.last[2], p.variance, p.features, x.Shape().Dimensions[x.Rank()-1]))
}

// ScoreAt implements LevelScorer: of ½‖r‖² the slope by u is (dr/du)ᵀr, through the network by the chain rule from the last layer
// back to the first.
func (m *ConditionalAutoencoder) ScoreAt(theta []*graph.Node, x, sigma *graph.Node, _ bool) *graph.Node {
	p := m.pass(theta, x, sigma)
	g := graph.Mul(p.residual, p.outward)
	g = graph.Add(graph.Mul(g, p.gain), back(p.layers, p.slopes, productTransposed(g, p.last[0])))
	return graph.Mul(graph.Sub(g, p.residual), p.inward)
}

// autoencoded is a pass of points through the network.
type autoencoded struct {
	layers             []levelled
	slopes             []*graph.Node // of the activations
	last               []*graph.Node // parameters after the hidden layers'
	features, variance *graph.Node
	gain, residual     *graph.Node // a and r [batch, dim]
	inward, outward    *graph.Node // 1/√(s² + σ²) and s/σ [batch, 1]
}

func (m *ConditionalAutoencoder) pass(theta []*graph.Node, x, sigma *graph.Node) autoencoded {
	p := autoencoded{features: m.features(sigma), last: theta[4*len(m.Hidden):]}
	inward, root, variance := m.scales(sigma)
	p.inward, p.outward, p.variance = graph.InsertAxes(inward, -1), graph.InsertAxes(graph.Square(root), -1), variance
	u := graph.Mul(x, p.inward)
	h := u
	for i := range m.Hidden {
		layer := newLevelled(theta[4*i:], p.features)
		value, slope := activations[m.Activation].both(layer.apply(h))
		h, p.layers, p.slopes = value, append(p.layers, layer), append(p.slopes, slope)
	}
	p.gain = product(p.features, p.last[3])
	given := graph.Add(affine(h, p.last[0], p.last[1]), graph.Add(graph.Mul(p.gain, u), product(p.features, p.last[4])))
	p.residual = graph.Sub(u, graph.Mul(given, p.outward))
	return p
}
