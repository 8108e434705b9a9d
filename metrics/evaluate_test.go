package metrics

import (
	"math"
	"testing"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// A density that is 0 in places and has no score has a KL divergence, in closed form for a Gaussian model of variance v:
// log 2πv + E‖x‖²/2v − log 32 where the variance of each coordinate is 16/3. It has no Fisher divergence.
func TestEvaluateOnACheckerboard(t *testing.T) {
	for standardize, v := range map[bool]float64{false: 2, true: 0.4} { // the grid reaches a few deviations of either model
		board := &datasets.Checkerboard{Synthetic: datasets.Synthetic{Size: 2000, Preparation: datasets.Preparation{Standardize: standardize}}}
		set, err := board.Load(datasets.Env{})
		if err != nil {
			t.Fatal(err)
		}
		variance := [2]float64{16. / 3, 16. / 3} // of the data in the coordinates of the model
		mean := [2]float64{}
		if standardize {
			for k, std := range set.Transform.Std {
				variance[k] /= std * std
				mean[k] = -set.Transform.Mean[k] / std
			}
		}
		want := math.Log(2*math.Pi*v) - math.Log(32) - set.Transform.LogDetJacobian()
		for k := range variance {
			want += (variance[k] + mean[k]*mean[k]) / (2 * v)
		}
		backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
			model, err := models.Compile(backend, &models.Quadratic{Mean: []float64{0, 0}, Precision: [][]float64{{1 / v, 0}, {0, 1 / v}}}, 2, nil)
			if err != nil {
				t.Fatal(err)
			}
			e, err := Evaluate(model, set, Options{Grid: 801})
			if err != nil {
				t.Fatal(err)
			}
			if e.KL == nil || math.Abs(*e.KL-want) > 0.02 { // the sum over a grid is off by its spacing at every border
				t.Errorf("KL %.4f, want %.4f; mass %.5f", *e.KL, want, *e.TrueMass)
			}
			if e.Fisher != nil {
				t.Errorf("a Fisher divergence of %v", *e.Fisher)
			}
			if e.Entropy == nil || math.Abs(*e.Entropy-math.Log(32)) > 1e-9 {
				t.Errorf("entropy %v, want log 32", e.Entropy)
			}
		})
	}
}
