package datasets

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/internal/tensor"
)

// skewed is a mixture of three Gaussians, correlated and of different weights.
func skewed(t *testing.T) *Mixture {
	t.Helper()
	m, err := NewMixture([]float64{0.6, 0.3, 0.1}, [][]float64{{0, 0}, {12, -12}, {-12, 9}},
		[][][]float64{{{1, 0.5}, {0.5, 2}}, {{0.5, -0.3}, {-0.3, 0.4}}, {{1.5, 0}, {0, 0.1}}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// evaluateDensity gives log p and the score, where there is one, at points of dim coordinates, on a backend.
func evaluateDensity(t *testing.T, backend compute.Backend, p Density, dtype dtypes.DType, x []float64, dim int) (logP, score []float64) {
	t.Helper()
	out, err := graph.CallOnceN(backend, func(x *graph.Node) []*graph.Node {
		score := graph.ZerosLike(x)
		if HasScore(p) {
			score = Score(p, x)
		}
		return []*graph.Node{p.LogDensity(x), score}
	}, tensor.From(x, dtype, len(x)/dim, dim))
	if err != nil {
		t.Fatal(err)
	}
	if logP, err = tensor.Values(out[0]); err != nil {
		t.Fatal(err)
	}
	if score, err = tensor.Values(out[1]); err != nil {
		t.Fatal(err)
	}
	return logP, score
}

// The density on the device is that on the host, and its score the central difference of that: between the components,
// at them, and so far away that exp underflows.
func TestLogDensityAndScore(t *testing.T) {
	twoGaussians, err := NewIsotropic([]float64{0.5, 0.5}, [][]float64{{-2, -2}, {2, 2}}, []float64{0.5, 0.5})
	if err != nil {
		t.Fatal(err)
	}
	x := []float64{0, 0, 2, 2, -1.7, -2.1, 0.3, 1, 9, 9, -40, 3, 60, 60}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, m := range map[string]*Mixture{"two Gaussians": twoGaussians, "three": skewed(t)} {
			for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
				logP, score := evaluateDensity(t, backend, m, dtype, x, 2)
				precision, derivative := 1e-13, 1e-7 // the second is that of the difference
				if dtype == dtypes.Float32 {
					precision, derivative = 2e-6, 2e-6
				}
				near := func(what string, got, want, within float64) {
					if !(math.Abs(got-want) <= within*max(1, math.Abs(want))) {
						t.Errorf("%s in %s: %s is %v, want %v", name, dtype, what, got, want)
					}
				}
				for i, got := range logP {
					point := append([]float64(nil), x[2*i:2*i+2]...)
					near(fmt.Sprintf("log p(%v)", point), got, m.LogProb(point), precision)
					for k := range point {
						const h = 1e-5
						at := point[k]
						point[k] = at + h
						up := m.LogProb(point)
						point[k] = at - h
						down := m.LogProb(point)
						point[k] = at
						near(fmt.Sprintf("score %d at %v", k, point), score[2*i+k], (up-down)/(2*h), derivative)
					}
				}
			}
		}
	})
}

// Points drawn on the device have the weights, means and covariances of the components. These stand so far apart that
// each point tells which it is from; the bounds are five standard errors: √(w(1−w)/n) for a weight, √(Cᵢᵢ/nₖ) for a mean,
// √((CᵢᵢCⱼⱼ + Cᵢⱼ²)/nₖ) for a covariance.
func TestDensityDraw(t *testing.T) {
	const n = 40000
	m := skewed(t)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		out, err := graph.CallOnce(backend, func(state *graph.Node) *graph.Node {
			return m.Draw(shapes.Make(dtypes.Float32, n, 2), random.NewStream(state))
		}, random.Seed(3, 1))
		if err != nil {
			t.Fatal(err)
		}
		x, err := tensor.Values(out)
		if err != nil {
			t.Fatal(err)
		}
		counts, sums, squares := make([]float64, 3), make([][2]float64, 3), make([][3]float64, 3)
		for i := range n {
			k := 0 // of the component whose mean is on this side
			if x[2*i] > 6 {
				k = 1
			} else if x[2*i] < -6 {
				k = 2
			}
			a, b := x[2*i]-m.Means[k][0], x[2*i+1]-m.Means[k][1]
			counts[k]++
			sums[k][0] += a
			sums[k][1] += b
			squares[k][0] += a * a
			squares[k][1] += a * b
			squares[k][2] += b * b
		}
		near := func(what string, got, want, standardError float64) {
			if !(math.Abs(got-want) <= 5*standardError) {
				t.Errorf("%s is %.5f, want %.5f with a standard error of %.5f", what, got, want, standardError)
			}
		}
		for k, w := range m.Weights {
			near(fmt.Sprintf("weight %d", k), counts[k]/n, w, math.Sqrt(w*(1-w)/n))
			c, nk := m.Covariances[k], counts[k]
			for i := range 2 {
				near(fmt.Sprintf("mean %d of component %d", i, k), sums[k][i]/nk, 0, math.Sqrt(c[i][i]/nk))
			}
			for at, ij := range [][2]int{{0, 0}, {0, 1}, {1, 1}} {
				i, j := ij[0], ij[1]
				near(fmt.Sprintf("covariance %v of component %d", ij, k), squares[k][at]/nk, c[i][j], math.Sqrt((c[i][i]*c[j][j]+c[i][j]*c[i][j])/nk))
			}
		}
	})
}

// With given numbers a draw is μₖ + Lₖz, k being the component that the uniform number falls to. Its ends belong to the
// first and to the last.
func TestDensityDrawFromGivenNumbers(t *testing.T) {
	m := skewed(t)
	z := [][][]float64{{{1, -1}, {0.5, 2}, {0, 0}, {-1, 0.3}, {2, 2}}}
	u := [][][]float64{{{0}, {0.59}, {0.61}, {0.91}, {math.Nextafter(1, 0)}}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		out, err := graph.CallOnce(backend, func(z, u *graph.Node) *graph.Node {
			return m.Draw(shapes.Make(dtypes.Float64, 5, 2), random.NewReplay(z.Graph(), z, u))
		}, z, u)
		if err != nil {
			t.Fatal(err)
		}
		got, want := out.Value().([][]float64), make([]float64, 2)
		for i, k := range []int{0, 0, 1, 2, 2} {
			m.place(k, z[0][i], want)
			for j := range want {
				if math.Abs(got[i][j]-want[j]) > 1e-14 {
					t.Errorf("point %d is %v, want %v from component %d", i, got[i], want, k)
				}
			}
		}
	})
}
