package models

import "github.com/gomlx/gomlx/core/graph"

// Conv is a convolutional network for images: h ← act(conv(h, W) + b) for each layer of convolutions, then an MLP of all that
// is left, with one output E, or with the logits of classes. The default is the network of the UvA's tutorial on deep energy models (Lippe 2020, tutorial 8).
type Conv struct {
	Convolutions `yaml:",inline"`
	// Hidden are the widths of the hidden layers of the MLP; there may be none.
	Hidden []int `yaml:"hidden" check:"each > 0, each <= 1000000"`
	// Activation is silu, softplus, tanh or gelu.
	Activation string `yaml:"activation" check:"in silu|softplus|tanh|gelu"`
	// Confinement is c, in the units of the data as trained on: c > 0 adds ½‖x/c‖².
	Confinement float64 `yaml:"confinement" check:">= 0"`
	Head        `yaml:",inline"`
}

// NewConv returns the default settings: four layers of convolutions for images of 28×28 and a hidden layer of 64, SiLU, no
// confinement.
func NewConv() *Conv {
	return &Conv{Convolutions: newConvolutions(), Hidden: []int{64}, Activation: "silu"}
}

// Parameters implements Energy: for each layer of convolutions I convolutions.I.weight [k, k, in, out] and
// convolutions.I.bias [out], and then those of the MLP.
func (m *Conv) Parameters(dim int) ([]Parameter, error) {
	sizes, err := m.sizes(dim)
	if err != nil {
		return nil, err
	}
	var parameters []Parameter
	for i := range m.Channels {
		parameters = append(parameters, m.kernelParameters(i, sizes[i][2])...)
	}
	last := sizes[len(m.Channels)]
	head, err := m.head().Parameters(last[0] * last[1] * last[2])
	return append(parameters, head...), err
}

// head is what comes after the convolutions.
func (m *Conv) head() *MLP { return &MLP{Hidden: m.Hidden, Activation: m.Activation, Head: m.Head} }

// Multiplications implements Shared.
func (m *Conv) Multiplications(dim int) (int, error) { return m.multiplications(m, dim) }

// Energy implements Energy.
func (m *Conv) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confined(m.energy(m.last(theta, x)), x, m.Confinement)
}

// Logits implements Classifier.
func (m *Conv) Logits(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confinedLogits(m.last(theta, x), x, m.Confinement)
}

// last is what the last layer gives: [batch, outputs].
func (m *Conv) last(theta []*graph.Node, x *graph.Node) *graph.Node {
	h := m.planes(x)
	for i := range m.Channels {
		h = activations[m.Activation].value(m.layer(theta, i, h))
	}
	return m.head().last(theta[2*len(m.Channels):], rowsOf(h))
}

// layer is a layer of convolutions without its activation.
func (m *Conv) layer(theta []*graph.Node, i int, h *graph.Node) *graph.Node {
	h = convolve(h, theta[2*i], m.window(i))
	return graph.Add(h, perChannel(theta[2*i+1], h))
}

// Score implements Scorer: the chain rule from the MLP back to the first layer.
func (m *Conv) Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node {
	layers := len(m.Channels)
	inputs, slopes := make([]*graph.Node, layers), make([]*graph.Node, layers)
	h := m.planes(x)
	for i := range layers {
		inputs[i] = h
		h, slopes[i] = activations[m.Activation].both(m.layer(theta, i, h))
	}
	d := h.Shape().Dimensions[h.Rank()-4:]
	g := planesOf(m.head().Score(theta[2*layers:], rowsOf(h), final), []int{d[1], d[2], d[0]}) // −dE/dh
	for i := layers - 1; i >= 0; i-- {
		g = convolveTransposed(graph.Mul(g, slopes[i]), theta[2*i], inputs[i], m.window(i))
	}
	return confinedScore(rowsOf(g), x, m.Confinement)
}
