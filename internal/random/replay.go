package random

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/dealt"
)

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

// Part implements Draws: what is given is for a whole batch.
func (r *Replay) Part() *dealt.Part { return nil }

// Together implements Draws.
func (r *Replay) Together(int) Draws { return r }

// Whole implements Draws.
func (r *Replay) Whole() Draws { return r }

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

// Return implements Draws.
func (r *Replay) Return() []*graph.Node { return r.State() }

// At implements Draws.
func (r *Replay) At(state []*graph.Node, _ *graph.Node) Draws {
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
