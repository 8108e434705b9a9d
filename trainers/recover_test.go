package trainers

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/mat"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
	"joule/samplers"
)

// elsewhere are the methods whose own tests see to it, within narrower bounds or with the model that they need.
var elsewhere = []string{"msdsm", "adversarial", "cnce", "ranking_nce", "energy_discrepancy", "flow_nce", "jem"}

// onXLAToo are the methods that learn a Gaussian on XLA, too: one with chains, a loop within the loop, one with noise, and some that compare
// points. Of all the others the steps are those of the Go backend, as TestDevicesAreOne says.
var onXLAToo = []string{"pcd", "dsm", "nce", "cnce", "flow_nce"}

// recovering are the settings of methods whose defaults do not recover a Gaussian: chains from noise that are too short, noise
// that blurs more than this test reckons with.
var recovering = map[string]func() Method{
	"short_run": func() Method { return &ShortRun{InitStd: 1, Contrast: Contrast{Sampler: samplers.NewULA(100, 0.05)}} },
	"dsm":       func() Method { return &DSM{Sigma: blur, Weighting: "variance"} },
}

// blur is the σ of dsm, which learns the covariance Σ + σ²I.
const blur = 0.5

// Every method that can learn a quadratic energy recovers the mean and the precision of normal data, some of them on XLA, too.
//
// The rate decays, which averages over the last tenth of the points at least: the means and precisions of maximum
// likelihood have standard errors of about 1 % of their size from so many. The other methods are less efficient by single
// factors, and chains are biased by ε/2 = 2.5 % of the precision. The bound is 10 %.
func TestMethodsRecoverAGaussian(t *testing.T) {
	const steps, batch = 400, 256
	data := correlatedIn(t, 4000)
	mean, covariance := moments(data.Train)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, method := range Kinds {
			if slices.Contains(elsewhere, name) || backendtest.OnXLA(backend) && !slices.Contains(onXLAToo, name) {
				continue
			}
			if own, ok := recovering[name]; ok {
				method = own
			}
			got := trained(t, backend, Spec{
				Model: models.NewQuadratic(), Method: method(), Data: data, Optimizer: cosine(0.05),
				Loop: Loop{Steps: steps, BatchSize: batch, LogEvery: steps},
			})
			want := mat.DenseCopyOf(covariance)
			if name == "dsm" {
				want.Set(0, 0, want.At(0, 0)+blur*blur)
				want.Set(1, 1, want.At(1, 1)+blur*blur)
			}
			if err := want.Inverse(want); err != nil {
				t.Fatal(err)
			}
			factor := mat.NewDense(2, 2, got["precision_factor"])
			var precision mat.Dense
			precision.Mul(factor, factor.T())
			for i := range 2 {
				near(t, fmt.Sprintf("%s: mean %d", name, i), got["mean"][i], mean[i], 0.1*math.Sqrt(covariance.At(i, i)))
				for j := range 2 {
					within := 0.1 * math.Sqrt(want.At(i, i)*want.At(j, j))
					near(t, fmt.Sprintf("%s: precision (%d, %d)", name, i, j), precision.At(i, j), want.At(i, j), within)
				}
			}
		}
	})
}

// correlatedIn are n points of a normal distribution in the plane, and its density.
func correlatedIn(t *testing.T, n int) *datasets.Set {
	t.Helper()
	data := normalData(n, []float64{1, -0.5}, 0.6)
	for i := range data.Train.N {
		row := data.Train.Row(i)
		row[1] += 0.6 * (row[0] - 1)
	}
	density, err := datasets.FitMixture(data.Train, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	data.Density = density
	return data
}

// moments are the mean and the covariance of points in the plane.
func moments(points datasets.Points) (mean [2]float64, covariance *mat.Dense) {
	covariance = mat.NewDense(2, 2, nil)
	average, _ := points.Moments()
	for i := range points.N {
		d := mat.NewVecDense(2, []float64{points.Row(i)[0] - average[0], points.Row(i)[1] - average[1]})
		var square mat.Dense
		square.Outer(1/float64(points.N), d, d)
		covariance.Add(covariance, &square)
	}
	return [2]float64(average), covariance
}
