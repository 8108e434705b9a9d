package metrics

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/loop"
)

// sortAxis puts numbers x in ascending order along an axis, which has to be a power of two long; +Inf comes last. Both backends have an
// operation for it, but that of the Go backend calls a closure for each comparison, and takes a hundred times as long as a network of
// comparisons. On XLA the network is as fast, and takes longer to compile.
func sortAxis(x *graph.Node, axis int) *graph.Node {
	g := x.Graph()
	if g.Backend().Name() == "xla" {
		return graph.Sort(x, axis, true)
	}
	once := graph.Const(g, int32(1)) // package goloop makes loops fast, and nothing else
	return loop.Repeat(once, func(_ *graph.Node, state []*graph.Node) []*graph.Node {
		return []*graph.Node{bitonicSort(state[0], axis)}
	}, x)[0]
}

// bitonicSort is sortAxis by Batcher's network (1968). Sorted runs double in length: of two neighbours one is negated, so that ascending
// numbers stand where descending ones are wanted.
func bitonicSort(x *graph.Node, axis int) *graph.Node {
	dims := x.Shape().Dimensions
	n := dims[axis]
	before, after := product(dims[:axis]), product(dims[axis+1:])
	signs := graph.Reshape(graph.ConvertDType(graph.Const(x.Graph(), []float64{1, -1}), x.DType()), 1, 2, 1)
	turned := func(x *graph.Node, run int) *graph.Node { // every second run is negated
		if run == n {
			return x
		}
		x = graph.Reshape(x, before*n/(2*run), 2, run*after)
		return graph.Mul(x, graph.BroadcastToDims(signs, x.Shape().Dimensions...))
	}
	for run := 2; run <= n; run *= 2 {
		x = turned(x, run)
		for apart := run / 2; apart >= 1; apart /= 2 {
			x = graph.Reshape(x, before*n/(2*apart), 2, apart*after)
			a := graph.Slice(x, graph.AxisRange(), graph.AxisElem(0))
			b := graph.Slice(x, graph.AxisRange(), graph.AxisElem(1))
			x = graph.Concatenate([]*graph.Node{graph.Min(a, b), graph.Max(a, b)}, 1)
		}
		x = turned(x, run)
	}
	return graph.Reshape(x, slices.Clone(dims)...)
}

// product multiplies dimensions.
func product(dims []int) int {
	p := 1
	for _, d := range dims {
		p *= d
	}
	return p
}
