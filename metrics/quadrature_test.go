package metrics

import (
	"math"
	"testing"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// The integrals of Gaussians have closed forms, in one dimension and in two.
func TestIntegrateGaussians(t *testing.T) {
	tests := []struct {
		name             string
		mean             []float64
		precision        [][]float64
		low, high        []float64
		trueMean         []float64
		trueVariance     float64
		logZ, kl, fisher float64
	}{{
		name: "one dimension", mean: []float64{0.5}, precision: [][]float64{{4}},
		low: []float64{-2}, high: []float64{3}, trueMean: []float64{0.7}, trueVariance: 0.5,
		logZ: 0.5*math.Log(2*math.Pi) - 0.5*math.Log(4),
		// KL(N(m, v) ‖ N(μ, 1/λ)) = ½(λv + λ(m−μ)² − 1 − log λv)
		kl: 0.5 * (4*0.5 + 4*0.04 - 1 - math.Log(4*0.5)),
		// ½ E‖(x−m)/v − λ(x−μ)‖² = ½((1/v − λ)²v + λ²(m−μ)²)
		fisher: 0.5 * ((1/0.5-4)*(1/0.5-4)*0.5 + 16*0.04),
	}, {
		name: "two dimensions", mean: []float64{1, -1}, precision: [][]float64{{2, 0.6}, {0.6, 1.5}},
		low: []float64{-4, -6}, high: []float64{6, 4}, trueMean: []float64{1, -1}, trueVariance: 0.8,
		logZ: math.Log(2*math.Pi) - 0.5*math.Log(2*1.5-0.36),
		kl:   0.5 * (0.8*3.5 - 2 - math.Log(0.64*(2*1.5-0.36))),
		// ½ v tr (Λ − I/v)²
		fisher: 0.5 * 0.8 * (math.Pow(2-1.25, 2) + math.Pow(1.5-1.25, 2) + 2*0.36),
	}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				model, err := models.Compile(backend, &models.Quadratic{Mean: test.mean, Precision: test.precision}, len(test.mean), nil)
				if err != nil {
					t.Fatal(err)
				}
				density, err := datasets.NewIsotropic([]float64{1}, [][]float64{test.trueMean}, []float64{test.trueVariance})
				if err != nil {
					t.Fatal(err)
				}
				grid, err := GridFor(test.low, test.high, 0)
				if err != nil {
					t.Fatal(err)
				}
				got, err := Integrate(model, grid, density)
				if err != nil {
					t.Fatal(err)
				}
				near := func(what string, got, want, within float64) {
					if !(math.Abs(got-want) <= within) {
						t.Errorf("%s = %v, want %v", what, got, want)
					}
				}
				near("log Z", got.LogZ, test.logZ, 1e-5)
				near("KL", got.True.KL, test.kl, 1e-5)
				near("Fisher divergence", *got.True.Fisher, test.fisher, 1e-4)
				near("mass of the true density", got.True.Mass, 1, 1e-5)
				near("border mass", got.BorderMass, 0, 1e-6)
				near("difference to the coarser grid", got.GridError, 0, 1e-5)
			})
		}
	})
}

// A grid that cuts the model off says so.
func TestIntegrateReportsBorderMass(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model, err := models.Compile(backend, &models.Quadratic{Mean: []float64{0, 0}, Precision: [][]float64{{1e-4, 0}, {0, 1e-4}}}, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		grid, err := GridFor([]float64{-1, -1}, []float64{1, 1}, 101)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Integrate(model, grid, nil)
		if err != nil {
			t.Fatal(err)
		}
		// The density is flat here, so that the border has its share of the area: the outermost two of a hundred cells,
		// and half a cell more for the half weight of the outermost points.
		inner := 1 - 2*1.5/100
		if want := 1 - inner*inner; math.Abs(got.BorderMass-want) > 0.01 {
			t.Errorf("border mass = %v, want about %v", got.BorderMass, want)
		}
	})
}

// A model narrower than the cells of the grid is noticed.
func TestIntegrateReportsCoarseGrid(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model, err := models.Compile(backend, &models.Quadratic{Mean: []float64{0}, Precision: [][]float64{{1e4}}}, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		grid, err := GridFor([]float64{-10}, []float64{10}, 101) // cells of 0.36, and a standard deviation of 0.01
		if err != nil {
			t.Fatal(err)
		}
		got, err := Integrate(model, grid, nil)
		if err != nil {
			t.Fatal(err)
		}
		// Both grids hit the middle, and nothing else: twice the cell is twice the integral.
		if want := math.Ln2; math.Abs(got.GridError-want) > 1e-6 {
			t.Errorf("log Z differs by %v between the grids, want log 2", got.GridError)
		}
		if warnings := (&Evaluation{GridError: &got.GridError}).Warnings(); len(warnings) != 1 {
			t.Errorf("warnings %q, want one", warnings)
		}
	})
}
