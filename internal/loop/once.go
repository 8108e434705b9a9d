package loop

import (
	"slices"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Once is what a graph function makes of nodes, values of the given shapes. On the Go backend it is the only pass of a loop, which is run
// as a plan, several times as fast as other graphs; elsewhere it stands in the graph as it is. As in the body of a loop, it may use nothing
// but its arguments and constants.
func Once(f func(in []*graph.Node) []*graph.Node, out []shapes.Shape, in ...*graph.Node) []*graph.Node {
	if len(in) == 0 || in[0].Graph().Backend().Name() != goBackend {
		return f(in)
	}
	g, n := in[0].Graph(), len(in)
	state := slices.Clone(in)
	for _, shape := range out {
		state = append(state, graph.Zeros(g, shape))
	}
	return Repeat(graph.Const(g, int32(1)), func(_ *graph.Node, state []*graph.Node) []*graph.Node {
		return append(slices.Clone(state[:n]), f(slices.Clone(state[:n]))...)
	}, state...)[n:]
}
