package models

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/conv"
)

// Residual is a residual network of images, as the energies of Du & Mordatch 2019 and of Grathwohl et al. 2020 are, without batch
// normalisation: a convolution to the first width, then stages of blocks
//
//	h ← h + conv(act(conv(act h)))
//
// with kernels of 3×3 (pre-activation: He et al. 2016b); where a block widens h, the sum is with a convolution of 1×1 of h. Between
// stages 2×2 pixels become their mean. At the end act h is summed over all pixels and read out linearly.
type Residual struct {
	// Shape is the height, the width and the number of channels of an image.
	Shape []int `yaml:"shape" check:"len >= 3, len <= 3, each > 0, each <= 65536"`
	// Channels are the widths of h, one for each stage.
	Channels []int `yaml:"channels" check:"len >= 1, len <= 32, each > 0, each <= 65536"`
	// Blocks is the number of blocks of a stage.
	Blocks int `yaml:"blocks" check:"> 0, <= 1000"`
	// Activation is silu, softplus, tanh or gelu. SiLU is the swish of those papers.
	Activation string `yaml:"activation" check:"in silu|softplus|tanh|gelu"`
	// AttentionHeads puts self-attention of so many heads before the last stage, where pixels are fewest; 0 is none.
	AttentionHeads int `yaml:"attention_heads" check:">= 0, <= 1024"`
	// SpectralNorm divides every kernel, as a matrix [k·k·in, out], by a bound of its largest singular value (Miyato et al. 2018),
	// so that the energy cannot become steep by large weights.
	SpectralNorm bool `yaml:"spectral_norm"`
	Head         `yaml:",inline"`
}

// newResidual returns the default settings: three stages of one block, 32, 64 and 64 wide, for images of 28×28, SiLU.
func newResidual() Residual {
	return Residual{Shape: []int{28, 28, 1}, Channels: []int{32, 64, 64}, Blocks: 1, Activation: "silu"}
}

// Check reports images that cannot be halved as often as there are stages, and heads that do not share the width.
func (m *Residual) Check(report func(key, problem string)) {
	stages := len(m.Channels)
	if stages == 0 || len(m.Shape) != 3 {
		return
	}
	if by := 1 << (stages - 1); m.Shape[0]%by != 0 || m.Shape[1]%by != 0 {
		report("channels", fmt.Sprintf("has %d stages, between which images of %d×%d are halved: both have to be divisible by %d", stages, m.Shape[0], m.Shape[1], by))
	}
	if m.AttentionHeads > 0 && m.attention().width%m.AttentionHeads != 0 {
		report("attention_heads", fmt.Sprintf("is %d, which does not divide the width before the last stage, %d", m.AttentionHeads, m.attention().width))
	}
}

// attention is that before the last stage.
func (m *Residual) attention() attention {
	return attention{m.Channels[max(len(m.Channels)-2, 0)], m.AttentionHeads}
}

// parameters implements network.
func (m *Residual) parameters(dim, features int) ([]Parameter, error) {
	if err := checkActivation(m.Activation); err != nil {
		return nil, err
	}
	if err := checkShape(m.Shape, dim); err != nil {
		return nil, err
	}
	less := 1 / math.Sqrt(float64(m.Blocks*len(m.Channels))) // all blocks together change h about as much as one layer
	in := m.Channels[0]
	parameters := kernel("stem", 3, m.Shape[2], in, 1)
	for s, out := range m.Channels {
		if m.AttentionHeads > 0 && s == len(m.Channels)-1 {
			parameters = append(parameters, m.attention().parameters("attention", features, less)...)
		}
		for i := range m.Blocks {
			name := fmt.Sprintf("stages.%d.blocks.%d.", s, i)
			parameters = append(parameters, kernel(name+"first", 3, in, out, 1)...)
			parameters = append(parameters, modulation(name+"first", features, out)...)
			parameters = append(parameters, kernel(name+"second", 3, out, out, less)...)
			if in != out {
				parameters = append(parameters, kernel(name+"skip", 1, in, out, 1)[0])
			}
			in = out
		}
	}
	return append(parameters, dense("readout", in, m.outputs(), 1)...), nil
}

