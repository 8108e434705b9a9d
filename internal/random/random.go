// Package random is the explicit randomness of graph functions.
//
// A graph function that needs random numbers takes a Draws. In training that is a Stream, a generator keyed by a node;
// in a check against reference values it is a Replay, which hands out given numbers. The function cannot tell.
package random

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
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

// Index returns numbers drawn uniformly, with replacement, from 0 … size−1: int32 of the given dimensions.
func Index(d Draws, size int, dimensions ...int) *graph.Node {
	// float64 holds every index exactly; float32 would not beyond 2²⁴ points.
	u := d.Uniform(shapes.Make(dtypes.Float64, dimensions...))
	return graph.ConvertDType(graph.Floor(graph.MulScalar(u, float64(size))), dtypes.Int32)
}
