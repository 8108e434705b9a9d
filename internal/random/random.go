// Package random is the explicit randomness of graph functions.
//
// A graph function that needs random numbers takes a Draws. In training that is a Stream, a generator whose state is
// a node; in a check against reference values it is a Replay, which hands out given numbers. The function cannot tell.
package random

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Draws hands out random numbers inside a graph. Every call gives fresh ones and moves the state on.
type Draws interface {
	// Normal returns standard normal numbers of a float shape.
	Normal(shape shapes.Shape) *graph.Node
	// Uniform returns numbers in [0, 1) of a float shape.
	Uniform(shape shapes.Shape) *graph.Node
	// State returns the nodes that a loop has to carry.
	State() []*graph.Node
	// At returns the same source at another state, for the body of a loop.
	At(state []*graph.Node) Draws
	// Resume moves this source to another state, after a loop.
	Resume(state []*graph.Node)
}

// Stream is a pseudo-random generator; its state is the node that Seed's tensor becomes.
//
// The backends have different generators (Philox on XLA, PCG in Go): the same seed gives the same numbers on the same
// backend, and other numbers on another.
type Stream struct{ state *graph.Node }

// NewStream continues from state.
func NewStream(state *graph.Node) *Stream { return &Stream{state} }

// Seed returns the initial state of a Stream. Different purposes of one seed get independent streams.
func Seed(seed int64, purpose uint64) *tensors.Tensor {
	r := rand.New(rand.NewPCG(uint64(seed), purpose))
	state := make([]uint64, compute.RNGStateShape.Size())
	for i := range state {
		state[i] = r.Uint64()
	}
	return tensors.FromFlatDataAndDimensions(state, compute.RNGStateShape.Dimensions...)
}

// Uniform implements Draws.
func (s *Stream) Uniform(shape shapes.Shape) *graph.Node {
	var u *graph.Node
	s.state, u = graph.RandomUniform(s.state, shape)
	return u
}

// Normal implements Draws by the inverse of the distribution function: √2·erf⁻¹(2u − 1). Beyond ±5.4 there are none, as
// u has 24 bits.
func (s *Stream) Normal(shape shapes.Shape) *graph.Node {
	u := graph.AddScalar(s.Uniform(shape), 1.0/(1<<25)) // off 0, and symmetric about ½
	return graph.StopGradient(graph.MulScalar(inverseErf(graph.AddScalar(graph.MulScalar(u, 2), -1)), math.Sqrt2))
}

// The polynomials of inverseErf, highest power first: in w − 2.5 for the middle, in √w − 3 for the tails.
var (
	middle = []float64{2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
		-0.00417768164, 0.246640727, 1.50140941}
	tails = []float64{-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
		0.00943887047, 1.00167406, 2.83297682}
)

// inverseErf is erf⁻¹(x) in single precision (Giles 2012): x times a polynomial in w = −log(1 − x²), one for w < 5 and one
// beyond. Nothing but products, a logarithm and a root: a few times faster than sines and cosines.
func inverseErf(x *graph.Node) *graph.Node {
	const widest = 16.64 // w at the largest |x| that differs from 1 in float32
	w := graph.Neg(graph.Log(graph.Mul(graph.OneMinus(x), graph.OnePlus(x))))
	w = graph.MinScalar(w, widest)
	isTail := graph.GreaterOrEqual(w, graph.Scalar(w.Graph(), w.DType(), 5))
	p := graph.Where(isTail,
		polynomial(tails, graph.AddScalar(graph.Sqrt(w), -3)),
		polynomial(middle, graph.AddScalar(w, -2.5)))
	return graph.Mul(p, x)
}

// polynomial evaluates one by Horner's scheme.
func polynomial(coefficients []float64, x *graph.Node) *graph.Node {
	sum := graph.AddScalar(graph.MulScalar(x, coefficients[0]), coefficients[1])
	for _, c := range coefficients[2:] {
		sum = graph.AddScalar(graph.Mul(sum, x), c)
	}
	return sum
}

// State implements Draws.
func (s *Stream) State() []*graph.Node { return []*graph.Node{s.state} }

// At implements Draws.
func (s *Stream) At(state []*graph.Node) Draws { return &Stream{state[0]} }

// Resume implements Draws.
func (s *Stream) Resume(state []*graph.Node) { s.state = state[0] }

// Index returns n numbers drawn uniformly, with replacement, from 0 … size−1: int32 [n, 1], ready for graph.Gather.
func Index(d Draws, g *graph.Graph, size, n int) *graph.Node {
	// float64 holds every index exactly; float32 would not beyond 2²⁴ points.
	u := d.Uniform(shapes.Make(dtypes.Float64, n, 1))
	return graph.ConvertDType(graph.Floor(graph.MulScalar(u, float64(size))), dtypes.Int32)
}

// Replay hands out given numbers in order.
type Replay struct {
	normals, uniforms *graph.Node // [draws, …], or nil when there are none
	normal, uniform   *graph.Node // int32 position of the next draw
}

// NewReplay returns a source whose k-th Normal is normals[k] and whose k-th Uniform is uniforms[k]. Either may be nil.
// Drawing what was not given, or another shape, panics. Drawing more than was given gives NaN: the graph of a loop does
// not know how often it runs.
func NewReplay(g *graph.Graph, normals, uniforms *graph.Node) *Replay {
	return &Replay{normals, uniforms, graph.Const(g, int32(0)), graph.Const(g, int32(0))}
}

// Normal implements Draws.
func (r *Replay) Normal(shape shapes.Shape) *graph.Node {
	z := take("normal", r.normals, r.normal, shape)
	r.normal = graph.Add(r.normal, graph.Const(z.Graph(), int32(1)))
	return z
}

// Uniform implements Draws.
func (r *Replay) Uniform(shape shapes.Shape) *graph.Node {
	u := take("uniform", r.uniforms, r.uniform, shape)
	r.uniform = graph.Add(r.uniform, graph.Const(u.Graph(), int32(1)))
	return u
}

func take(what string, given, position *graph.Node, shape shapes.Shape) *graph.Node {
	if given == nil {
		panic(fmt.Errorf("a %s draw is needed and none is given", what))
	}
	if given.Rank() == 0 || given.DType() != shape.DType || !slices.Equal(given.Shape().Dimensions[1:], shape.Dimensions) {
		panic(fmt.Errorf("the given %s draws are %s, and a draw of %s is needed", what, given.Shape(), shape))
	}
	draw := graph.Gather(given, graph.Reshape(position, 1)) // the Go backend has no DynamicSlice
	left := graph.LessThan(position, graph.Const(position.Graph(), int32(given.Shape().Dimensions[0])))
	nan := graph.Scalar(position.Graph(), shape.DType, math.NaN())
	return graph.Where(graph.BroadcastToDims(left, shape.Dimensions...), draw, nan)
}

// State implements Draws.
func (r *Replay) State() []*graph.Node {
	state := []*graph.Node{r.normal, r.uniform}
	for _, given := range []*graph.Node{r.normals, r.uniforms} {
		if given != nil {
			state = append(state, given)
		}
	}
	return state
}

// At implements Draws.
func (r *Replay) At(state []*graph.Node) Draws {
	next := *r
	next.Resume(state)
	return &next
}

// Resume implements Draws.
func (r *Replay) Resume(state []*graph.Node) {
	r.normal, r.uniform, state = state[0], state[1], state[2:]
	for _, given := range []**graph.Node{&r.normals, &r.uniforms} {
		if *given != nil {
			*given, state = state[0], state[1:]
		}
	}
}
