package inference

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/stat"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
	"joule/samplers"
)

// correlated is a Gaussian in three dimensions with the precision matrix Λ: given the others, coordinate k is normal with the
// variance 1/Λₖₖ and the mean −Σⱼ Λₖⱼxⱼ/Λₖₖ.
var correlated = &models.Quadratic{Mean: []float64{0, 0, 0}, Precision: [][]float64{{2, -1, 0.5}, {-1, 1.5, 0}, {0.5, 0, 1}}}

// Missing coordinates have the conditional distribution given those that are known, which stay as they were: each row with what it
// lacks. Means and variances within five standard errors of as many independent draws.
func TestInpaintGaussian(t *testing.T) {
	nan := math.NaN()
	points := datasets.Points{N: 3, Dim: 3, Values: []float64{nan, 1, -2, 1.5, nan, 3, nan, nan, 2}}
	known := []bool{false, true, true, true, false, true, false, false, true}
	ensemble := samplers.NewEnsemble()
	ensemble.Local = &samplers.MALA{Steps: 4, StepSize: 0.1}
	tempered := samplers.NewParallelTempering()
	tempered.Steps, tempered.Temperatures, tempered.MaxTemperature = 40, 2, 3
	for name, c := range map[string]struct {
		sampler samplers.Sampler
		draws   int
	}{
		"hmc":      {&samplers.HMC{Steps: 20, StepSize: 0.3, Leapfrog: 4, Jitter: 0.2, TargetAcceptance: 0.8}, 6000}, // more than are run at once
		"ensemble": {ensemble, 1000},
		"tempered": {tempered, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
				p := Inpainting{Sampler: c.sampler, Start: samplers.Start{Mean: make([]float64, 3), Std: []float64{2, 2, 2}}, Draws: c.draws, Seed: 3}
				got, err := p.Complete(compile(t, backend, correlated, 3), points, known)
				if err != nil {
					t.Fatal(err)
				}
				n := float64(c.draws)
				column := func(row, k int) []float64 {
					values := make([]float64, c.draws)
					for i := range values {
						values[i] = got.Row(row*c.draws + i)[k]
					}
					return values
				}
				check := func(row, k int, mean, variance float64) {
					t.Helper()
					m, v := stat.MeanVariance(column(row, k), nil)
					if math.Abs(m-mean) > 5*math.Sqrt(variance/n) || math.Abs(v-variance) > 5*variance*math.Sqrt(2/n) {
						t.Errorf("coordinate %d of row %d has the mean %v and the variance %v, want %v and %v", k, row+1, m, v, mean, variance)
					}
				}
				check(0, 0, (1*1-0.5*-2)/2, 0.5)
				check(1, 1, 1, 1/1.5)
				// Given x₂ = 2 the others have the precision [2 −1; −1 1.5], whose inverse is [1.5 1; 1 2]/2, and the mean −that·(0.5·2, 0).
				check(2, 0, -0.75, 0.75)
				check(2, 1, -0.5, 1)
				for i := range got.N {
					for k, v := range got.Row(i) {
						if at := i/c.draws*3 + k; known[at] && v != points.Values[at] {
							t.Fatalf("draw %d has %v in place of the known %v", i, v, points.Values[at])
						}
					}
				}
			})
		})
	}
}

// The same seed gives the same draws, whatever other points there are in the call; another seed gives others.
func TestInpaintSeeds(t *testing.T) {
	points := datasets.Points{N: 2, Dim: 3, Values: []float64{0, 1, -2, 1.5, 0, 3}}
	known := []bool{false, true, true, true, false, true}
	model := compile(t, backendtest.Open(t, "go"), correlated, 3)
	draw := func(seed int64, sampler samplers.Sampler) []float64 {
		p := Inpainting{Sampler: sampler, Start: samplers.Start{Mean: make([]float64, 3), Std: []float64{1, 1, 1}}, Draws: 4, Seed: seed}
		got, err := p.Complete(model, points, known)
		if err != nil {
			t.Fatal(err)
		}
		return got.Values
	}
	ensemble := samplers.NewEnsemble()
	ensemble.Steps = 3
	for _, sampler := range []samplers.Sampler{samplers.NewULA(5, 0.1), ensemble} {
		first, again, other := draw(1, sampler), draw(1, sampler), draw(2, sampler)
		for i := range first {
			if first[i] != again[i] {
				t.Errorf("%T: number %d is %v and then %v", sampler, i, first[i], again[i])
			}
		}
		if first[0] == other[0] || first[0] == first[3] {
			t.Errorf("%T: two draws are the same: %v, %v", sampler, first, other)
		}
	}
	if _, err := (Inpainting{Sampler: samplers.NewULA(5, 0.1)}).Complete(model, points, known); err == nil {
		t.Error("no draws are no error")
	}
}
