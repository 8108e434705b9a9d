package models

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// Patches is a transformer of the patches of an image (Dosovitskiy et al. 2021): each patch is embedded linearly, with a position
// that is learned; blocks of self-attention and of a network of two layers follow, each with a layer normalisation before it,
// h ← h + attention(norm h) and h ← h + act(norm h·W₁ + b₁)·W₂ + b₂; the mean of the patches, normalised, is read out linearly.
// Its derivatives are smooth to any order.
type Patches struct {
	// Shape is the height, the width and the number of channels of an image.
	Shape []int `yaml:"shape" check:"len >= 3, len <= 3, each > 0, each <= 65536"`
	// Patch is the height and the width of a patch.
	Patch int `yaml:"patch" check:"> 0, <= 65536"`
	// Width is the length of h.
	Width int `yaml:"width" check:"> 0, <= 65536"`
	// Heads is the number of heads of the attention.
	Heads int `yaml:"heads" check:"> 0, <= 1024"`
	// Blocks is the number of blocks.
	Blocks int `yaml:"blocks" check:"> 0, <= 1000"`
	// Expansion is how many times wider than h the layer within a block is.
	Expansion int `yaml:"expansion" check:"> 0, <= 64"`
	// Activation is silu, softplus, tanh or gelu.
	Activation string `yaml:"activation" check:"in silu|softplus|tanh|gelu"`
	Head       `yaml:",inline"`
}

// newPatches returns the default settings: patches of 4×4 of images of 28×28, four blocks of width 64 with four heads, GELU.
func newPatches() Patches {
	return Patches{Shape: []int{28, 28, 1}, Patch: 4, Width: 64, Heads: 4, Blocks: 4, Expansion: 2, Activation: "gelu"}
}

// Check reports patches that do not tile the image, and heads that do not share the width.
func (m *Patches) Check(report func(key, problem string)) {
	if m.Patch > 0 && len(m.Shape) == 3 && (m.Shape[0]%m.Patch != 0 || m.Shape[1]%m.Patch != 0) {
		report("patch", fmt.Sprintf("is %d, which does not divide images of %d×%d", m.Patch, m.Shape[0], m.Shape[1]))
	}
	if m.Heads > 0 && m.Width%m.Heads != 0 {
		report("heads", fmt.Sprintf("is %d, which does not divide the width %d", m.Heads, m.Width))
	}
}

// parameters implements network.
func (m *Patches) parameters(dim, features int) ([]Parameter, error) {
	if err := checkActivation(m.Activation); err != nil {
		return nil, err
	}
	if err := checkShape(m.Shape, dim); err != nil {
		return nil, err
	}
	w, n := m.Width, dim/(m.Patch*m.Patch*m.Shape[2])
	parameters := dense("embedding", m.Patch*m.Patch*m.Shape[2], w, 1)
	parameters = append(parameters, Parameter{"positions", []int{n, w}, uniform(n*w, 1/math.Sqrt(float64(w)))})
	less := 1 / math.Sqrt(float64(2*m.Blocks)) // all blocks together change h about as much as one layer
	for i := range m.Blocks {
		name := fmt.Sprintf("blocks.%d.", i)
		parameters = append(parameters, m.attention().parameters(name+"attention", features, less)...)
		parameters = append(parameters, normParameters(name+"mlp.norm", w)...)
		parameters = append(parameters, modulation(name+"mlp", features, w)...)
		parameters = append(parameters, dense(name+"mlp.inner", w, m.Expansion*w, 1)...)
		parameters = append(parameters, dense(name+"mlp.outer", m.Expansion*w, w, less)...)
	}
	parameters = append(parameters, normParameters("norm", w)...)
	return append(parameters, dense("readout", w, m.outputs(), 1)...), nil
}

