package trainers

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/dealt"
	"joule/internal/stein"
	"joule/models"
)

// KSD minimises the squared kernelised Stein discrepancy of the data and the model (Barp et al. 2019, minimum Stein
// discrepancy estimators; the discrepancy: Liu, Lee & Jordan 2016, Chwialkowski et al. 2016): the mean over pairs of points
// of a batch of
//
//	u(x, y) = s(x)ᵀ k s(y) + s(x)ᵀ∇_y k + s(y)ᵀ∇_x k + tr ∇_x∇_yᵀ k
//
// It needs the score alone, and no derivative of it by the points.
type KSD struct {
	// Kernel is imq, (1 + ‖x−y‖²/ℓ²)^β, or rbf, exp(−‖x−y‖²/(2ℓ²)).
	Kernel string `yaml:"kernel" check:"in imq|rbf"`
	// Bandwidth is ℓ, in the units of the data as trained on; 0 is the median distance of training points.
	Bandwidth float64 `yaml:"bandwidth" check:">= 0"`
	// Exponent is β of the kernel imq.
	Exponent float64 `yaml:"exponent" check:"> -1, < 0"`
	// Statistic is u, over pairs of different points, which is unbiased, or v, over all pairs, which is never negative.
	Statistic string `yaml:"statistic" check:"in u|v"`
}

// NewKSD returns the default settings: the inverse multiquadric with β = −½ and the median distance, without bias.
func NewKSD() *KSD { return &KSD{Kernel: "imq", Exponent: -0.5, Statistic: "u"} }

// maxPairs is how many pairs of points a step may compare on a device, of all replicas together: a matrix of them takes 256 MiB in float32,
// and a step has several.
const maxPairs = 1 << 26

// Prepare implements Method. It fails when a batch has no pairs or too many, and when there is no distance to take as the
// bandwidth.
func (m *KSD) Prepare(p Problem) (Objective, error) {
	batch := p.batch()
	if m.Statistic == "u" && batch < 2 {
		return nil, fmt.Errorf("method ksd compares pairs of different points, and there is a batch of %d: train.batch_size has to be larger, or method.statistic v", batch)
	}
	if n := len(p.Data); p.BatchSize*batch > maxPairs/n {
		largest := int(math.Sqrt(float64(maxPairs/n) * float64(batch) / float64(p.BatchSize)))
		return nil, fmt.Errorf("method ksd compares all points of a batch with each other, and %d%s are too many for the memory of a device: train.batch_size can be %d at most", batch, p.sharers(), largest)
	}
	objective := ksd{KSD: m}
	if m.Bandwidth > 0 {
		objective.bandwidths = slices.Repeat([][][]float64{{{m.Bandwidth}}}, len(p.Data))
		return objective, nil
	}
	seen, err := p.seen()
	if err != nil {
		return nil, err
	}
	for _, points := range seen {
		median := medianDistance(points)
		if median == 0 {
			return nil, errors.New("method.bandwidth 0 stands for the median distance of the training points, and that is 0: give one")
		}
		objective.bandwidths = append(objective.bandwidths, [][]float64{{median}})
	}
	return objective, nil
}

// forMedian is the largest number of points whose distances the median is taken of.
const forMedian = 500

// medianDistance is the median distance of different points, of evenly spaced ones where there are many.
func medianDistance(points datasets.Points) float64 {
	n := min(points.N, forMedian)
	var squares []float64
	for i := range n {
		for j := range i {
			square := 0.0
			for k, a := range points.Row(i * points.N / n) {
				square += math.Pow(a-points.Row(j * points.N / n)[k], 2)
			}
			squares = append(squares, square)
		}
	}
	if len(squares) == 0 {
		return 0
	}
	slices.Sort(squares)
	return math.Sqrt(squares[len(squares)/2])
}

// Cost implements Method: a score, learned from. The kernel is not counted.
func (m *KSD) Cost(models.Energy, int) (Cost, error) {
	return learning(models.CostOfScore), nil
}