// multiplications are those of a model of such a network: by every parameter once, but by kernels for each pixel, and of the pixels
// that attend to each other. Those that bound singular values are made once for all points, and not counted.
func (m *Residual) multiplications(model Energy, dim int) (int, error) {
	parameters, err := model.Parameters(dim)
	if err != nil {
		return 0, err
	}
	pixels, in := m.Shape[0]*m.Shape[1], m.Channels[0]
	n := Count(parameters) + (pixels-1)*9*m.Shape[2]*in
	for s, out := range m.Channels {
		if s > 0 {
			pixels /= 4
		}
		if m.AttentionHeads > 0 && s == len(m.Channels)-1 {
			n += m.attention().multiplications(pixels)
		}
		for range m.Blocks {
			each := 9 * (in*out + out*out)
			if in != out {
				each += in * out
			}
			n, in = n+(pixels-1)*each, out
		}
	}
	return n, nil
}

// kernel lists the weight [k, k, in, out] and the bias [out] of a convolution, drawn from U(−by/√(k·k·in), by/√(k·k·in)).
func kernel(name string, k, in, out int, by float64) []Parameter {
	parameters := dense(name, k*k*in, out, by)
	parameters[0].Shape = []int{k, k, in, out}
	return parameters
}

// last implements network. Images are planes, [channels, height, width, batch], as package conv has them.
func (m *Residual) last(theta []*graph.Node, x, level *graph.Node) *graph.Node {
	act := activations[m.Activation].value
	q := queue(theta)
	h := m.convolved(planesOf(x, m.Shape), q.take(2)...)
	in := m.Channels[0]
	for s, out := range m.Channels {
		if s > 0 {
			h = conv.AveragePool(h, 2)
		}
		if m.AttentionHeads > 0 && s == len(m.Channels)-1 {
			h = m.attended(&q, h, level)
		}
		for range m.Blocks {
			inner := m.convolved(act(h), q.take(2)...)
			inner = modulated(&q, inner, level, asPlanes)
			inner = m.convolved(act(inner), q.take(2)...)
			if in != out {
				h = m.convolved(h, q.take(1)...)
			}
			h, in = graph.Add(h, inner), out
		}
	}
	sums := graph.ReduceSum(act(h), -3, -2) // [channels, batch]
	return affine(graph.Transpose(sums, -2, -1), q[0], q[1])
}

// convolved is a convolution of planes that keeps their size, with a kernel [k, k, in, out] and, where there is one, a bias.
func (m *Residual) convolved(h *graph.Node, theta ...*graph.Node) *graph.Node {
	kernel := theta[0]
	if m.SpectralNorm {
		kernel = normalizedKernel(kernel, h.DType())
	}
	side := kernel.Shape().Dim(-3) / 2
	h = convolve(h, kernel, conv.Window{Stride: 1, Low: side, High: side})
	if len(theta) > 1 {
		h = graph.Add(h, perChannel(theta[1], h))
	}
	return h
}

// attended is h after the attention, in which pixels are the tokens.
func (m *Residual) attended(theta *queue, h, level *graph.Node) *graph.Node {
	images := conv.FromPlanes(h) // [batch, height, width, channels]
	d := images.Shape().Dimensions
	k := len(d) - 3
	tokens := graph.Reshape(images, append(slices.Clone(d[:k]), d[k]*d[k+1], d[k+2])...)
	return conv.ToPlanes(graph.Reshape(m.attention().apply(theta, tokens, level), d...))
}

// ResNet is the energy of a residual network of images.
type ResNet struct {
	Residual `yaml:",inline"`
	// Confinement is c, in the units of the data as trained on: c > 0 adds ½‖x/c‖².
	Confinement float64 `yaml:"confinement" check:">= 0"`
}

// NewResNet returns the default settings: for images of 28×28, three stages of one block, no confinement.
func NewResNet() *ResNet { return &ResNet{Residual: newResidual()} }

// Parameters implements Energy: stem.weight [3, 3, channels, width] and stem.bias; for each block I of stage S, with
// stages.S.blocks.I. in front, first.weight [3, 3, in, out], first.bias, second.weight [3, 3, out, out], second.bias, and where it
// widens h skip.weight [1, 1, in, out]; before the last stage attention. with the names of a PatchTransformer's, if there is
// attention; readout.weight [width, outputs] and readout.bias.
func (m *ResNet) Parameters(dim int) ([]Parameter, error) { return m.parameters(dim, 0) }

// Multiplications implements Shared.
func (m *ResNet) Multiplications(dim int) (int, error) { return m.multiplications(m, dim) }

// Energy implements Energy.
func (m *ResNet) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confined(m.energy(m.last(theta, x, nil)), x, m.Confinement)
}

// Logits implements Classifier.
func (m *ResNet) Logits(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confinedLogits(m.last(theta, x, nil), x, m.Confinement)
}
