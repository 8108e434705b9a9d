package conv

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// ToPlanes turns images [batch, height, width, channels] into planes [channels, height, width, batch].
func ToPlanes(x *graph.Node) *graph.Node { return swapped(x) }

// FromPlanes turns planes [channels, height, width, batch] into images [batch, height, width, channels].
func FromPlanes(x *graph.Node) *graph.Node { return swapped(x) }

func swapped(x *graph.Node) *graph.Node {
	dims(x) // or it is no image
	return permuted(x, 3, 1, 2, 0)
}

// The replicas of planes, a kernel or what is made of them, if there are any, are its first axis. What follows are the axes
// that the names in this package are for; there is an even number of them.

func hasReplicas(x *graph.Node) bool { return x.Rank()%2 == 1 }

// replicas is the number of replicas.
func replicas(x *graph.Node) int { return x.Shape().Dimensions[0] }

// forReplicas puts the number of x's replicas, if there are any, in front of dimensions.
func forReplicas(x *graph.Node, d []int) []int {
	if hasReplicas(x) {
		return append([]int{replicas(x)}, d...)
	}
	return d
}

// reshaped gives other dimensions to x.
func reshaped(x *graph.Node, to ...int) *graph.Node { return graph.Reshape(x, forReplicas(x, to)...) }

// permuted puts the axes in another order.
func permuted(x *graph.Node, order ...int) *graph.Node {
	if hasReplicas(x) {
		for i := range order {
			order[i]++
		}
		order = append([]int{0}, order...)
	}
	return graph.TransposeAllAxes(x, order...)
}

// product is a product of matrices by Einstein's rule, such as "ok,kn->on", each replica's with its own where there are
// several.
func product(rule string, a, b *graph.Node) *graph.Node {
	if hasReplicas(a) {
		rule = "r" + strings.NewReplacer(",", ",r", "->", "->r").Replace(rule)
	}
	return graph.Einsum(rule, a, b)
}

// zeros are some of the given dimensions, for as many replicas as like has, and of its type.
func zeros(like *graph.Node, d ...int) *graph.Node {
	return graph.BroadcastToDims(graph.ScalarZero(like.Graph(), like.DType()), forReplicas(like, d)...)
}

// together makes replicas part of the batch: planes [replicas, …, batch] to [..., replicas·batch]. Apart undoes it.
func together(x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	x = graph.TransposeAllAxes(x, 1, 2, 3, 0, 4)
	return graph.Reshape(x, d[1], d[2], d[3], d[0]*d[4])
}

func apart(x *graph.Node, replicas int) *graph.Node {
	d := x.Shape().Dimensions
	x = graph.Reshape(x, d[0], d[1], d[2], replicas, d[3]/replicas)
	return graph.TransposeAllAxes(x, 3, 0, 1, 2, 4)
}

// span takes count places of an axis, from a first one, with zeros where there are none.
func span(x *graph.Node, axis, first, count int) *graph.Node {
	d := slices.Clone(x.Shape().Dimensions)
	from, to := max(first, 0), min(first+count, d[len(d)+axis])
	if from >= to {
		d[len(d)+axis] = count
		return graph.BroadcastToDims(graph.ScalarZero(x.Graph(), x.DType()), d...)
	}
	if from > 0 || to < d[len(d)+axis] {
		x = graph.SliceAxis(x, axis, graph.AxisRange(from, to))
	}
	if from == first && to == first+count {
		return x
	}
	axes := make([]compute.PadAxis, len(d))
	axes[len(d)+axis] = compute.PadAxis{Start: from - first, End: first + count - to}
	return graph.Pad(x, graph.ScalarZero(x.Graph(), x.DType()), axes...)
}

// every takes count places from a first one in steps.
func every(step, first, count int) graph.SliceAxisSpec {
	return graph.AxisRange(first, first+(count-1)*step+1).Stride(step)
}

// joined puts nodes side by side.
func joined(nodes []*graph.Node, axis int) *graph.Node {
	if len(nodes) == 1 {
		return nodes[0]
	}
	return graph.Concatenate(nodes, axis)
}

// barrier is x, computed before what comes of it: XLA does not make one piece of work of both.
func barrier(x *graph.Node) *graph.Node {
	if g := x.Graph(); g.Backend().Name() == "xla" {
		return graph.OptimizationBarriers(x, graph.ScalarZero(g, x.DType()))[0] // one for x alone is none
	}
	return x
}

// dims are the last four dimensions.
func dims(n *graph.Node) []int {
	all := n.Shape().Dimensions
	if len(all) < 4 {
		panic(fmt.Errorf("conv: %v has no four axes", n.Shape()))
	}
	return all[len(all)-4:]
}
