package trainers

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/models"
)

// wide is noise that covers the points of the tests, and its log density on the host.
var wide = &DiagonalGaussian{Mean: [][]float64{{0.2, -0.3}}, Std: [][]float64{{1.5, 2}}}

func wideLog(x []float64) (sum float64) {
	for k := range x {
		z := (x[k] - wide.Mean[0][k]) / wide.Std[0][k]
		sum -= 0.5*z*z + math.Log(wide.Std[0][k]*math.Sqrt(2*math.Pi))
	}
	return sum
}

// The loss is −mean log of the share that the datum has in the sum of exp r over itself and its own noise points, and so
// is K = 1 the logistic regression between the two. A constant in the energy changes nothing.
func TestRankingNCELoss(t *testing.T) {
	rank := func(x []float64) float64 { return -tilted.energy(x) - wideLog(x) }
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, k := range []int{1, 2} {
			noise := tenNoises[:k*len(fivePoints)]
			want, first := 0.0, 0.0
			for i, x := range fivePoints {
				sum, best := math.Exp(rank(x)), 1.0
				for _, y := range noise[i*k : (i+1)*k] {
					sum += math.Exp(rank(y))
					if rank(y) > rank(x) {
						best = 0
					}
				}
				want -= math.Log(math.Exp(rank(x))/sum) / float64(len(fivePoints))
				first += best / float64(len(fivePoints))
			}
			m := &RankingNCE{NoiseRatio: k}
			objective := &rankingNCE{RankingNCE: m, noise: givenNoise{wide}, problem: Problem{BatchSize: 5, DType: dtypes.Float64, Data: normalReplicas(1)}}
			got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
				given := graph.InsertAxes(in[1], 0)
				out := objective.Loss(Input{Net: net, Batch: in[0], Draws: random.NewReplay(given.Graph(), given, nil)})
				far := m.Loss(withConstant(net, 1e5), wide, in[0], in[1])
				return []*graph.Node{m.Loss(net, wide, in[0], in[1]), far, out.Loss, out.Metrics[0]}
			}, fivePoints, noise)
			near(t, "the loss", got[0][0], want, 1e-13)
			near(t, "the loss with a constant", got[1][0], want, 1e-10)
			near(t, "the loss of the objective", got[2][0], want, 1e-13)
			near(t, "the accuracy", got[3][0], first, 1e-13)
		}
	})
}

// As K grows the gradient tends to the likelihood's, mean ∂E(x) − ⟨∂E⟩ of the model: by μ that is the score at the datum,
// since scores average to 0. The noise makes ⟨∂E⟩ a self-normalised importance estimate, whose standard error is
// √Σ wⱼ²‖∂E(yⱼ)‖² with the weights exp r over their sum; the datum itself has one of K + 1. The bound is five of them.
func TestRankingNCETendsToTheLikelihood(t *testing.T) {
	const k = 40000
	x := []float64{1, -1}
	r := rand.New(rand.NewPCG(2, 2))
	noise, weights, sum := make([][]float64, k), make([]float64, k), 0.0
	for j := range noise {
		noise[j] = []float64{wide.Mean[0][0] + wide.Std[0][0]*r.NormFloat64(), wide.Mean[0][1] + wide.Std[0][1]*r.NormFloat64()}
		weights[j] = math.Exp(-tilted.energy(noise[j]) - wideLog(noise[j]))
		sum += weights[j]
	}
	var variance [2]float64
	for j, y := range noise {
		for a, s := range tilted.score(y) {
			variance[a] += square(weights[j] / sum * s)
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			return graph.Gradient((&RankingNCE{NoiseRatio: k}).Loss(net, wide, in[0], in[1]), net.Theta[0])
		}, [][]float64{x}, noise)
		for a, s := range tilted.score(x) {
			near(t, "the gradient by the mean", got[0][a], s, 5*math.Sqrt(variance[a]))
		}
	})
}
