// Package random is the explicit randomness of graph functions.
//
// A graph function that needs random numbers takes a Draws. In training that is a Stream, a generator keyed by a node;
// in a check against reference values it is a Replay, which hands out given numbers. The function cannot tell.
package random

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/dealt"
)

// Draws hands out random numbers inside a graph. Every call gives fresh ones and moves the state on.
type Draws interface {
	// Normal returns standard normal numbers of a float shape.
	Normal(shape shapes.Shape) *graph.Node
	// Uniform returns numbers in [0, 1) of a float shape.
	Uniform(shape shapes.Shape) *graph.Node
	// Part is the part of a batch that the numbers are for; nil: the whole. A draw of a shape [n, …] then gives the rows of that
	// part of what a draw of the whole batch would give.
	Part() *dealt.Part
	// Together returns the same source for draws in which every k rows in turn belong to one row of the batch.
	Together(k int) Draws
	// Whole returns the same source for draws that are the same for all parts of a batch.
	Whole() Draws
	// State returns the nodes that a loop has to carry.
	State() []*graph.Node
	// Return gives, of a source that At has made, the state that the body of the loop hands on to the next pass.
	Return() []*graph.Node
	// At returns the same source for the body of a loop, at the state and the pass (int32) that the body is given.
	At(state []*graph.Node, pass *graph.Node) Draws
	// Resume moves this source on, after a loop: to the state that the loop has come to.
	Resume(state []*graph.Node)
}

// Index returns numbers drawn uniformly, with replacement, from 0 … size−1: int32 of the given dimensions.
func Index(d Draws, size int, dimensions ...int) *graph.Node {
	// float64 holds every index exactly; float32 would not beyond 2²⁴ points.
	u := d.Uniform(shapes.Make(dtypes.Float64, dimensions...))
	return graph.ConvertDType(graph.Floor(graph.MulScalar(u, float64(size))), dtypes.Int32)
}
