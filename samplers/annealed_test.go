package samplers

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"joule/internal/backendtest"
	"joule/models"
)

// On a Gaussian the chains stay Gaussian, and mean and variance follow a recursion: through the levels, and on at the smallest
// one after the run. Few steps, so that every one shows in the end.
func TestAnnealedLangevinFollowsTheLevels(t *testing.T) {
	const n, thinning = 1 << 14, 3
	s := &AnnealedLangevin{Steps: 9, Levels: 3, StepSize: 0.1}
	start := Start{Mean: []float64{4}, Std: []float64{0.5}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model, err := models.Compile(backend, levelled{}, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		sample, err := Draw(model, s, Sampling{Chains: n, Thinning: thinning, Precondition: "none"}, start, 2*n, 1)
		if err != nil {
			t.Fatal(err)
		}
		mean, variance := 4.0, 0.25+5*5
		advance := func(sigma float64) {
			step := 0.1 * sigma * sigma
			keep := 1 - step/(0.25+sigma*sigma)
			mean, variance = 1+keep*(mean-1), keep*keep*variance+2*step
		}
		compare := func(what string, x []float64) {
			t.Helper()
			expect(t, what+": the mean", x, 1, func(x []float64) float64 { return x[0] }, mean)
			expect(t, what+": the variance", x, 1, func(x []float64) float64 { return (x[0] - mean) * (x[0] - mean) }, variance)
		}
		for _, sigma := range []float64{5, math.Sqrt(5 * 0.01), 0.01} {
			for range 3 {
				advance(sigma)
			}
		}
		compare("after the run", sample.Points[:n])
		for range thinning {
			advance(0.01)
		}
		compare("after some more transitions", sample.Points[n:])
	})
}

// The default settings draw from the density at the smallest level, up to the bias of the steps, which for a variance v + σ²
// is less than that of one level at r/2 ≈ 5 %.
func TestAnnealedLangevinDraws(t *testing.T) {
	const n = 2000
	model, err := models.Compile(backendtest.Open(t, "go"), levelled{}, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	sample, err := Draw(model, NewAnnealedLangevin(), NewSampling(), Start{[]float64{0, 0}, []float64{1, 1}}, n, 1)
	if err != nil {
		t.Fatal(err)
	}
	mean, square := 0.0, 0.0
	for _, x := range sample.Points {
		mean += x / (2 * n)
		square += (x - 1) * (x - 1) / (2 * n)
	}
	near(t, "the mean", mean, 1, 5*0.5/math.Sqrt(2*n))
	near(t, "the variance", square, 0.25, 0.25*(0.05+5*math.Sqrt(2.0/(2*n))))
}

// Energies without noise levels are refused, and so are coordinates in which the noise would not be isotropic.
func TestAnnealedLangevinRefuses(t *testing.T) {
	backend := backendtest.Open(t, "go")
	start := Start{[]float64{0, 0}, []float64{1, 1}}
	_, err := Draw(compiled(t, backend, []float64{0, 0}, [][]float64{{1, 0}, {0, 1}}), NewAnnealedLangevin(), NewSampling(), start, 1, 1)
	if err == nil || !strings.HasPrefix(err.Error(), "a sampler of kind annealed_langevin needs an energy with noise levels") {
		t.Errorf("error %v", err)
	}
	model, err := models.Compile(backend, levelled{}, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Draw(model, NewAnnealedLangevin(), Sampling{Thinning: 1, Precondition: "start"}, start, 1, 1)
	if err == nil || !strings.HasPrefix(err.Error(), "sampling.precondition: the sampler goes through the noise levels of the model") {
		t.Errorf("error %v", err)
	}
}
