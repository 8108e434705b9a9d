package samplers

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.6g, want %.6g ± %.2g", what, got, want, within)
	}
}

// compiled is a quadratic energy, with nothing to learn.
func compiled(t *testing.T, backend compute.Backend, mean []float64, precision [][]float64) *models.Compiled {
	t.Helper()
	c, err := models.Compile(backend, &models.Quadratic{Mean: mean, Precision: precision}, len(mean), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// On a Gaussian the chain x ← μ + (I − εΛ)(x − μ) + √(2εT)·z is linear, and its covariance C is the fixed point of
//
//	C = (I − εΛ) C (I − εΛ) + 2εT I  ⇒  C = T (Λ(I − ½εΛ))⁻¹,
//
// which is T/(λ(1 − ½ελ)) in one dimension and not T/λ. From n independent chains the standard error of an entry of the
// sample covariance is √((CᵢᵢCⱼⱼ + Cᵢⱼ²)/n), and of a mean √(Cᵢᵢ/n). The bounds are five of them; the bias of the step
// is 20 and more.
func TestLangevinStationaryCovariance(t *testing.T) {
	const n = 1 << 15
	tests := []struct {
		name              string
		mean              []float64
		precision         [][]float64
		step, temperature float64
		steps             int
	}{
		// What is left of the start after k steps is (1 − ελ)ᵏ, here less than 1e-6.
		{"one dimension", []float64{1.5}, [][]float64{{2}}, 0.25, 1, 40},
		{"a temperature", []float64{-1}, [][]float64{{0.5}}, 0.6, 0.3, 40},
		{"independent coordinates", []float64{0, 3}, [][]float64{{1, 0}, {0, 4}}, 0.3, 1, 40},
		{"correlated coordinates", []float64{1, -1}, [][]float64{{2, 0.9}, {0.9, 1}}, 0.5, 1, 60},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, test := range tests {
			dim := len(test.mean)
			start := Start{Mean: make([]float64, dim), Std: slices.Repeat([]float64{2}, dim)}
			sampler := &Langevin{Steps: test.steps, StepSize: test.step, Temperature: test.temperature}
			sample, err := Draw(compiled(t, backend, test.mean, test.precision), sampler, NewSampling(), start, n, 1)
			if err != nil {
				t.Fatal(err)
			}
			x := sample.Points
			lambda := mat.NewDense(dim, dim, slices.Concat(test.precision...))
			var biased, want mat.Dense // Λ − ½εΛ²
			biased.Mul(lambda, lambda)
			biased.Scale(-test.step/2, &biased)
			biased.Add(&biased, lambda)
			if err := want.Inverse(&biased); err != nil {
				t.Fatal(err)
			}
			want.Scale(test.temperature, &want)
			for i := range dim {
				sum := 0.0
				for row := range n {
					sum += x[row*dim+i]
				}
				near(t, fmt.Sprintf("%s: mean %d", test.name, i), sum/n, test.mean[i], 5*math.Sqrt(want.At(i, i)/n))
				for j := range i + 1 {
					sum := 0.0
					for row := range n {
						sum += (x[row*dim+i] - test.mean[i]) * (x[row*dim+j] - test.mean[j])
					}
					variance := want.At(i, i)*want.At(j, j) + want.At(i, j)*want.At(i, j)
					near(t, fmt.Sprintf("%s: covariance (%d, %d)", test.name, i, j), sum/n, want.At(i, j), 5*math.Sqrt(variance/n))
				}
			}
		}
	})
}

// run evaluates a graph function of a net with the energy ½(x−1)ᵀΛ(x−1), Λ = diag(1, 3), in float64.
func run(t *testing.T, backend compute.Backend, define func(net models.Net, in []*graph.Node) []*graph.Node, in ...any) [][]float64 {
	t.Helper()
	model := &models.Quadratic{Mean: []float64{1, 1}}
	factor := []float64{1, 0, 0, math.Sqrt(3)}
	out, err := graph.CallOnceN(backend, func(in []*graph.Node) []*graph.Node {
		return define(models.Net{Model: model, Theta: in[:1]}, in[1:])
	}, append([]any{tensor.From(factor, dtypes.Float64, 2, 2)}, in...)...)
	if err != nil {
		t.Fatal(err)
	}
	values := make([][]float64, len(out))
	for i, o := range out {
		if values[i], err = tensor.Values(o); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

var starts = [][]float64{{0, 0}, {2, -1}, {1, 1}}

// With given noise a chain is the formula, step by step; at temperature 0 it is gradient descent and draws nothing.
func TestLangevinWithGivenNoise(t *testing.T) {
	const step = 0.2
	noise := [][][]float64{
		{{1, -1}, {0.5, 0.25}, {0, 0}},
		{{-0.3, 0.2}, {2, -2}, {1, 1}},
		{{0.1, 0.9}, {-1, 0}, {-0.7, 0.4}},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, temperature := range []float64{1, 0.5, 0} {
			sampler := &Langevin{Steps: len(noise), StepSize: step, Temperature: temperature}
			got := run(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
				var given *graph.Node
				if temperature > 0 {
					given = in[1]
				}
				return []*graph.Node{Run(sampler, net, in[0], Options{}, random.NewReplay(in[0].Graph(), given, nil)).X}
			}, starts, noise)[0]
			for chain, start := range starts {
				for k, x := range start {
					for _, z := range noise {
						x += -step*[]float64{1, 3}[k]*(x-1) + math.Sqrt(2*step*temperature)*z[chain][k]
					}
					near(t, fmt.Sprintf("temperature %v: coordinate %d of chain %d", temperature, k, chain), got[2*chain+k], x, 1e-14)
				}
			}
		}
	})
}

// A run moves the randomness on: the next one has other noise.
func TestRunAdvancesDraws(t *testing.T) {
	sampler := NewULA(5, 0.1)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := run(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			draws := random.NewStream(in[1])
			return []*graph.Node{Run(sampler, net, in[0], Options{}, draws).X, Run(sampler, net, in[0], Options{}, draws).X} // from the same start
		}, starts, random.Seed(1, 1))
		for i := range got[0] {
			if got[0][i] == got[1][i] {
				t.Errorf("two runs after each other both lead to %v", got[0][i])
			}
		}
	})
}

// No gradient flows back through a run, neither to the start nor to the parameters.
func TestRunStopsGradients(t *testing.T) {
	sampler := NewULA(3, 0.1)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := run(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			end := Run(sampler, net, in[0], Options{}, random.NewStream(in[1])).X
			// The energy of the end depends on θ directly, and through the end it must not.
			loss := graph.ReduceAllSum(net.Energy(end))
			through := graph.Gradient(loss, net.Theta[0], in[0])
			fixed := graph.Gradient(graph.ReduceAllSum(net.Energy(graph.StopGradient(end))), net.Theta[0])
			return append(through, fixed[0])
		}, starts, random.Seed(1, 1))
		if !slices.Equal(got[0], got[2]) {
			t.Errorf("the gradient is %v, and without the chains %v", got[0], got[2])
		}
		if !slices.Equal(got[1], make([]float64, len(got[1]))) {
			t.Errorf("the gradient to the start is %v, want 0", got[1])
		}
	})
}
