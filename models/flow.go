package models

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"
)

// Flow is a normalising flow: x = f(z) with z ~ N(0, I) and f invertible, so that
//
//	E(x) = −log q(x) = ½‖z‖² + D/2·log 2π + log|det ∂f/∂z|,  z = f⁻¹(x).
//
// f is a chain of affine couplings (RealNVP, Dinh et al. 2017) with an affine map behind it. A coupling leaves some of the
// coordinates as they are, and gives each other one the scale eˢ and the shift t, networks of those that stay; |s| is bounded,
// so that no layer can scale points out of all bounds. In one dimension nothing is left to condition on, and a [monotone]
// function takes the place of the couplings. All is smooth: the energy has derivatives of every order.
type Flow struct {
	// Layers is the number of couplings: two move every coordinate, and 2·⌈log₂ D⌉ each one by every other.
	Layers int `yaml:"layers" check:"> 0, <= 1000"`
	// Hidden are the widths of the hidden layers of each coupling's network.
	Hidden []int `yaml:"hidden" check:"len >= 1, each > 0, each <= 1000000"`
	// Activation is silu, softplus, tanh or gelu.
	Activation string `yaml:"activation" check:"in silu|softplus|tanh|gelu"`
	// ScaleBound is the largest |s| of a coupling.
	ScaleBound float64 `yaml:"scale_bound" check:"> 0, <= 10"`
}

// NewFlow returns the default settings: 8 couplings with networks of two layers of 64.
func NewFlow() *Flow {
	return &Flow{Layers: 8, Hidden: []int{64, 64}, Activation: "silu", ScaleBound: 2}
}

// Parameters implements Energy: affine.shift and affine.log_scale [D]; for each coupling I its hidden layers
// couplings.I.layers.J.weight [in, out] and .bias [out], and couplings.I.scale.weight [in, D], .scale.bias [D], .shift.weight and
// .shift.bias; in one dimension those of the monotone function instead. The flow starts as the identity, or close to it. A single
// coupling is refused where there is more than one coordinate.
func (f *Flow) Parameters(dim int) ([]Parameter, error) {
	if err := checkActivation(f.Activation); err != nil {
		return nil, err
	}
	parameters := []Parameter{{"affine.shift", []int{dim}, zeros(dim)}, {"affine.log_scale", []int{dim}, zeros(dim)}}
	if dim == 1 {
		return append(parameters, monotoneParameters(f.bumps())...), nil
	}
	if f.Layers < 2 {
		return nil, fmt.Errorf("model.layers is %d, and a coupling moves half of the %d coordinates; want at least 2", f.Layers, dim)
	}
	for i := range f.Layers {
		in, name := dim, fmt.Sprintf("couplings.%d.", i)
		for j, out := range f.Hidden {
			parameters = append(parameters, dense(fmt.Sprintf("%slayers.%d", name, j), in, out, 1)...)
			in = out
		}
		for _, part := range []string{"scale", "shift"} {
			parameters = append(parameters,
				Parameter{name + part + ".weight", []int{in, dim}, zeros(in * dim)},
				Parameter{name + part + ".bias", []int{dim}, zeros(dim)})
		}
	}
	return parameters, nil
}

// bumps is how many the monotone function has: as many as there are hidden units in the last layer of a network.
func (f *Flow) bumps() int { return f.Hidden[len(f.Hidden)-1] }

// zeros is an Init; the values are made only when asked for.
func zeros(n int) func(*rand.Rand) []float64 {
	return func(*rand.Rand) []float64 { return make([]float64, n) }
}

// Energy implements Energy.
func (f *Flow) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	z, volume := f.inverse(theta, x)
	dim := x.Shape().Dimensions[x.Rank()-1]
	normal := graph.AddScalar(graph.MulScalar(graph.ReduceSum(graph.Square(z), -1), 0.5), 0.5*float64(dim)*math.Log(2*math.Pi))
	return graph.Add(normal, volume)
}

// inverse is z = f⁻¹(x) with log|det ∂f/∂z| [batch].
func (f *Flow) inverse(theta []*graph.Node, x *graph.Node) (z, volume *graph.Node) {
	shift, logScale := row(theta[0], x), row(theta[1], x)
	z = graph.Mul(graph.Sub(x, shift), graph.Exp(graph.Neg(logScale)))
	volume = graph.ReduceSum(logScale, -1) // the same for all points
	if x.Shape().Dimensions[x.Rank()-1] == 1 {
		value, slope := newMonotone(theta[2:], z).at(z)
		return value, graph.Sub(volume, graph.ReduceSum(graph.Log(slope), -1))
	}
	for i := range f.Layers {
		c := f.coupling(theta, i, z)
		z = graph.Mul(graph.Sub(z, c.shift), graph.Exp(graph.Neg(c.logScale)))
		volume = graph.Add(volume, graph.ReduceSum(c.logScale, -1))
	}
	return z, volume
}

// Sample implements Normalized: f, layer by layer.
func (f *Flow) Sample(theta []*graph.Node, normal *graph.Node) *graph.Node {
	x := normal
	if x.Shape().Dimensions[x.Rank()-1] == 1 {
		x = newMonotone(theta[2:], x).inverse(x)
	} else {
		for i := f.Layers - 1; i >= 0; i-- {
			c := f.coupling(theta, i, x) // of the coordinates that it leaves as they are
			x = graph.Add(graph.Mul(x, graph.Exp(c.logScale)), c.shift)
		}
	}
	return graph.Add(graph.Mul(x, graph.Exp(row(theta[1], x))), row(theta[0], x))
}

// coupling is what a coupling does to points [batch, dim], 0 for the coordinates that stay.
type coupling struct{ logScale, shift *graph.Node }

// coupling evaluates the network of coupling i at the coordinates of points that stay.
func (f *Flow) coupling(theta []*graph.Node, i int, points *graph.Node) coupling {
	size := 2*len(f.Hidden) + 4
	theta = theta[2+i*size:][:size]
	dim := points.Shape().Dimensions[points.Rank()-1]
	moves := row(graph.Const(points.Graph(), mask(i, dim)), points)
	h := graph.Mul(points, graph.OneMinus(moves))
	for j := range f.Hidden {
		h = activations[f.Activation].value(affine(h, theta[2*j], theta[2*j+1]))
	}
	out := theta[size-4:]
	logScale := graph.Tanh(graph.DivScalar(affine(h, out[0], out[1]), f.ScaleBound))
	return coupling{
		logScale: graph.Mul(graph.MulScalar(logScale, f.ScaleBound), moves),
		shift:    graph.Mul(affine(h, out[2], out[3]), moves),
	}
}

// mask is 1 for the coordinates that coupling i moves. Couplings come in pairs whose masks are opposites, so that a pair moves
// every coordinate; and each pair divides them by another bit of their number, so that any two coordinates are on different sides
// of one of as many pairs as there are bits. Beyond, the bits come again.
func mask(i, dim int) []float64 {
	bit := i / 2 % bits.Len(uint(dim-1))
	values := make([]float64, dim)
	for k := range values {
		values[k] = float64((k>>bit ^ i) & 1)
	}
	return values
}
