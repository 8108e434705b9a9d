package models

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/conv"
)

// Convolutions are the settings of layers of convolutions, each followed by an activation: images come in, as points whose
// coordinates are their pixels, and a row of features comes out.
type Convolutions struct {
	// Shape is the height, the width and the number of channels of an image. A point has its pixels row by row from the top,
	// the channels of a pixel together.
	Shape []int `yaml:"shape" check:"len >= 3, len <= 3, each > 0, each <= 65536"`
	// Channels are those that come out of each layer.
	Channels []int `yaml:"channels" check:"len >= 1, len <= 1000, each > 0, each <= 65536"`
	// Kernels are the heights and widths of the layers' kernels.
	Kernels []int `yaml:"kernels" check:"each > 0, each <= 65536"`
	// Strides are by how many pixels the kernels move.
	Strides []int `yaml:"strides" check:"each > 0, each <= 65536"`
	// Paddings are the widths of the zeros around what goes into the layers.
	Paddings []int `yaml:"paddings" check:"each >= 0, each <= 65536"`
}

// newConvolutions returns the default settings: those of the UvA's tutorial on deep energy models, for images of 28×28.
func newConvolutions() Convolutions {
	return Convolutions{
		Shape: []int{28, 28, 1}, Channels: []int{16, 32, 64, 64},
		Kernels: []int{5, 3, 3, 3}, Strides: []int{2, 2, 2, 2}, Paddings: []int{4, 1, 1, 1},
	}
}

// Check reports settings that are not one for each layer.
func (c *Convolutions) Check(report func(key, problem string)) {
	for _, list := range []struct {
		key    string
		values []int
	}{{"kernels", c.Kernels}, {"strides", c.Strides}, {"paddings", c.Paddings}} {
		if len(list.values) != len(c.Channels) {
			report(list.key, fmt.Sprintf("has %d entries for %d layers; channels, kernels, strides and paddings have one for each", len(list.values), len(c.Channels)))
		}
	}
}

// sizes are the heights, widths and channels of what goes into each layer and comes out of the last. An error says which
// setting does not fit points of dim coordinates.
func (c *Convolutions) sizes(dim int) ([][3]int, error) {
	if n := len(c.Channels); len(c.Shape) != 3 || len(c.Kernels) != n || len(c.Strides) != n || len(c.Paddings) != n {
		return nil, fmt.Errorf("model.shape has %d entries, want 3; model.channels, kernels, strides and paddings have %d, %d, %d and %d, want as many each",
			len(c.Shape), n, len(c.Kernels), len(c.Strides), len(c.Paddings))
	}
	size := [3]int(c.Shape)
	if size[0]*size[1]*size[2] != dim {
		return nil, fmt.Errorf("model.shape is %v, which makes %d coordinates; the points have %d", c.Shape, size[0]*size[1]*size[2], dim)
	}
	sizes := [][3]int{size}
	for i, channels := range c.Channels {
		w := c.window(i)
		next := [3]int{w.Out(size[0], c.Kernels[i]), w.Out(size[1], c.Kernels[i]), channels}
		if next[0] == 0 || next[1] == 0 {
			return nil, fmt.Errorf("model.kernels has %d for layer %d, into which %d×%d pixels go, with a padding of %d: use a smaller one", c.Kernels[i], i, size[0], size[1], c.Paddings[i])
		}
		sizes, size = append(sizes, next), next
	}
	return sizes, nil
}

// window is how the kernel of a layer moves.
func (c *Convolutions) window(layer int) conv.Window {
	return conv.Window{Stride: c.Strides[layer], Low: c.Paddings[layer], High: c.Paddings[layer]}
}

// kernelParameters are those of layer i, convolutions.I.weight [k, k, in, out] and convolutions.I.bias [out].
func (c *Convolutions) kernelParameters(i, in int) []Parameter {
	return kernel(layerName(i), c.Kernels[i], in, c.Channels[i], 1)
}

// layerName begins the names of the parameters of layer i.
func layerName(i int) string { return fmt.Sprintf("convolutions.%d", i) }

// multiplications are those of a model with such layers: by every parameter once, but by kernels at all their places.
func (c *Convolutions) multiplications(model Energy, dim int) (int, error) {
	parameters, err := model.Parameters(dim)
	if err != nil {
		return 0, err
	}
	sizes, err := c.sizes(dim)
	if err != nil {
		return 0, err
	}
	n := Count(parameters)
	for i, k := range c.Kernels {
		out := sizes[i+1]
		n += (out[0]*out[1] - 1) * k * k * sizes[i][2] * out[2]
	}
	return n, nil
}

// planes are points [batch, dim] as planes, as package conv has them: [channels, height, width, batch].
func (c *Convolutions) planes(x *graph.Node) *graph.Node { return planesOf(x, c.Shape) }

// planesOf are rows [batch, height·width·channels] as planes, and rowsOf undoes it.
func planesOf(x *graph.Node, shape []int) *graph.Node {
	lead := x.Shape().Dimensions[:x.Rank()-1]
	return conv.ToPlanes(graph.Reshape(x, slices.Concat(lead, shape)...))
}

func rowsOf(planes *graph.Node) *graph.Node {
	images := conv.FromPlanes(planes)
	d, last := images.Shape().Dimensions, images.Rank()-3
	return graph.Reshape(images, append(slices.Clone(d[:last]), d[last]*d[last+1]*d[last+2])...)
}

// convolve is a convolution of planes, in the type of the kernel; the result has that of the planes.
func convolve(x, kernel *graph.Node, window conv.Window) *graph.Node {
	y := window.ConvolvePlanes(graph.ConvertDType(x, kernel.DType()), kernel)
	return graph.ConvertDType(y, x.DType())
}

// convolveTransposed is the gradient that planes like x get from that of their convolution, likewise.
func convolveTransposed(y, kernel, x *graph.Node, window conv.Window) *graph.Node {
	d := x.Shape().Dimensions
	back := window.TransposedPlanes(graph.ConvertDType(y, kernel.DType()), kernel, d[len(d)-3], d[len(d)-2])
	return graph.ConvertDType(back, y.DType())
}

// perChannel makes a parameter [channels], or [replicas, channels], fit to be added to planes.
func perChannel(parameter, planes *graph.Node) *graph.Node {
	parameter = graph.ConvertDType(graph.InsertAxes(parameter, -1, -1, -1), planes.DType())
	return graph.ExpandLeftToRank(parameter, planes.Rank())
}
