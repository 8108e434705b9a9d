package samplers

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/models"
)

// A transition is the formula, with a bandwidth that is given or follows the points.
func TestSVGDTransition(t *testing.T) {
	const step = 0.3
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, bandwidth := range []float64{0, 2} {
			got := run(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
				return []*graph.Node{Run(&SVGD{Steps: 1, StepSize: step, Bandwidth: bandwidth}, net, in[0], Options{}, nothing{}).X}
			}, starts)[0]
			n, h := float64(len(starts)), bandwidth
			square := func(x, y []float64) float64 { return (x[0]-y[0])*(x[0]-y[0]) + (x[1]-y[1])*(x[1]-y[1]) }
			if h == 0 {
				for _, x := range starts {
					for _, y := range starts {
						h += square(x, y) / (n * (n - 1)) / math.Log(n+1)
					}
				}
			}
			for i, x := range starts {
				for k := range 2 {
					want := x[k]
					for _, y := range starts {
						kernel := math.Exp(-square(x, y) / h)
						score := -[]float64{1, 3}[k] * (y[k] - 1)
						want += step / n * kernel * (score + 2/h*(x[k]-y[k]))
					}
					near(t, "a coordinate", got[2*i+k], want, 1e-13)
				}
			}
		}
	})
}

// Points come to represent a Gaussian: its mean, where forces balance, and its variance up to how few they are.
func TestSVGDMoments(t *testing.T) {
	const n = 100
	r := rand.New(rand.NewPCG(1, 1))
	start := make([]float64, n)
	for i := range start {
		start[i] = 3 + 0.5*r.NormFloat64()
	}
	model := &models.Quadratic{Mean: []float64{1}, Precision: [][]float64{{0.5}}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		x := ends(t, backend, model, &SVGD{Steps: 600, StepSize: 1}, start, 1, 1, nil)[0]
		mean, square := 0.0, 0.0
		for _, x := range x {
			mean += x / n
			square += (x - 1) * (x - 1) / n
		}
		near(t, "the mean", mean, 1, 0.01)
		near(t, "the variance", square, 2, 0.1)
	})
}

// Too many points to compare all with all are an error, not the end of the memory.
func TestSVGDRefusesTooMany(t *testing.T) {
	model := compiled(t, backendtest.Open(t, "go"), []float64{0}, [][]float64{{1}})
	_, err := Draw(model, NewSVGD(), NewSampling(), Start{[]float64{0}, []float64{1}}, maxTogether+1, 0)
	const want = "a sampler of kind svgd compares every chain with every other, and 16385 are too many: at most 16384"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	// Four replicas of half as many have the same pairs.
	if err := CheckChains(NewSVGD(), maxTogether/2, 4, 1); err != nil {
		t.Error(err)
	}
	err = CheckChains(NewSVGD(), maxTogether/2+1, 4, 1)
	const wantOfFour = "a sampler of kind svgd compares every chain with every other, and 8193 in each of 4 replicas are too many: at most 8192"
	if err == nil || err.Error() != wantOfFour {
		t.Errorf("error %v, want %s", err, wantOfFour)
	}
}
