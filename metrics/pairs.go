package metrics

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/loop"
)

// pairBlock is the largest number of points of a block: the square of it is how many pairs are in memory at a time.
const pairBlock = 512

// pairTerms are sums over the pairs of a point of block a and one of block b, float64 scalars that are the same for b and a. Both
// hold what is known of their points, [block, …] each; own [block, block] is 1 for a point and itself, and 0 for all other pairs;
// shared is what is the same for all pairs.
type pairTerms func(a, b []*graph.Node, own *graph.Node, shared []*graph.Node) []*graph.Node

// sumPairs sums so many terms over all pairs of n (int32) points, in either order and of each with itself. Of the points rows hold what
// is known, [rows, …] each, the number of rows being a power of two.
func sumPairs(n *graph.Node, rows, shared []*graph.Node, count int, terms pairTerms) []*graph.Node {
	g := n.Graph()
	size := rows[0].Shape().Dimensions[0]
	block := min(pairBlock, size)
	number := func(v int) *graph.Node { return graph.Const(g, int32(v)) }
	blocks := graph.Div(graph.Add(n, number(block-1)), number(block))
	passes := graph.Div(graph.Mul(blocks, graph.Add(blocks, number(1))), number(2)) // the pairs of blocks i ≤ j

	state := []*graph.Node{number(0), number(0)} // i, j, the sums, the rows by block, and what is shared
	for range count {
		state = append(state, graph.ScalarZero(g, dtypes.Float64))
	}
	for _, row := range rows {
		dims := append([]int{size / block, block}, row.Shape().Dimensions[1:]...)
		state = append(state, graph.Reshape(row, dims...))
	}
	firstRow, firstShared := 2+count, 2+count+len(rows)
	out := loop.Repeat(passes, func(_ *graph.Node, state []*graph.Node) []*graph.Node {
		i, j := state[0], state[1]
		of := func(number *graph.Node) []*graph.Node {
			var block []*graph.Node
			for _, all := range state[firstRow:firstShared] {
				block = append(block, graph.Gather(all, graph.Reshape(number, 1)))
			}
			return block
		}
		isOwn := graph.Equal(i, j)
		pairs := int32s(block, block)
		own := graph.And(graph.Equal(graph.Iota(g, pairs, 0), graph.Iota(g, pairs, 1)), graph.BroadcastToDims(isOwn, block, block))
		times := graph.Where(isOwn, graph.Const(g, 1.0), graph.Const(g, 2.0)) // for i and j, and for j and i
		out := append([]*graph.Node(nil), state...)
		out[0] = graph.Where(isOwn, number(0), graph.Add(i, number(1)))
		out[1] = graph.Add(j, graph.ConvertDType(isOwn, dtypes.Int32))
		for k, term := range terms(of(i), of(j), graph.ConvertDType(own, rows[0].DType()), state[firstShared:]) {
			out[2+k] = graph.Add(state[2+k], graph.Mul(times, term))
		}
		return out
	}, append(state, shared...)...)
	return out[2:firstRow]
}

// total is the sum of a matrix in float64, but for that of each row.
func total(x *graph.Node) *graph.Node { return graph.ReduceAllSum(double(graph.ReduceSum(x, -1))) }

func int32s(dimensions ...int) shapes.Shape { return shapes.Make(dtypes.Int32, dimensions...) }
