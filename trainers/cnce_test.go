package trainers

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/models"
)

// tenNoises are two for each of fivePoints, in turn.
var tenNoises = append(append([][]float64{}, fiveNoises...), negativePoints...)

// The loss is 2 mean softplus(E(x) − E(y)). With dE/dμ = −Λ(x−μ), which is the score, its gradient by μ is
// 2 mean σ(E(x) − E(y))·(s(x) − s(y)). A constant in the energy changes nothing.
func TestCNCELoss(t *testing.T) {
	const k, epsilon = 2, 0.4
	loss, gradient := 0.0, [2]float64{}
	for i, z := range tenNoises {
		x := fivePoints[i/k]
		y := []float64{x[0] + epsilon*z[0], x[1] + epsilon*z[1]}
		d := tilted.energy(x) - tilted.energy(y)
		loss += 2 * softplusOnHost(d) / float64(len(tenNoises))
		sx, sy := tilted.score(x), tilted.score(y)
		for a := range gradient {
			gradient[a] += 2 / (1 + math.Exp(-d)) * (sx[a] - sy[a]) / float64(len(tenNoises))
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		m := &CNCE{NoiseRatio: k, NoiseScale: epsilon}
		got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			l := m.Loss(net, in[0], in[1])
			return append([]*graph.Node{l, m.Loss(withConstant(net, 7), in[0], in[1])}, graph.Gradient(l, net.Theta[0])...)
		}, fivePoints, tenNoises)
		near(t, "the loss", got[0][0], loss, 1e-13)
		near(t, "the loss with a constant", got[1][0], loss, 1e-13)
		for a := range gradient {
			near(t, "the gradient by the mean", got[2][a], gradient[a], 1e-13)
		}
	})
}

// As ε shrinks the loss, less 2 log 2, over ε²/2 becomes score matching, tr ∇∇ᵀE·(−1) + ½‖s‖², averaged over the noise:
// −2 log 2 + loss = ε²(½‖s‖² − tr Λ)/2 + O(ε⁴) where noises come in pairs ±√D eₖ, whose moments are those of z.
func TestCNCEBecomesScoreMatching(t *testing.T) {
	const epsilon = 1e-3
	x := []float64{0.8, -0.6}
	s, p := tilted.score(x), tilted.precision()
	want := 0.5*(s[0]*s[0]+s[1]*s[1]) - p[0][0] - p[1][1]
	r := math.Sqrt2
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			return []*graph.Node{(&CNCE{NoiseRatio: 4, NoiseScale: epsilon}).Loss(net, in[0], in[1])}
		}, [][]float64{x}, [][]float64{{r, 0}, {-r, 0}, {0, r}, {0, -r}})
		near(t, "the slope of the loss in ε²/2", (got[0][0]-2*math.Ln2)*2/(epsilon*epsilon), want, 1e-4)
	})
}

// The noise is as wide as the data where that is asked for, coordinate by coordinate, and the accuracy is the share of
// pairs in which the datum has the lower energy.
func TestCNCEScalesWithTheData(t *testing.T) {
	points := datasets.Points{N: 4, Dim: 2, Values: []float64{0, 10, 2, 10, 0, 30, 2, 30}} // standard deviations 1 and 10
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for relative, std := range map[bool][]float64{true: {1, 10}, false: {1, 1}} {
			m := &CNCE{NoiseRatio: 2, NoiseScale: 0.4, Relative: relative}
			objective, err := m.Prepare(Problem{Data: []*datasets.Set{{Train: points}}, BatchSize: 5, DType: dtypes.Float64})
			if err != nil {
				t.Fatal(err)
			}
			wide, lower := [][]float64{}, 0.0
			for i, z := range tenNoises {
				wide = append(wide, []float64{z[0] * std[0], z[1] * std[1]})
				x := fivePoints[i/2]
				if tilted.energy(x) < tilted.energy([]float64{x[0] + 0.4*wide[i][0], x[1] + 0.4*wide[i][1]}) {
					lower += 1 / float64(len(tenNoises))
				}
			}
			got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
				given := graph.InsertAxes(in[1], 0)
				out := objective.Loss(Input{Net: net, Batch: in[0], Draws: random.NewReplay(given.Graph(), given, nil)})
				return []*graph.Node{out.Loss, m.Loss(net, in[0], in[2]), out.Metrics[0]}
			}, fivePoints, tenNoises, wide)
			near(t, "the loss of an objective", got[0][0], got[1][0], 1e-13)
			near(t, "the accuracy", got[2][0], lower, 1e-13)
		}
	})
	flat := datasets.Points{N: 2, Dim: 1, Values: []float64{3, 3}}
	if _, err := NewCNCE().Prepare(Problem{Data: []*datasets.Set{{Train: flat}}}); err == nil {
		t.Error("noise as wide as data that does not vary is no error")
	}
	if _, err := (&CNCE{NoiseRatio: 1, NoiseScale: 1}).Prepare(Problem{Data: []*datasets.Set{{Train: flat}}}); err != nil {
		t.Errorf("noise of a fixed width: %v", err)
	}
}
