package trainers

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/stein"
	"joule/internal/tensor"
	"joule/models"
)

// ofNormal are the u of all pairs of n points of N(0, v), for the density N(0, 1) and the Gaussian kernel of bandwidth ℓ:
// their mean over pairs of different points as the loss gives it, and its standard error.
func ofNormal(t *testing.T, backend compute.Backend, n int, v, bandwidth float64) (mean, deviation float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(4, 4))
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Sqrt(v) * r.NormFloat64()
	}
	energy := &models.Quadratic{Mean: []float64{0}, Precision: [][]float64{{1}}}
	out := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
		net := models.Net{Model: energy}
		score := net.Score(in[0])
		return []*graph.Node{
			(&KSD{Kernel: "rbf", Statistic: "u"}).Loss(net, in[0], in[1]),
			stein.Matrix(stein.RBF{Bandwidth: in[1]}, in[0], score, in[0], score),
			(&KSD{Kernel: "rbf", Statistic: "v"}).Loss(net, in[0], in[1]),
		}
	}, tensor.From(x, dtypes.Float64, n, 1), bandwidth)
	size := float64(n)
	var all, own, squares, rows float64
	for i := range n {
		row := 0.0
		for j, u := range out[1][i*n : (i+1)*n] {
			all += u
			if i == j {
				own += u
				continue
			}
			row += u / (size - 1)
			squares += u * u / (size * (size - 1))
		}
		rows += row * row / size
	}
	mean = (all - own) / (size * (size - 1))
	near(t, "the loss over pairs of different points", out[0][0], mean, 1e-12)
	near(t, "the loss over all pairs", out[2][0], all/(size*size), 1e-12)
	// The variance of a U-statistic: of its projection, and of the rest (Hoeffding 1948).
	return mean, math.Sqrt(4*(rows-mean*mean)/size + 2*squares/(size*size))
}

// Between N(0, v) and N(0, 1) the squared discrepancy is known, with K = (1 + 2v/ℓ²)^−½ and w = 2v/(1 + 2v/ℓ²):
//
//	K·[ (2v − w)/4 − w/ℓ² + 1/ℓ² − w/ℓ⁴ ],
//
// which is 0 for v = 1. The statistic estimates it without bias.
func TestKSDOfGaussians(t *testing.T) {
	const bandwidth = 1.3
	const l2 = bandwidth * bandwidth
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, v := range []float64{1, 4, 0.3} {
			k, w := 1/math.Sqrt(1+2*v/l2), 2*v/(1+2*v/l2)
			want := k * ((2*v-w)/4 - w/l2 + 1/l2 - w/(l2*l2))
			got, deviation := ofNormal(t, backend, 1000, v, bandwidth)
			near(t, "the discrepancy", got, want, 5*deviation)
			if v != 1 && want < 6*deviation {
				t.Errorf("the discrepancy of N(0, %v) is %v, which is little beside the standard error %v", v, want, deviation)
			}
		}
	})
}

// The bandwidth is the median distance: of 0, 1, 3 in one dimension the distances are 1, 2, 3.
func TestMedianDistance(t *testing.T) {
	near(t, "the median", medianDistance(datasets.Points{N: 3, Dim: 1, Values: []float64{0, 1, 3}}), 2, 0)
	near(t, "the median in the plane", medianDistance(datasets.Points{N: 2, Dim: 2, Values: []float64{0, 0, 3, 4}}), 5, 0)
	near(t, "the median of one point", medianDistance(datasets.Points{N: 1, Dim: 1, Values: []float64{3}}), 0, 0)
	many := normalData(20000, []float64{0}, 1).Train // |x − y| of N(0, 2): its median is 0.9539
	near(t, "the median of normal points", medianDistance(many), 0.9539, 0.15)
}

func TestKSDErrors(t *testing.T) {
	normal, same := normalData(4, []float64{0}, 1), &datasets.Set{Train: datasets.NewPoints(4, 2)}
	for _, test := range []struct {
		data  *datasets.Set
		batch int
		more  int // replicas
		want  string
	}{
		{normal, 1, 0, "method ksd compares pairs of different points, and there is a batch of 1: train.batch_size has to be larger, or method.statistic v"},
		{same, 2, 0, "method.bandwidth 0 stands for the median distance of the training points, and that is 0: give one"},
		{normal, 8193, 0, "method ksd compares all points of a batch with each other, and 8193 are too many for the memory of a device: train.batch_size can be 8192 at most"},
		{normal, 4097, 3, "method ksd compares all points of a batch with each other, and 4097 in each of 4 replicas are too many for the memory of a device: train.batch_size can be 4096 at most"},
	} {
		data := slices.Repeat([]*datasets.Set{test.data}, 1+test.more)
		_, err := NewKSD().Prepare(Problem{Data: data, BatchSize: test.batch, DType: dtype})
		if err == nil || err.Error() != test.want {
			t.Errorf("error %v, want %q", err, test.want)
		}
	}
}
