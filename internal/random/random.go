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

// smallestUniform keeps the logarithm in Normal finite; it is half the spacing of 32-bit uniform numbers.
const smallestUniform = 1.0 / (1 << 33)

// Normal implements Draws by the Box–Muller transform. It uses both numbers of each pair, and so half the random bits
// of graph.RandomNormal.
func (s *Stream) Normal(shape shapes.Shape) *graph.Node {
	size := shape.Size()
	half := (size + 1) / 2
	u := s.Uniform(shapes.Make(shape.DType, 2, half))
	radius := graph.Sqrt(graph.MulScalar(graph.Log(graph.MaxScalar(row(u, 0), smallestUniform)), -2))
	angle := graph.MulScalar(row(u, 1), 2*math.Pi)
	z := graph.Concatenate([]*graph.Node{graph.Mul(radius, graph.Cos(angle)), graph.Mul(radius, graph.Sin(angle))}, 0)
	if 2*half > size {
		z = graph.Slice(z, graph.AxisRange(0, size))
	}
	return graph.StopGradient(graph.Reshape(z, shape.Dimensions...))
}

func row(x *graph.Node, i int) *graph.Node {
	return graph.Squeeze(graph.Slice(x, graph.AxisElem(i), graph.AxisRange()), 0)
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
