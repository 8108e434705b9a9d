package datasets

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
)

// Augmenter changes the points of every batch that is trained on, afresh in each step, on the device.
type Augmenter interface {
	// Augment maps points [batch, dim] or [replicas, batch, dim], in the coordinates of the model, to others of that shape.
	Augment(batch *graph.Node, draws Draws) *graph.Node
}

// Augment holds the settings of what is done to each image of a batch, in this order, afresh in every step.
type Augment struct {
	Flip    bool    `yaml:"flip"`                             // left to right, every second one
	Shift   int     `yaml:"shift" check:">= 0"`               // in pixels: the most down, up, to the right and to the left
	Padding string  `yaml:"padding" check:"in black|reflect"` // what a shift brings in
	Noise   float64 `yaml:"noise" check:">= 0"`               // standard deviation of normal noise, in the coordinates of the model
}

// The values of Augment.Padding.
const (
	padBlack   = "black"
	padReflect = "reflect"
)

func defaultAugment() Augment { return Augment{Padding: padBlack} }

// augmentation is an Augmenter of images, all pixels of which are scaled alike.
type augmentation struct {
	settings   Augment
	image      Image
	transform  *Standardizer
	dequantise bool
}

// augmenter is what the settings make of images; nil: they stay as they are.
func (s *ImageData) augmenter(image Image, transform *Standardizer) (Augmenter, error) {
	a := s.Augment
	if least := min(image.Height, image.Width); a.Shift >= least {
		return nil, fmt.Errorf("augment.shift: %d is too far for images of %s pixels, want less than %d", a.Shift, &image, least)
	}
	if !a.Flip && a.Shift == 0 && a.Noise == 0 && !s.Dequantise {
		return nil, nil
	}
	return &augmentation{a, image, transform, s.Dequantise}, nil
}

// Augment implements [Augmenter].
func (a *augmentation) Augment(batch *graph.Node, draws random.Draws) *graph.Node {
	x, black := batch, 0.0
	if a.dequantise {
		x = graph.Floor(a.pixels(x)) // without the noise of the host
	} else if a.transform != nil {
		dark := []float64{0}
		a.transform.apply(dark)
		black = dark[0]
	}
	if a.settings.Flip || a.settings.Shift > 0 {
		leading := batch.Shape().Dimensions[:batch.Rank()-1]
		x = graph.Reshape(x, append(slices.Clone(leading), a.image.Height, a.image.Width, a.image.Channels)...)
		if a.settings.Flip {
			heads := graph.LessThan(a.perImage(x, draws), graph.Scalar(x.Graph(), x.DType(), 0.5))
			x = graph.Where(spread(heads, x), graph.Reverse(x, -2), x)
		}
		if a.settings.Shift > 0 {
			x = a.shifted(x, -3, black, draws)
			x = a.shifted(x, -2, black, draws)
		}
		x = graph.Reshape(x, batch.Shape().Dimensions...)
	}
	if a.dequantise {
		x = a.scaled(graph.Add(x, draws.Uniform(x.Shape())))
	}
	if a.settings.Noise > 0 {
		x = graph.Add(x, graph.MulScalar(draws.Normal(x.Shape()), a.settings.Noise))
	}
	return x
}

// perImage draws a uniform number for each image of x [..., height, width, channels]: [..., 1, 1, 1].
func (a *augmentation) perImage(x *graph.Node, draws random.Draws) *graph.Node {
	dims := slices.Clone(x.Shape().Dimensions)
	for axis := len(dims) - 3; axis < len(dims); axis++ {
		dims[axis] = 1
	}
	return draws.Uniform(shapes.Make(x.DType(), dims...))
}

// spread gives a value of each image to all of its pixels.
func spread(value, x *graph.Node) *graph.Node {
	return graph.BroadcastToDims(value, x.Shape().Dimensions...)
}

// shifted moves each image along an axis, counted from the end.
func (a *augmentation) shifted(x *graph.Node, axis int, black float64, draws random.Draws) *graph.Node {
	n, positions := x.Shape().Dim(axis), 2*a.settings.Shift+1
	padded := a.padded(x, axis, black)
	chosen := graph.Floor(graph.MulScalar(a.perImage(x, draws), float64(positions)))
	cut := func(from int) *graph.Node { return graph.SliceAxis(padded, axis, graph.AxisRange(from, from+n)) }
	out := cut(0)
	for from := 1; from < positions; from++ {
		here := graph.Equal(chosen, graph.Scalar(x.Graph(), x.DType(), float64(from)))
		out = graph.Where(spread(here, x), cut(from), out)
	}
	return out
}

// padded makes an axis longer by the shift at both ends.
func (a *augmentation) padded(x *graph.Node, axis int, black float64) *graph.Node {
	n, k := x.Shape().Dim(axis), a.settings.Shift
	if a.settings.Padding == padReflect { // without repeating the outermost pixels
		mirrored := func(from, to int) *graph.Node {
			return graph.Reverse(graph.SliceAxis(x, axis, graph.AxisRange(from, to)), axis)
		}
		return graph.Concatenate([]*graph.Node{mirrored(1, k+1), x, mirrored(n-k-1, n-1)}, axis)
	}
	config := make([]compute.PadAxis, x.Rank())
	config[x.Rank()+axis] = compute.PadAxis{Start: k, End: k}
	return graph.Pad(x, graph.Scalar(x.Graph(), x.DType(), black), config...)
}

// pixels takes points in the coordinates of the model to values of pixels.
func (a *augmentation) pixels(y *graph.Node) *graph.Node {
	t := a.transform
	if t == nil {
		return y
	}
	if t.Logit > 0 {
		y = graph.DivScalar(graph.AddScalar(graph.Sigmoid(y), -t.Logit), 1-2*t.Logit)
	}
	return graph.AddScalar(graph.MulScalar(y, t.Std[0]), t.Mean[0])
}

// scaled takes values of pixels to the coordinates of the model.
func (a *augmentation) scaled(x *graph.Node) *graph.Node {
	t := a.transform
	if t == nil {
		return x
	}
	y := graph.DivScalar(graph.AddScalar(x, -t.Mean[0]), t.Std[0])
	if t.Logit == 0 {
		return y
	}
	p := graph.AddScalar(graph.MulScalar(y, 1-2*t.Logit), t.Logit)
	q := graph.AddScalar(graph.MulScalar(y, -(1-2*t.Logit)), 1-t.Logit) // 1 − p, without rounding p to 1
	return graph.Sub(graph.Log(p), graph.Log(q))
}
