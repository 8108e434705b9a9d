package datasets

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/internal/tensor"
)

// loaded gives the set of a kind with its defaults.
func loaded(t *testing.T, kind string, standardize bool) *Set {
	t.Helper()
	source := Kinds[kind]()
	synthetic := reflect.ValueOf(source).Elem().FieldByName("Synthetic").Addr().Interface().(*Synthetic)
	synthetic.Size, synthetic.TestFraction, synthetic.Standardize = 4000, 0, standardize
	set, err := source.Load(Env{Seed: 11})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// The densities are what they say, on the device and in both precisions, and their scores are the central differences of
// that: in the middle, at modes, between them, and at some distance.
func TestKnownDensities(t *testing.T) {
	x := []float64{0, 0, 1, 0, 0.7, 0.3, -1.5, 0.2, 2.9, -0.4, -2, 2, 0.02, -0.01, 1e-3, 1, 3.1, 3.3, -2.2, -1.1}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for kind, reference := range references {
			p := loaded(t, kind, false).Density
			for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
				precision, derivative := 2e-8, 2e-6 // those of the quadrature and of the difference
				if dtype == dtypes.Float32 {
					precision, derivative = 1e-5, 1e-4
				}
				logP, score := evaluateDensity(t, backend, p, dtype, x, 2)
				for i, got := range logP {
					point := append([]float64(nil), x[2*i:2*i+2]...)
					want := max(math.Log(reference(point)), logZero)
					if !(math.Abs(got-want) <= precision*max(1, math.Abs(want))) {
						t.Errorf("%s in %s: log p(%v) is %.10g, want %.10g", kind, dtype, point, got, want)
					}
					for k := range point {
						if !HasScore(p) {
							break
						}
						const h = 1e-5
						at := point[k]
						point[k] = at + h
						up := math.Log(reference(point))
						point[k] = at - h
						down := math.Log(reference(point))
						point[k] = at
						if want := (up - down) / (2 * h); !(math.Abs(score[2*i+k]-want) <= derivative*max(1, math.Hypot(score[2*i], score[2*i+1]))) {
							t.Errorf("%s in %s: score %d at %v is %.8g, want %.8g", kind, dtype, k, point, score[2*i+k], want)
						}
					}
				}
			}
		}
	})
}

// Far away the densities underflow, and their logarithms and scores do not.
func TestKnownDensitiesFarAway(t *testing.T) {
	x := []float64{40, 3, -200, 500, 0, -1000}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for kind := range references {
			logP, score := evaluateDensity(t, backend, loaded(t, kind, true).Density, dtypes.Float32, x, 2)
			for i, v := range append(logP, score...) {
				if !isFinite(v) {
					t.Errorf("%s: %v among log p and score at far points (%d)", kind, v, i)
				}
			}
			for i, v := range logP {
				if v > -100 && kind != "funnel" {
					t.Errorf("%s: log p is %v at far point %d", kind, v, i)
				}
			}
		}
	})
}

// The entropy is the mean of −log p over points that the host draws, and over points that the device draws, within five
// standard errors: of the standardised density, whose every method goes through that of the density itself. Of both kinds of
// points each coordinate has the same mean and deviation, too.
func TestKnownEntropies(t *testing.T) {
	const n = 4000
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for kind := range references {
			set := loaded(t, kind, true)
			entropy, known := set.Density.Entropy()
			if !known {
				t.Errorf("%s: the entropy is not known", kind)
			}
			drawn := drawPoints(t, backend, set.Density, dtypes.Float32, n, 2)
			logP := logDensities(t, backend, set.Density, slices.Concat(set.Train.Values, drawn.Values), 2)
			for where, values := range map[string][]float64{"host": logP[:n], "device": logP[n:]} {
				mean, std := Points{N: n, Dim: 1, Values: values}.Moments()
				if !(math.Abs(-mean[0]-entropy) <= 5*std[0]/math.Sqrt(n)+1e-9) {
					t.Errorf("%s: the mean of −log p over points of the %s is %.5f ± %.5f, the entropy %.5f",
						kind, where, -mean[0], std[0]/math.Sqrt(n), entropy)
				}
			}
			if kind == "funnel" {
				continue // its fourth moments, which the error of a deviation depends on, are out of reach
			}
			mean, std := drawn.Moments()
			for k := range 2 { // of the host they are 0 and 1
				wantNear(t, fmt.Sprintf("%s: mean of coordinate %d", kind, k), mean[k], 0, 5*math.Sqrt(2./n))
				wantNear(t, fmt.Sprintf("%s: deviation of coordinate %d", kind, k), std[k], 1, 5*math.Sqrt(2./n))
			}
		}
	})
}

