package models

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/conv"
)

// ConditionalConv is a convolutional network for images with a noise level, as a [ConditionalMLP] is one for points: layers of
// convolutions come before the hidden ones, and the level acts on each of them likewise, h ← act((conv(h, W) + b)(1 + c·G) + c·B),
// with a gain and a shift for each channel.
type ConditionalConv struct {
	Convolutions   `yaml:",inline"`
	ConditionalMLP `yaml:",inline"`
}

// NewConditionalConv returns the default settings: the convolutions of NewConv, a hidden layer of 64, SiLU, levels from 0.05 to 5,
// data of standard deviation 1.
func NewConditionalConv() *ConditionalConv {
	m := &ConditionalConv{Convolutions: newConvolutions(), ConditionalMLP: *NewConditionalMLP()}
	m.Hidden = []int{64}
	return m
}

// Check reports what is wrong across the keys of both parts.
func (m *ConditionalConv) Check(report func(key, problem string)) {
	m.Convolutions.Check(report)
	m.ConditionalMLP.Check(report)
}

// Parameters implements Energy: for each layer of convolutions I convolutions.I.weight [k, k, in, out] and convolutions.I.bias [out]
// as those of a Conv, convolutions.I.gain [m, out] and convolutions.I.shift [m, out], which start at 0; and then those of a
// ConditionalMLP.
func (m *ConditionalConv) Parameters(dim int) ([]Parameter, error) {
	sizes, err := m.sizes(dim)
	if err != nil {
		return nil, err
	}
	var parameters []Parameter
	for i, out := range m.Channels {
		parameters = append(parameters, m.kernelParameters(i, sizes[i][2])...)
		parameters = append(parameters, modulation(layerName(i), m.Embedding, out)...)
	}
	last := sizes[len(m.Channels)]
	rest, err := m.ConditionalMLP.Parameters(last[0] * last[1] * last[2])
	return append(parameters, rest...), err
}

// Multiplications implements Shared.
func (m *ConditionalConv) Multiplications(dim int) (int, error) { return m.multiplications(m, dim) }

// Energy implements Energy, at the smallest level.
func (m *ConditionalConv) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return m.EnergyAt(theta, x, m.smallest(x))
}

// Score implements Scorer, at the smallest level.
func (m *ConditionalConv) Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node {
	return m.ScoreAt(theta, x, m.smallest(x), final)
}

// EnergyAt implements Conditional.
func (m *ConditionalConv) EnergyAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	features, act := m.features(sigma), activations[m.Activation].value
	inward, outward, variance := m.scales(sigma)
	planes := m.planes(graph.Mul(x, graph.InsertAxes(inward, -1)))
	for i := range m.Channels {
		planes = act(m.levelled(theta, i, features).apply(planes))
	}
	h, theta := rowsOf(planes), theta[4*len(m.Channels):]
	for i := range m.Hidden {
		h = act(newLevelled(theta[4*i:], features).apply(h))
	}
	last := theta[4*len(m.Hidden):]
	network := graph.Mul(graph.Squeeze(affine(h, last[0], last[1]), -1), outward)
	return graph.Add(network, m.gaussian(last[2], x, variance, features))
}

// ScoreAt implements LevelScorer: the chain rule from the last layer back to the first.
func (m *ConditionalConv) ScoreAt(theta []*graph.Node, x, sigma *graph.Node, _ bool) *graph.Node {
	features, both := m.features(sigma), activations[m.Activation].both
	inward, outward, variance := m.scales(sigma)
	convolutions, inputs := make([]levelledPlanes, len(m.Channels)), make([]*graph.Node, len(m.Channels))
	layers, slopes := make([]levelled, len(m.Hidden)), make([]*graph.Node, len(m.Channels)+len(m.Hidden))
	planes := m.planes(graph.Mul(x, graph.InsertAxes(inward, -1)))
	for i := range convolutions {
		inputs[i], convolutions[i] = planes, m.levelled(theta, i, features)
		planes, slopes[i] = both(convolutions[i].apply(planes))
	}
	h, theta := rowsOf(planes), theta[4*len(m.Channels):]
	for i := range layers {
		layers[i] = newLevelled(theta[4*i:], features)
		h, slopes[len(convolutions)+i] = both(layers[i].apply(h))
	}
	g := back(layers, slopes[len(convolutions):], readout(theta[4*len(layers)], h)) // dn/dh of the first hidden layer
	d := planes.Shape().Dimensions[planes.Rank()-4:]
	planes = planesOf(g, []int{d[1], d[2], d[0]})
	for i := len(convolutions) - 1; i >= 0; i-- {
		c := convolutions[i]
		planes = convolveTransposed(graph.Mul(graph.Mul(planes, slopes[i]), c.gain), c.kernel, inputs[i], c.window)
	}
	network := graph.Mul(rowsOf(planes), graph.InsertAxes(graph.Mul(inward, outward), -1))
	return graph.Neg(graph.Add(graph.Div(x, graph.InsertAxes(variance, -1)), network))
}

// levelledPlanes is a layer of convolutions at noise levels: h -> (conv(h, W) + b)·gain + shift, with [channels, 1, 1, batch] of each
// of the last two.
type levelledPlanes struct {
	window                    conv.Window
	kernel, bias, gain, shift *graph.Node
}

func (m *ConditionalConv) levelled(theta []*graph.Node, i int, features *graph.Node) levelledPlanes {
	theta = theta[4*i:]
	each := func(weight *graph.Node) *graph.Node {
		return planesOf(product(features, weight), []int{1, 1, m.Channels[i]})
	}
	return levelledPlanes{m.window(i), theta[0], theta[1], graph.OnePlus(each(theta[2])), each(theta[3])}
}

func (l levelledPlanes) apply(h *graph.Node) *graph.Node {
	h = convolve(h, l.kernel, l.window)
	return graph.Add(graph.Mul(graph.Add(h, perChannel(l.bias, h)), l.gain), l.shift)
}
