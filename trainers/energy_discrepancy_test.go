package trainers

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/models"
)

// The loss is mean log(w/M + 1/M Σⱼ exp(E(x) − E(yⱼ))), with and without w. A constant in the energy changes nothing, and
// energies of any size give finite numbers.
func TestEnergyDiscrepancyLoss(t *testing.T) {
	const m, width = 2, 0.6
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, w := range []float64{0, 1, 0.3} {
			want := 0.0
			for i, x := range fivePoints {
				sum := w
				for _, z := range tenNoises[i*m : (i+1)*m] {
					y := []float64{x[0] + width*(fiveNoises[i][0]+z[0]), x[1] + width*(fiveNoises[i][1]+z[1])}
					sum += math.Exp(tilted.energy(x) - tilted.energy(y))
				}
				want += math.Log(sum/m) / float64(len(fivePoints))
			}
			method := &EnergyDiscrepancy{T: width * width, Negatives: m, W: w}
			got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
				far := method.Loss(net, graph.MulScalar(in[0], 1e4), in[1], in[2])
				return []*graph.Node{method.Loss(net, in[0], in[1], in[2]), method.Loss(withConstant(net, 7), in[0], in[1], in[2]), far}
			}, fivePoints, fiveNoises, tenNoises)
			near(t, "the loss", got[0][0], want, 1e-13)
			near(t, "the loss with a constant", got[1][0], want, 1e-13)
			if math.IsNaN(got[2][0]) || math.IsInf(got[2][0], 0) {
				t.Errorf("far away the loss is %v", got[2][0])
			}
		}
	})
}

// With many points the loss is E(x) − U(x + √t ξ), where exp(−U) is exp(−E) blurred with N(0, tI). For E = ½λ‖x‖² that is
// a Gaussian integral: U(y) = ½λ‖y‖²/(1 + tλ) + D/2·log(1 + tλ).
//
// The mean of exp(−E) over M points has the relative variance (⟨exp(−2E)⟩/⟨exp(−E)⟩² − 1)/M, where ⟨exp(−2E)⟩ is the same
// integral with 2λ, and the logarithm has as much to first order; the bound is five standard errors.
func TestEnergyDiscrepancyBlursTheEnergy(t *testing.T) {
	const lambda, blur, m = 1.7, 0.5, 40000
	potential := func(lambda float64, y []float64) float64 {
		return 0.5*lambda*(y[0]*y[0]+y[1]*y[1])/(1+blur*lambda) + math.Log(1+blur*lambda)
	}
	x, away := []float64{0.8, -0.4}, []float64{-0.3, 0.9}
	y := []float64{x[0] + math.Sqrt(blur)*away[0], x[1] + math.Sqrt(blur)*away[1]}
	want := 0.5*lambda*(x[0]*x[0]+x[1]*x[1]) - potential(lambda, y)
	variance := (math.Exp(2*potential(lambda, y)-potential(2*lambda, y)) - 1) / m
	r := rand.New(rand.NewPCG(3, 3))
	back := make([][]float64, m)
	for j := range back {
		back[j] = []float64{r.NormFloat64(), r.NormFloat64()}
	}
	isotropic := learned{factor: [2][2]float64{{math.Sqrt(lambda), 0}, {0, math.Sqrt(lambda)}}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := isotropic.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			return []*graph.Node{(&EnergyDiscrepancy{T: blur, Negatives: m}).Loss(net, in[0], in[1], in[2])}
		}, [][]float64{x}, [][]float64{away}, back)
		near(t, "the loss", got[0][0], want, 5*math.Sqrt(variance))
	})
}