func drawPoints(t *testing.T, backend compute.Backend, p Density, dtype dtypes.DType, n, dim int) Points {
	t.Helper()
	out, err := graph.CallOnce(backend, func(state *graph.Node) *graph.Node {
		return p.Draw(shapes.Make(dtype, n, dim), random.NewStream(state))
	}, random.Seed(5, 1))
	if err != nil {
		t.Fatal(err)
	}
	values, err := tensor.Values(out)
	if err != nil {
		t.Fatal(err)
	}
	return Points{N: n, Dim: dim, Values: values}
}

// logDensities gives log p at points, in float64.
func logDensities(t *testing.T, backend compute.Backend, p Density, x []float64, dim int) []float64 {
	t.Helper()
	out, err := graph.CallOnce(backend, p.LogDensity, tensor.From(x, dtypes.Float64, len(x)/dim, dim))
	if err != nil {
		t.Fatal(err)
	}
	values, err := tensor.Values(out)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// Over a grid the densities add up to 1, and −p log p to the entropy.
func TestKnownDensitiesIntegrate(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for kind, step := range map[string]float64{
		"eight_gaussians": 0.1, "rings": 0.05, "pinwheel": 0.05, "two_moons": 0.1, "swiss_roll": 0.1, "spirals": 0.1,
		"checkerboard": 0.5, "banana": 0.25,
	} {
		reach := 5.
		if kind == "banana" {
			reach = 30
		}
		half := int(reach / step)
		var x []float64
		for i := -half; i < half; i++ {
			for j := -half; j < half; j++ {
				x = append(x, (float64(i)+0.5)*step, (float64(j)+0.5)*step)
			}
		}
		p := loaded(t, kind, false).Density
		var mass, nats float64
		for _, v := range logDensities(t, backend, p, x, 2) {
			mass += math.Exp(v) * step * step
			nats -= math.Exp(v) * v * step * step
		}
		entropy, _ := p.Entropy()
		wantNear(t, kind+": mass", mass, 1, 2e-6)
		wantNear(t, kind+": entropy", nats, entropy, 2e-6)
	}
}

// The standardised density is that of the points, with the same settings and seed.
func TestStandardizedDensities(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for kind := range references {
		plain, set := loaded(t, kind, false), loaded(t, kind, true)
		before, score := evaluateDensity(t, backend, plain.Density, dtypes.Float64, plain.Train.Values[:200], 2)
		after, scaled := evaluateDensity(t, backend, set.Density, dtypes.Float64, set.Train.Values[:200], 2)
		for i := range before {
			wantNear(t, kind+": log p", after[i]+set.Transform.LogDetJacobian(), before[i], 1e-9*max(1, math.Abs(before[i])))
			for k, std := range set.Transform.Std {
				want := std * score[2*i+k]
				wantNear(t, kind+": score", scaled[2*i+k], want, 1e-7*max(1, math.Abs(want)))
			}
		}
		entropy, _ := plain.Density.Entropy()
		standardized, _ := set.Density.Entropy()
		wantNear(t, kind+": entropy", standardized-set.Transform.LogDetJacobian(), entropy, 1e-6)
		if HasScore(set.Density) != (kind != "checkerboard") {
			t.Errorf("%s: has a score: %v", kind, HasScore(set.Density))
		}
		if !reflect.DeepEqual(loaded(t, kind, true), set) {
			t.Errorf("%s: two sets of the same seed differ", kind)
		}
	}
}

// In more dimensions the funnel is as it is in two.
func TestFunnelInMoreDimensions(t *testing.T) {
	const n, dim = 4000, 6
	set, err := (&Funnel{Dim: dim, Std: 1.5, Synthetic: Synthetic{Size: n}}).Load(Env{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	entropy, _ := set.Density.Entropy()
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		drawn := drawPoints(t, backend, set.Density, dtypes.Float64, n, dim)
		logP := logDensities(t, backend, set.Density, slices.Concat(set.Train.Values, drawn.Values), dim)
		for where, points := range map[string]Points{"host": set.Train, "device": drawn} {
			values := logP[:n]
			if where == "device" {
				values = logP[n:]
			}
			squares := NewPoints(n, dim) // of what is standard normal in the funnel
			for i := range n {
				x := points.Row(i)
				want := math.Log(normal(x[0], 1.5))
				squares.Row(i)[0] = x[0] * x[0] / 2.25
				for k := 1; k < dim; k++ {
					want += math.Log(normal(x[k], math.Exp(x[0]/2)))
					squares.Row(i)[k] = x[k] * x[k] * math.Exp(-x[0])
				}
				wantNear(t, where+": log p", values[i], want, 1e-9)
			}
			mean, _ := squares.Moments()
			for _, m := range mean {
				wantNear(t, where+": mean square", m, 1, 5*math.Sqrt(2./n))
			}
			mean, std := Points{N: n, Dim: 1, Values: values}.Moments()
			wantNear(t, where+": mean of −log p", -mean[0], entropy, 5*std[0]/math.Sqrt(n))
		}
	})
}

// Points fall to the dark cells alike, and none to the others: on the device in float32, and on the host.
func TestCheckerboardCells(t *testing.T) {
	const n = 8000
	set, err := (&Checkerboard{Synthetic{Size: n}}).Load(Env{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for where, points := range map[string]Points{"host": set.Train, "device": drawPoints(t, backend, checkers{}, dtypes.Float32, n, 2)} {
			counts := map[[2]float64]float64{}
			for i := range n {
				x := points.Row(i)
				counts[[2]float64{math.Floor(x[0] / 2), math.Floor(x[1] / 2)}]++
			}
			for cell, count := range counts {
				if references["checkerboard"]([]float64{2*cell[0] + 1, 2*cell[1] + 1}) == 0 {
					t.Errorf("%s: %v points in cell %v", where, count, cell)
				}
				wantNear(t, where+": share of a cell", count/n, 1./8, 5*math.Sqrt(1./8*7/8/n))
			}
			if len(counts) != 8 {
				t.Errorf("%s: %d cells", where, len(counts))
			}
		}
	})
}

// Sources whose settings nobody checked give an error, not a panic, and say which is at fault.
func TestKnownDensitiesUnchecked(t *testing.T) {
	for _, c := range []struct {
		source Source
		want   string
	}{
		{&EightGaussians{}, "modes: 0 is not positive"},
		{&EightGaussians{Modes: 2}, "variances: variance 1 is 0, want a positive number"},
		{&SimplexMixture{Dim: 2, Modes: 4}, "modes: 4 in 2 dimensions, want at least one and at most one more than dimensions"},
		{&SimplexMixture{Dim: 2, Modes: 3}, "variances: variance 1 is 0, want a positive number"},
		{&Rings{}, "radii: [], want at least one, all positive"},
		{&Rings{Radii: []float64{1}}, "noise: 0 is too little for a ring of radius 1, want at least 0.0001"},
		{&Pinwheel{}, "blades: 0 and scale: 0, want positive numbers"},
		{&Pinwheel{Blades: 1, Scale: 1, RadialStd: 1}, "covariance of component 1: not positive definite (pivot 2 is 0)"},
		{&TwoMoons{}, "noise: 0 is not a positive number"},
		{&SwissRoll{Noise: -1}, "noise: -0.2 is not a positive number"},
		{&Spirals{Noise: 1}, "turns: 0 is not positive"},
		{&Checkerboard{}, "size: 0 is not positive"},
		{&Funnel{}, "dim: 0 and std: 0, want at least 2 and a positive number"},
		{&Funnel{Dim: 2048, Std: 3, Synthetic: Synthetic{Size: 1e8}},
			"size: 100000000 points of 2048 coordinates are more than 268435456 numbers; at most 131072 points can be drawn"},
		{&Banana{}, "std: 0 and noise: 0, want positive numbers"},
	} {
		_, err := c.source.Load(Env{})
		wantError(t, err, c.want)
	}
}
