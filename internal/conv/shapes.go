package conv

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// span takes count places of an axis, from a first one, with zeros where there are none.
func span(x *graph.Node, axis, first, count int) *graph.Node {
	size := x.Shape().Dim(axis)
	from, to := max(first, 0), min(first+count, size)
	if from >= to {
		d := slices.Clone(x.Shape().Dimensions)
		d[len(d)+axis] = count
		return graph.BroadcastToDims(graph.ScalarZero(x.Graph(), x.DType()), d...)
	}
	if from > 0 || to < size {
		x = graph.SliceAxis(x, axis, graph.AxisRange(from, to))
	}
	if from == first && to == first+count {
		return x
	}
	axes := make([]compute.PadAxis, x.Rank())
	axes[len(axes)+axis] = compute.PadAxis{Start: from - first, End: first + count - to}
	return graph.Pad(x, graph.ScalarZero(x.Graph(), x.DType()), axes...)
}

// product multiplies matrices [n, k]·[k, m], each replica's with its own where there are several.
func product(a, b *graph.Node) *graph.Node {
	if a.Rank() == 2 {
		return graph.Dot(a, b).Product()
	}
	return graph.Einsum("rnk,rkm->rnm", a, b)
}

// productOfColumns multiplies matrices [n, k]ᵀ·[n, m], likewise.
func productOfColumns(a, b *graph.Node) *graph.Node {
	if a.Rank() == 2 {
		return graph.Einsum("nk,nm->km", a, b)
	}
	return graph.Einsum("rnk,rnm->rkm", a, b)
}

// The replicas of an image, a kernel or what is made of them, if there are any, are its first axis. What follows are the
// axes that the names in this package are for; reshaped and permuted change those.

// reshaped gives other dimensions to x, an image or a kernel or a matrix that one has been made of. A node with replicas is
// known by its odd rank.
func reshaped(x *graph.Node, to ...int) *graph.Node {
	if x.Rank()%2 == 1 {
		to = append([]int{x.Shape().Dimensions[0]}, to...)
	}
	return graph.Reshape(x, to...)
}

// permuted puts the axes in another order.
func permuted(x *graph.Node, order ...int) *graph.Node {
	if x.Rank()%2 == 1 {
		for i := range order {
			order[i]++
		}
		order = append([]int{0}, order...)
	}
	return graph.TransposeAllAxes(x, order...)
}

// dims are the last four dimensions.
func dims(n *graph.Node) []int {
	all := n.Shape().Dimensions
	if len(all) < 4 {
		panic(fmt.Errorf("conv: %v has no four axes", n.Shape()))
	}
	return all[len(all)-4:]
}

// merged is [replicas, batch, …] as [replicas·batch, …].
func merged(x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	return graph.Reshape(x, append([]int{d[0] * d[1]}, d[2:]...)...)
}

// unmerged undoes merged, with the replicas and the batch of another node.
func unmerged(x, like *graph.Node) *graph.Node {
	return graph.Reshape(x, slices.Concat(like.Shape().Dimensions[:2], x.Shape().Dimensions[1:])...)
}

// leading is the number of replicas, if there are any.
func leading(x *graph.Node) []int {
	return slices.Clone(x.Shape().Dimensions[:x.Rank()%2])
}