// multiplications are those of a model of such patches: by every parameter once, but by matrices for each patch, and of the patches
// with each other.
func (m *Patches) multiplications(model Energy, dim int) (int, error) {
	parameters, err := model.Parameters(dim)
	if err != nil {
		return 0, err
	}
	pixels, w := m.Patch*m.Patch*m.Shape[2], m.Width
	n := dim / pixels
	return Count(parameters) + (n-1)*(pixels*w+m.Blocks*2*m.Expansion*w*w) + m.Blocks*m.attention().multiplications(n), nil
}

func (m *Patches) attention() attention { return attention{m.Width, m.Heads} }

// last implements network.
func (m *Patches) last(theta []*graph.Node, x, level *graph.Node) *graph.Node {
	q := queue(theta)
	embedding, positions := q.take(2), q.take(1)[0]
	h := onTokens(m.patches(x), embedding[0], embedding[1]) // [batch, n, width]
	h = graph.Add(h, matrix(positions, h))
	for range m.Blocks {
		h = m.attention().apply(&q, h, level)
		normed := modulated(&q, normalized(q.take(2), h), level, asTokens)
		layers := q.take(4)
		normed = activations[m.Activation].value(onTokens(normed, layers[0], layers[1]))
		h = graph.Add(h, onTokens(normed, layers[2], layers[3]))
	}
	h = normalized(q.take(2), graph.ReduceMean(h, -2))
	return affine(h, q[0], q[1])
}

// patches are those of images, [batch, dim] -> [batch, n, patch·patch·channels], from the top, row by row.
func (m *Patches) patches(x *graph.Node) *graph.Node {
	p, rows, columns, channels := m.Patch, m.Shape[0]/m.Patch, m.Shape[1]/m.Patch, m.Shape[2]
	lead := x.Rank() - 1
	order := make([]int, 0, lead+5)
	for axis := range lead {
		order = append(order, axis)
	}
	for _, axis := range []int{0, 2, 1, 3, 4} { // rows, columns, p, p, channels
		order = append(order, lead+axis)
	}
	tiles := graph.TransposeAllAxes(graph.Reshape(x, slices.Concat(x.Shape().Dimensions[:lead], []int{rows, p, columns, p, channels})...), order...)
	dims := append(append([]int(nil), x.Shape().Dimensions[:lead]...), rows*columns, p*p*channels)
	return graph.Reshape(tiles, dims...)
}

// matrix makes a parameter [n, width], or [replicas, n, width], fit to be added to tokens [batch, n, width].
func matrix(parameter, tokens *graph.Node) *graph.Node {
	parameter = graph.ConvertDType(graph.InsertAxes(parameter, -3), tokens.DType())
	return graph.ExpandLeftToRank(parameter, tokens.Rank())
}

// PatchTransformer is the energy of a transformer of patches.
type PatchTransformer struct {
	Patches `yaml:",inline"`
	// Confinement is c, in the units of the data as trained on: c > 0 adds ½‖x/c‖².
	Confinement float64 `yaml:"confinement" check:">= 0"`
}

// NewPatchTransformer returns the default settings: for images of 28×28, patches of 4×4, four blocks of width 64, no confinement.
func NewPatchTransformer() *PatchTransformer { return &PatchTransformer{Patches: newPatches()} }

// Parameters implements Energy: embedding.weight [p·p·channels, width] and embedding.bias; positions [n, width]; for each block I
// blocks.I.attention. with norm.gain, norm.bias, query.weight, key.weight, value.weight, output.weight and output.bias, and
// blocks.I.mlp. with norm.gain, norm.bias, inner.weight, inner.bias, outer.weight and outer.bias; norm.gain and norm.bias;
// readout.weight [width, outputs] and readout.bias.
func (m *PatchTransformer) Parameters(dim int) ([]Parameter, error) { return m.parameters(dim, 0) }

// Multiplications implements Shared.
func (m *PatchTransformer) Multiplications(dim int) (int, error) { return m.multiplications(m, dim) }

// Energy implements Energy.
func (m *PatchTransformer) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confined(m.energy(m.last(theta, x, nil)), x, m.Confinement)
}

// Logits implements Classifier.
func (m *PatchTransformer) Logits(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confinedLogits(m.last(theta, x, nil), x, m.Confinement)
}
