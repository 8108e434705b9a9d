package models

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// ResidualMLP is a network of residual blocks (He et al. 2016): h = x·W + b, then h ← h + act(h·W₁ + b₁)·W₂ + b₂ for each
// block, and E = h·w + b, or the logits of classes instead. It trains at depths at which an MLP does not.
type ResidualMLP struct {
	// Width is the length of h.
	Width int `yaml:"width" check:"> 0, <= 1000000"`
	// Blocks is the number of blocks.
	Blocks int `yaml:"blocks" check:"> 0, <= 1000"`
	// Activation is silu, softplus, tanh or gelu.
	Activation string `yaml:"activation" check:"in silu|softplus|tanh|gelu"`
	// Confinement is c, in the units of the data as trained on: c > 0 adds ½‖x/c‖².
	Confinement float64 `yaml:"confinement" check:">= 0"`
	Head        `yaml:",inline"`
}

// NewResidualMLP returns the default settings: three blocks of width 64, SiLU, no confinement.
func NewResidualMLP() *ResidualMLP { return &ResidualMLP{Width: 64, Blocks: 3, Activation: "silu"} }

// Parameters implements Energy: input.weight [D, width] and input.bias; for each block I blocks.I.inner.weight [width, width],
// blocks.I.inner.bias, blocks.I.outer.weight and blocks.I.outer.bias; readout.weight [width, 1] and readout.bias, or [width, classes]. They are
// drawn as those of an MLP, but the outer weights smaller: all blocks together change h about as much as one layer.
func (m *ResidualMLP) Parameters(dim int) ([]Parameter, error) {
	if err := checkActivation(m.Activation); err != nil {
		return nil, err
	}
	w := m.Width
	parameters := dense("input", dim, w, 1)
	for i := range m.Blocks {
		name := fmt.Sprintf("blocks.%d.", i)
		parameters = append(parameters, dense(name+"inner", w, w, 1)...)
		parameters = append(parameters, dense(name+"outer", w, w, 1/math.Sqrt(float64(m.Blocks)))...)
	}
	return append(parameters, dense("readout", w, m.outputs(), 1)...), nil
}

// Energy implements Energy.
func (m *ResidualMLP) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confined(m.energy(m.last(theta, x)), x, m.Confinement)
}

// Logits implements Classifier.
func (m *ResidualMLP) Logits(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confinedLogits(m.last(theta, x), x, m.Confinement)
}

// last is what the last layer gives: [batch, outputs].
func (m *ResidualMLP) last(theta []*graph.Node, x *graph.Node) *graph.Node {
	h := affine(x, theta[0], theta[1])
	for i := range m.Blocks {
		block := theta[2+4*i:]
		inner := activations[m.Activation].value(affine(h, block[0], block[1]))
		h = graph.Add(h, affine(inner, block[2], block[3]))
	}
	last := theta[2+4*m.Blocks:]
	return affine(h, last[0], last[1])
}

// Score implements Scorer: the chain rule from the last block back to the first.
func (m *ResidualMLP) Score(theta []*graph.Node, x *graph.Node, _ bool) *graph.Node {
	h, slopes := affine(x, theta[0], theta[1]), make([]*graph.Node, m.Blocks)
	for i := range m.Blocks {
		block := theta[2+4*i:]
		var inner *graph.Node
		inner, slopes[i] = activations[m.Activation].both(affine(h, block[0], block[1]))
		if i+1 < m.Blocks || m.Classes() > 0 { // without classes the gradient asks for slopes only
			h = graph.Add(h, affine(inner, block[2], block[3]))
		}
	}
	last := theta[2+4*m.Blocks:]
	g := graph.BroadcastToShape(m.slope(last[0], last[1], h), h.Shape()) // dE/dh, [batch, width]
	for i := m.Blocks - 1; i >= 0; i-- {
		block := theta[2+4*i:]
		g = graph.Add(g, productTransposed(graph.Mul(productTransposed(g, block[2]), slopes[i]), block[0]))
	}
	return confinedScore(graph.Neg(productTransposed(g, theta[0])), x, m.Confinement)
}
