package samplers

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/models"
)

// Noise of a scale of its own, bounded gradients, a decaying step and bounded points are the formulas, step by step.
func TestLangevinSettings(t *testing.T) {
	const step = 0.2
	noise := [][][]float64{
		{{1, -1}, {0.5, 0.25}, {0, 0}},
		{{-0.3, 0.2}, {2, -2}, {1, 1}},
		{{0.1, 0.9}, {-1, 0}, {-0.7, 0.4}},
	}
	unbounded := [2]float64{math.Inf(-1), math.Inf(1)}
	cases := []struct {
		name    string
		sampler Langevin
		fall    float64 // of the step size, from transition to transition
		std     float64 // of the noise at the first
		isFixed bool    // whether that stays
		clamp   float64
		bounds  [2]float64
	}{
		{"noise_scale", Langevin{Temperature: 1, NoiseScale: 0.05, FinalFraction: 1}, 1, 0.05, true, math.Inf(1), unbounded},
		{"clamp_gradient", Langevin{Temperature: 0.5, ClampGradient: 0.4, FinalFraction: 1}, 1, math.Sqrt(step), false, 0.4, unbounded},
		{"final_fraction", Langevin{Temperature: 1, FinalFraction: 0.04}, 0.2, math.Sqrt(2 * step), false, math.Inf(1), unbounded},
		{"bounds", Langevin{Temperature: 1, FinalFraction: 1, Bounds: []float64{-0.5, 1.25}}, 1, math.Sqrt(2 * step), true, math.Inf(1), [2]float64{-0.5, 1.25}},
		{"all", Langevin{NoiseScale: 0.1, ClampGradient: 1, FinalFraction: 0.25}, 0.5, 0.1, true, 1, unbounded},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range cases {
			s := c.sampler
			s.Steps, s.StepSize = len(noise), step
			got := run(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
				return []*graph.Node{Run(&s, net, in[0], Options{}, random.NewReplay(in[0].Graph(), in[1], nil)).X}
			}, starts, noise)[0]
			for chain, start := range starts {
				for k, x := range start {
					for i, z := range noise {
						part := math.Pow(c.fall, float64(i))
						gradient := min(max([]float64{1, 3}[k]*(x-1), -c.clamp), c.clamp)
						std := c.std
						if !c.isFixed {
							std *= math.Sqrt(part)
						}
						x = min(max(x-step*part*gradient+std*z[chain][k], c.bounds[0]), c.bounds[1])
					}
					near(t, c.name, got[2*chain+k], x, 1e-14)
				}
			}
		}
	})
}

// In coordinates divided by their standard deviations, known or measured, one step size is right for all of them, however
// unlike they are.
func TestPrecondition(t *testing.T) {
	const n = 1000
	precision := [][]float64{{1e4, 0}, {0, 1e-2}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model := compiled(t, backend, []float64{3, -7}, precision)
		draw := func(precondition string, start Start) []float64 {
			s := &MALA{Steps: 160, StepSize: 0.3, TargetAcceptance: 0.6}
			sample, err := Draw(model, s, Sampling{Thinning: 1, Precondition: precondition}, start, n, 5)
			if err != nil {
				t.Fatal(err)
			}
			return sample.Points
		}
		narrow := func(x []float64) float64 { return (x[0] - 3) * (x[0] - 3) }
		wide := func(x []float64) float64 { return (x[1] + 7) * (x[1] + 7) }
		for precondition, start := range map[string]Start{
			"start":  {[]float64{3.01, -2}, []float64{0.015, 15}},
			"chains": {[]float64{3.02, -8}, []float64{0.04, 4}},
		} {
			x := draw(precondition, start)
			expect(t, precondition+": the narrow variance", x, 2, narrow, 1e-4)
			expect(t, precondition+": the wide variance", x, 2, wide, 100)
		}
		sum := 0.0
		x := draw("none", Start{[]float64{3, -7}, []float64{0.01, 1}})
		for i := range n {
			sum += wide(x[2*i:]) / n
		}
		if sum > 3 {
			t.Errorf("without preconditioning the wide variance is %v already: that shows too little", sum)
		}
	})
}

// Bounds are in the coordinates of the data, and so not for scaled ones.
func TestPreconditionRefusesBounds(t *testing.T) {
	bounded := NewLangevin()
	if err := FitScaled(bounded, models.NewMLP()); err != nil {
		t.Errorf("without bounds: %v", err)
	}
	bounded.Bounds = []float64{-1, 1}
	within := NewEnsemble()
	within.Local = bounded
	for _, s := range []Sampler{bounded, within} {
		if err := FitScaled(s, models.NewMLP()); err == nil || !strings.Contains(err.Error(), "bounds") {
			t.Errorf("%T: %v, want an error about bounds", s, err)
		}
	}
	for _, bounds := range [][]float64{{1}, {1, -1}, {2, 2}} {
		var keys []string
		(&Langevin{Bounds: bounds}).Check(func(key, _ string) { keys = append(keys, key) })
		if len(keys) != 1 || keys[0] != "bounds" {
			t.Errorf("bounds %v: problems with %v", bounds, keys)
		}
	}
}

// A coordinate in which all chains start alike is not divided by nothing.
func TestPreconditionWithoutWidth(t *testing.T) {
	model := compiled(t, backendtest.Open(t, "go"), []float64{0, 0}, [][]float64{{1, 0}, {0, 1}})
	for _, precondition := range []string{"start", "chains"} {
		how := Sampling{Thinning: 1, Precondition: precondition}
		sample, err := Draw(model, NewULA(40, 0.1), how, Start{[]float64{0, 2}, []float64{1, 0}}, 50, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range sample.Points {
			if !(math.Abs(v) < 10) {
				t.Fatalf("%s: a coordinate is %v", precondition, v)
			}
		}
	}
}

// There are never more chains than points.
func TestDrawTakesNoMoreChainsThanPoints(t *testing.T) {
	model := compiled(t, backendtest.Open(t, "go"), []float64{0}, [][]float64{{1}})
	sample, err := Draw(model, NewULA(3, 0.1), Sampling{Chains: 10, Thinning: 1, Precondition: "none"}, Start{[]float64{0}, []float64{1}}, 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	if sample.Chains != 3 || sample.Draws != 1 || !math.IsNaN(sample.Acceptance) || sample.StepScale != 1 {
		t.Errorf("%+v", sample)
	}
}
