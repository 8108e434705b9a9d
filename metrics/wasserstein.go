package metrics

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/datasets"
	"joule/internal/random"
)

// SlicedWasserstein are the settings of the sliced Wasserstein distance of points and others (Rabin et al. 2011; Bonneel et al. 2015):
// the root of the mean over directions θ of W₂², the squared Wasserstein distance of what the points are in that direction, θᵀx.
type SlicedWasserstein struct {
	// Projections is the number of directions, which are drawn from the sphere.
	Projections int
	// Seed fixes them.
	Seed int64
}

// NewSlicedWasserstein returns the default settings: 128 directions.
func NewSlicedWasserstein() SlicedWasserstein { return SlicedWasserstein{Projections: 128} }

// Check says what is wrong with the settings; nil: nothing is.
func (s SlicedWasserstein) Check() error {
	if s.Projections < 1 || s.Projections > 10_000 {
		return fmt.Errorf("%d projections of the sliced Wasserstein distance; want 1 to 10000", s.Projections)
	}
	return nil
}

// The purposes of the random numbers.
const (
	purposeDirections = iota + 301
	purposeOutliers
)

// SlicedWasserstein is the distance of points a and b, in their coordinates. In each direction the two distributions of points are compared
// exactly, by ∫₀¹ (Q_a(u) − Q_b(u))² du of their quantile functions, which are steps: in order where there are as many of one as of
// the other, and else by the shares that a step of one has in a step of the other.
func (p *Panel) SlicedWasserstein(a, b datasets.Points, s SlicedWasserstein) (float64, error) {
	if err := checkPoints("the points", a, b.Dim, 1); err != nil {
		return 0, err
	}
	if err := checkPoints("the points of reference", b, b.Dim, 1); err != nil {
		return 0, err
	}
	if err := s.Check(); err != nil {
		return 0, err
	}
	rows := rowsFor(max(a.N, b.N))
	origin, _ := b.Moments()
	steps, shares := commonSteps(a.N, b.N, 2*rows)
	got, err := p.run(fmt.Sprint("sliced Wasserstein ", s.Projections), s.distance, random.Seed(s.Seed, purposeDirections),
		padded(rows, origin, a), padded(rows, origin, b), whole(a.N), whole(b.N), steps, shares)
	if err != nil {
		return 0, err
	}
	if !isNumber(got[0]) {
		return 0, notFinite("the sliced Wasserstein distance")
	}
	return math.Sqrt(max(0, got[0])), nil
}

// commonSteps are the parts of [0, 1) on which the quantile functions of n and of m points are both constant: which point each of the two
// is at, [2, size], and the lengths [size]. What is too much of them has the length 0.
func commonSteps(n, m, size int) (indices, lengths *tensors.Tensor) {
	index, length := make([]int32, 2*size), make([]float64, size)
	i, j, at := 0, 0, 0 // at is in units of 1/(nm)
	for k := 0; i < n && j < m; k++ {
		index[k], index[size+k] = int32(i), int32(j)
		next := min((i+1)*m, (j+1)*n)
		length[k] = float64(next-at) / (float64(n) * float64(m))
		if at = next; at == (i+1)*m {
			i++
		}
		if at == (j+1)*n {
			j++
		}
	}
	return tensors.FromFlatDataAndDimensions(index, 2, size), tensors.FromFlatDataAndDimensions(length, size)
}

// distance is the squared distance of the first n of a and the first m of b: key, [rows, dim], [rows, dim], int32, int32, [2, steps],
// [steps] -> scalar.
func (s SlicedWasserstein) distance(in []*graph.Node) []*graph.Node {
	key, a, b, n, m, index, lengths := in[0], in[1], in[2], in[3], in[4], in[5], in[6]
	g, rows, dim := a.Graph(), a.Shape().Dimensions[0], a.Shape().Dimensions[1]
	theta := random.NewStream(key).Normal(shapes.Make(a.DType(), dim, s.Projections))
	theta = graph.Div(theta, graph.Sqrt(graph.ReduceAndKeep(graph.Square(theta), graph.ReduceSum, 0)))

	infinite := graph.ConvertDType(graph.Const(g, math.Inf(1)), a.DType())
	along := func(x, n *graph.Node) *graph.Node { // [rows, dim] -> [rows, projections], the rows from n on last in order
		is := graph.BroadcastToDims(graph.InsertAxes(isBelow(n, rows), -1), rows, s.Projections)
		return graph.Where(is, graph.Einsum("nd,dp->np", x, theta), graph.BroadcastToDims(infinite, rows, s.Projections))
	}
	sorted := sortAxis(graph.Stack([]*graph.Node{along(a, n), along(b, m)}, 0), 1) // [2, rows, projections]
	quantiles := func(side int) *graph.Node {                                      // [steps, projections]
		at := graph.Reshape(graph.Slice(index, graph.AxisElem(side)), index.Shape().Dimensions[1], 1)
		return graph.Gather(graph.Reshape(graph.Slice(sorted, graph.AxisElem(side)), rows, s.Projections), at)
	}
	squares := graph.ReduceSum(graph.Square(graph.Sub(quantiles(0), quantiles(1))), -1) // [steps]
	mean := graph.ReduceAllSum(graph.Mul(double(squares), lengths))
	return []*graph.Node{graph.DivScalar(mean, float64(s.Projections))}
}
