package metrics

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/stat/distuv"

	"joule/datasets"
	"joule/internal/loop"
	"joule/internal/tensor"
	"joule/models"
)

// strayDeviations is how many standard deviations from its mode a point of one coordinate is a stray.
const strayDeviations = 4

// coveringShare is the part of the points that a mode should have with which it counts as covered. Srivastava et al. (2017) count it
// from one point on, which chance brings about where there are many.
const coveringShare = 0.1

// ModeShares says how points are shared out among the modes of a density: each is a point of the mode that it is nearest to, by the
// Mahalanobis distance. That is what there is to say of modes that are apart; of those that overlap, points of one are nearest to another,
// even if they are of the very density.
type ModeShares struct {
	// Coverage is the share of the modes that have at least a tenth of the points that they should have by their weights, without strays.
	Coverage float64
	// WeightError is the total variation distance ½ Σₖ |wₖ − sₖ| of the weights w of the modes and the shares s of the points.
	WeightError float64
	// Stray is the share of points that are farther from every mode than [StrayDistance]. Srivastava et al. (2017) take three standard
	// deviations in two dimensions, beyond which are 1.1 % of the points of the density itself.
	Stray float64
	// Shares are s, [modes].
	Shares []float64
}

// StrayDistance is how many standard deviations of a mode a stray is away from it: four in one dimension, and in more what points of the
// mode exceed as rarely, which is 6 of 100,000.
func StrayDistance(dim int) float64 {
	rarely := 2 * distuv.UnitNormal.Survival(strayDeviations)
	return math.Sqrt(distuv.ChiSquared{K: float64(dim)}.Quantile(1 - rarely))
}

// Modes shares points out among the modes of a density in the same coordinates.
func (p *Panel) Modes(points datasets.Points, modes *datasets.Mixture) (*ModeShares, error) {
	dim, k := modes.Dim(), len(modes.Means)
	if err := checkPoints("the points", points, dim, 1); err != nil {
		return nil, err
	}
	var means, factors []float64
	for i, factor := range modes.PrecisionFactors() {
		means = append(means, modes.Means[i]...)
		for _, row := range factor {
			factors = append(factors, row...)
		}
	}
	got, err := p.run("modes", nearestModes, padded(rowsFor(points.N), make([]float64, dim), points), whole(points.N),
		tensor.From(means, models.DType, k, dim), tensor.From(factors, models.DType, k, dim, dim), tensor.From([]float64{StrayDistance(dim)}, models.DType))
	if err != nil {
		return nil, err
	}
	n, covered, strays := float64(points.N), 0.0, float64(points.N)
	m := &ModeShares{}
	for i, weight := range modes.Weights {
		share, near := got[i]/n, got[k+i]
		m.Shares = append(m.Shares, share)
		m.WeightError += math.Abs(weight-share) / 2
		strays -= near
		if near >= coveringShare*weight*n {
			covered++
		}
	}
	m.Coverage, m.Stray = covered/float64(k), strays/n
	return m, nil
}

// nearestModes counts for each mode the points that it is the nearest to, and those of them that are within a distance: x [rows, dim],
// n (int32), means [modes, dim], the triangular factors of the precision [modes, dim, dim], distance -> 2 of [modes].
func nearestModes(in []*graph.Node) []*graph.Node {
	x, n, means, factors, reach := in[0], in[1], in[2], in[3], in[4]
	g, rows, modes := x.Graph(), x.Shape().Dimensions[0], means.Shape().Dimensions[0]
	far := graph.MulScalar(graph.Ones(g, shapes.Make(models.DType, rows)), math.Inf(1))
	out := loop.Repeat(graph.Const(g, int32(modes)), func(k *graph.Node, state []*graph.Node) []*graph.Node {
		nearest, distance, x, means, factors := state[0], state[1], state[2], state[3], state[4]
		at := graph.Reshape(k, 1)
		z := graph.Einsum("nd,ed->ne", graph.Sub(x, graph.InsertAxes(graph.Gather(means, at), 0)), graph.Gather(factors, at))
		squared := graph.ReduceSum(graph.Square(z), -1)
		isNearer := graph.LessThan(squared, distance)
		return []*graph.Node{graph.Where(isNearer, graph.BroadcastToDims(k, rows), nearest), graph.Where(isNearer, squared, distance), x, means, factors}
	}, graph.Zeros(g, int32s(rows)), far, x, means, factors)
	nearest, distance := out[0], out[1]
	is := graph.And(graph.Equal(graph.BroadcastToDims(graph.InsertAxes(nearest, -1), rows, modes), graph.Iota(g, int32s(rows, modes), 1)),
		graph.BroadcastToDims(graph.InsertAxes(isBelow(n, rows), -1), rows, modes))
	isNear := graph.LessOrEqual(distance, graph.BroadcastToDims(graph.Square(reach), rows))
	count := func(is *graph.Node) *graph.Node { return graph.ReduceSum(graph.ConvertDType(is, dtypes.Int32), 0) }
	return []*graph.Node{count(is), count(graph.And(is, graph.BroadcastToDims(graph.InsertAxes(isNear, -1), rows, modes)))}
}