type ksd struct {
	*KSD
	bandwidths [][][]float64 // [replicas][1][1]
}

func (ksd) Parameters() []models.Parameter { return nil }
func (ksd) State() []State                 { return nil }
func (ksd) Metrics() []Metric              { return nil }

func (m ksd) Loss(in Input) Output {
	bandwidth := graph.ConvertDType(graph.Const(in.Batch.Graph(), m.bandwidths), in.Batch.DType())
	if in.Batch.Rank() == 2 {
		bandwidth = graph.Reshape(bandwidth)
	}
	if part := in.Draws.Part(); part.Of() > 1 {
		return Output{Loss: m.shared(in.Net, in.Batch, bandwidth, part)}
	}
	return Output{Loss: m.KSD.Loss(in.Net, in.Batch, bandwidth)}
}

// kernel is that of a bandwidth.
func (m *KSD) kernel(bandwidth *graph.Node) stein.Kernel {
	if m.Kernel == "rbf" {
		return stein.RBF{Bandwidth: bandwidth}
	}
	return stein.IMQ{Bandwidth: bandwidth, Exponent: m.Exponent}
}

// shared is the loss where devices share a batch: each compares its own points x [batch, dim] with those of all. The mean over
// the devices is the statistic of the whole batch, and so is that of the gradients: u is symmetric, so that its gradient by the
// score at the second point, which may be another device's, is made up for by twice that at the first.
func (m *KSD) shared(net models.Net, x, bandwidth *graph.Node, part *dealt.Part) *graph.Node {
	n, dim := x.Shape().Dimensions[x.Rank()-2], x.Shape().Dimensions[x.Rank()-1]
	score := net.Score(x)
	all := part.Rows(graph.Concatenate([]*graph.Node{x, score}, -1), -2)
	others, theirs := graph.SliceAxis(all, -1, graph.AxisRange(0, dim)), graph.SliceAxis(all, -1, graph.AxisRangeToEnd(dim))
	pairs := stein.Matrix(m.kernel(bandwidth), x, score, others, theirs) // [batch, all]
	compared := float64(n * part.Devices)
	if m.Statistic == "u" {
		first := graph.BroadcastToDims(graph.InsertAxes(part.Numbers(x.Graph(), n), -1), n, n*part.Devices)
		isOwn := graph.Equal(first, graph.Iota(x.Graph(), first.Shape(), 1))
		isOwn = graph.BroadcastToDims(graph.ExpandLeftToRank(isOwn, pairs.Rank()), pairs.Shape().Dimensions...)
		pairs = graph.Sub(pairs, graph.Mul(pairs, graph.ConvertDType(isOwn, pairs.DType())))
		compared--
	}
	mean := graph.DivScalar(graph.ReduceSum(pairs, -2, -1), float64(n)*compared)
	return graph.Add(mean, gradientOnly(mean))
}

// Loss is the loss for data x [batch, dim] and the kernel's bandwidth, a scalar or [replicas, 1, 1].
func (m *KSD) Loss(net models.Net, x, bandwidth *graph.Node) *graph.Node {
	kernel := m.kernel(bandwidth)
	n := float64(x.Shape().Dimensions[x.Rank()-2])
	score := net.Score(x)
	pairs := stein.Matrix(kernel, x, score, x, score) // [batch, batch]
	if m.Statistic == "v" {
		return graph.ReduceMean(pairs, -2, -1)
	}
	own := graph.Mul(pairs, identity(pairs))
	return graph.DivScalar(graph.ReduceSum(graph.Sub(pairs, own), -2, -1), n*(n-1))
}

// identity is the identity matrix of the shape of square matrices x.
func identity(x *graph.Node) *graph.Node {
	shape := x.Shape()
	row, column := graph.Iota(x.Graph(), shape, shape.Rank()-2), graph.Iota(x.Graph(), shape, shape.Rank()-1)
	return graph.ConvertDType(graph.Equal(row, column), x.DType())
}
