package metrics

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/loop"
)

// forMedian is the largest number of points whose distances the median is taken of.
const forMedian = 512

// infinityBits are those of +Inf in float32, as a number.
const infinityBits = 0x7f800000

// MedianDistance is the median distance of different points, of evenly spaced ones where there are more than 512: the usual
// bandwidth of a kernel. It is 0 where half of the pairs are at the same place.
func (p *Panel) MedianDistance(points datasets.Points) (float64, error) {
	if points.N < 2 {
		return 0, fmt.Errorf("%d points have no distances; want at least 2", points.N)
	}
	points = evenly(points, forMedian)
	origin, std := points.Moments()
	variance := 0.0
	for _, s := range std {
		variance += s * s
	}
	got, err := p.run("median distance", median, padded(rowsFor(points.N), origin, points), whole(points.N))
	if err != nil {
		return 0, err
	}
	if !isNumber(got[0]) {
		return 0, notFinite("the median distance of the points")
	}
	const rounding = 1e-12 // of the squares, which are differences of numbers like the variance
	if got[0] <= rounding*variance {
		return 0, nil
	}
	return math.Sqrt(got[0]), nil
}

// median is the median of the squared distances of different ones of the first n of points x: [rows, dim], int32 -> scalar. Numbers that
// are not negative are in the order of their bits, which are searched by halving: after 31 steps there is one left.
func median(in []*graph.Node) []*graph.Node {
	x, n := double(in[0]), in[1]
	g, rows := x.Graph(), x.Shape().Dimensions[0]
	norms := graph.ReduceSum(graph.Square(x), -1)
	squares := graph.Sub(graph.Add(graph.InsertAxes(norms, -1), graph.InsertAxes(norms, 0)),
		graph.MulScalar(graph.Einsum("nd,md->nm", x, x), 2))
	squares = graph.ConvertDType(graph.MaxScalar(squares, 0), dtypes.Float32)

	pairs := int32s(rows, rows)
	i, j := graph.Iota(g, pairs, 0), graph.Iota(g, pairs, 1)
	isPair := graph.And(graph.LessThan(i, j), graph.LessThan(j, graph.BroadcastToDims(n, rows, rows)))
	infinite := graph.BroadcastToDims(graph.Const(g, float32(math.Inf(1))), rows, rows)
	number := func(v int) *graph.Node { return graph.Const(g, int32(v)) }
	wanted := graph.OnePlus(graph.Div(graph.Mul(n, graph.Sub(n, number(1))), number(4))) // of n(n−1)/2

	out := loop.Repeat(number(31), func(_ *graph.Node, state []*graph.Node) []*graph.Node {
		low, high, squares, wanted := state[0], state[1], state[2], state[3]
		middle := graph.Add(low, graph.Div(graph.Sub(high, low), number(2)))
		isAtMost := graph.LessOrEqual(squares, graph.BroadcastToDims(graph.Bitcast(middle, dtypes.Float32), rows, rows))
		isEnough := graph.GreaterOrEqual(graph.ReduceAllSum(graph.ConvertDType(isAtMost, dtypes.Float32)), wanted) // exact up to 2²⁴
		return []*graph.Node{graph.Where(isEnough, low, graph.Add(middle, number(1))), graph.Where(isEnough, middle, high), squares, wanted}
	}, number(0), number(infinityBits), graph.Where(isPair, squares, infinite), graph.ConvertDType(wanted, dtypes.Float32))
	return []*graph.Node{graph.Bitcast(out[1], dtypes.Float32)}
}

// evenly are points evenly spaced in the row, or all where there are no more than so many.
func evenly(points datasets.Points, most int) datasets.Points {
	if points.N <= most {
		return points
	}
	indices := make([]int, most)
	for i := range indices {
		indices[i] = i * points.N / most
	}
	return points.Rows(indices)
}

// bandwidthOf is the given bandwidth, or the median distance of points for 0.
func (p *Panel) bandwidthOf(given float64, points datasets.Points) (float64, error) {
	if given > 0 {
		return given, nil
	}
	distance, err := p.MedianDistance(points)
	if err == nil && distance == 0 {
		err = unmeasured("the median distance of the points, which is the bandwidth unless one is given, is 0")
	}
	return distance, err
}
