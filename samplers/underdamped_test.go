package samplers

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/models"
)

// On E = ½λx² the variance of points is 1/λ for any stable step, also next to the limit h = 2/√λ. (That of other splittings,
// such as OBABO, is 1/(λ(1 − ¼h²λ)): here five times as large.)
func TestUnderdampedStationaryVariance(t *testing.T) {
	const n, lambda = 1 << 14, 4
	start := slices.Repeat([]float64{1}, n)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model := &models.Quadratic{Mean: []float64{0}, Precision: [][]float64{{lambda}}}
		for _, step := range []float64{0.2, 0.9} {
			s := &Underdamped{Steps: 100, StepSize: step, Friction: 1}
			x := ends(t, backend, model, s, start, 1, 1, nil)[0]
			expect(t, "the mean", x, 1, func(x []float64) float64 { return x[0] }, 0)
			expect(t, "the variance", x, 1, func(x []float64) float64 { return x[0] * x[0] }, 1.0/lambda)
		}
	})
}

// With given noise a chain is the formula, step by step.
func TestUnderdampedWithGivenNoise(t *testing.T) {
	const h, friction = 0.3, 0.7
	noise := [][][]float64{
		{{1, -1}, {0.5, 0.25}, {0, 0}}, // the velocities that chains start with
		{{-0.3, 0.2}, {2, -2}, {1, 1}},
		{{0.1, 0.9}, {-1, 0}, {-0.7, 0.4}},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := run(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			s := &Underdamped{Steps: len(noise) - 1, StepSize: h, Friction: friction}
			return []*graph.Node{Run(s, net, in[0], Options{}, random.NewReplay(in[0].Graph(), in[1], nil)).X}
		}, starts, noise)[0]
		for chain, start := range starts {
			for k, x := range start {
				v := noise[0][chain][k]
				force := func() float64 { return -[]float64{1, 3}[k] * (x - 1) }
				for _, z := range noise[1:] {
					v += h / 2 * force()
					x += h / 2 * v
					v = math.Exp(-friction*h)*v + math.Sqrt(1-math.Exp(-2*friction*h))*z[chain][k]
					x += h / 2 * v
					v += h / 2 * force()
				}
				near(t, "a coordinate", got[2*chain+k], x, 1e-14)
			}
		}
	})
}
