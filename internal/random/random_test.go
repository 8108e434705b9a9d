package random

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/stat/distuv"

	"joule/internal/backendtest"
	"joule/internal/tensor"
)

// sample runs a graph function of a stream on a backend and returns the numbers of each of its nodes.
func sample(t *testing.T, backend compute.Backend, seed int64, purpose uint64, define func(s *Stream) []*graph.Node) [][]float64 {
	t.Helper()
	return draws(t, backend, func(key *graph.Node) []*graph.Node { return define(NewStream(key)) }, Seed(seed, purpose))
}

// distance is the Kolmogorov–Smirnov distance between numbers and a distribution.
func distance(values []float64, cdf func(float64) float64) float64 {
	values = slices.Sorted(slices.Values(values))
	n, largest := float64(len(values)), 0.0
	for i, v := range values {
		p := cdf(v)
		largest = max(largest, p-float64(i)/n, float64(i+1)/n-p)
	}
	return largest
}

// ks is where √n times that distance has the tail probability 6e-7 of five standard errors: √(½ ln(2/6e-7)).
const ks = 2.74

func mean(values []float64, f func(float64) float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += f(v)
	}
	return sum / float64(len(values))
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.6g, want %.6g ± %.2g", what, got, want, within)
	}
}

// The moments of n standard normal numbers, their distribution and their tails, within five standard errors: those of
// the mean of zᵏ are √((E z²ᵏ − (E zᵏ)²)/n), and of a frequency p it is √(p(1−p)/n).
func TestNormal(t *testing.T) {
	const n = 1 << 16
	phi := distuv.UnitNormal.CDF
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
			z := sample(t, backend, 1, 2, func(s *Stream) []*graph.Node {
				return []*graph.Node{s.Normal(shapes.Make(dtype, n/4, 4))}
			})[0]
			root := math.Sqrt(n)
			for k, variance := range []float64{1: 1, 2: 3 - 1, 3: 15, 4: 105 - 9} {
				if k > 0 {
					want := []float64{0, 0, 1, 0, 3}[k]
					near(t, dtype.String()+": a mean power", mean(z, func(v float64) float64 { return math.Pow(v, float64(k)) }), want, 5*math.Sqrt(variance)/root)
				}
			}
			near(t, dtype.String()+": the Kolmogorov–Smirnov distance", distance(z, phi), 0, ks/root)
			for _, beyond := range []float64{1, 2, 3} {
				p := 2 * phi(-beyond)
				got := mean(z, func(v float64) float64 {
					if math.Abs(v) > beyond {
						return 1
					}
					return 0
				})
				near(t, dtype.String()+": the fraction in the tails", got, p, 5*math.Sqrt(p*(1-p)/n))
			}
		}
	})
}

// The halves of a draw are independent, and so are neighbours, draws that follow each other, and streams of other purposes:
// no correlation of values or of squares beyond 5/√pairs.
func TestNormalIndependence(t *testing.T) {
	const n = 1 << 17
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		normals := func(seed int64, purpose uint64) [][]float64 {
			return sample(t, backend, seed, purpose, func(s *Stream) []*graph.Node {
				shape := shapes.Make(dtypes.Float32, n)
				return []*graph.Node{s.Normal(shape), s.Normal(shape)}
			})
		}
		z := normals(5, 1)
		uncorrelated := func(what string, a, b []float64) {
			t.Helper()
			values, squares := 0.0, 0.0
			for i := range a {
				values += a[i] * b[i]
				squares += (a[i]*a[i] - 1) * (b[i]*b[i] - 1) / 2 // z² has the variance 2
			}
			pairs := float64(len(a))
			near(t, what+": the correlation", values/pairs, 0, 5/math.Sqrt(pairs))
			near(t, what+": the correlation of squares", squares/pairs, 0, 5/math.Sqrt(pairs))
		}
		uncorrelated("the halves of a draw", z[0][:n/2], z[0][n/2:])
		uncorrelated("neighbours", z[0][:n-1], z[0][1:])
		uncorrelated("draws in a row", z[0], z[1])
		uncorrelated("two purposes", z[0], normals(5, 2)[0])
		uncorrelated("two seeds", z[0], normals(6, 1)[0])
	})
}

// Any shape can be drawn.
func TestNormalShapes(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, dimensions := range [][]int{{}, {1}, {2}, {3}, {5, 3}, {2, 2, 2}, {7, 1}} {
			shape := shapes.Make(dtypes.Float32, dimensions...)
			out, err := graph.CallOnce(backend, func(state *graph.Node) *graph.Node { return NewStream(state).Normal(shape) }, Seed(0, 0))
			if err != nil {
				t.Fatal(err)
			}
			if !out.Shape().Equal(shape) {
				t.Errorf("a draw of %s has the shape %s", shape, out.Shape())
			}
			values, err := tensor.Values(out)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(values)
			if math.IsNaN(values[0]) || len(slices.Compact(values)) != shape.Size() {
				t.Errorf("a draw of %s is not of %d different numbers: %v", shape, shape.Size(), values)
			}
		}
	})
}

// Normal numbers reach as far as so many should, and never beyond −Φ⁻¹(2⁻²⁵) = 5.42, where the smallest uniform number
// is cut off.
func TestNormalIsBounded(t *testing.T) {
	const n = 1 << 18
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		z := sample(t, backend, 3, 3, func(s *Stream) []*graph.Node { return []*graph.Node{s.Normal(shapes.Make(dtypes.Float32, n))} })[0]
		// So many numbers reach beyond 3.9 on each side (expected: 13 of them), and none can beyond 5.42.
		if largest := slices.Max(z); !(largest > 3.9 && largest < 5.43) {
			t.Errorf("the largest of %d normal numbers is %v", n, largest)
		}
		if smallest := slices.Min(z); !(smallest < -3.9 && smallest > -5.43) {
			t.Errorf("the smallest of %d normal numbers is %v", n, smallest)
		}
	})
}

// Uniform numbers lie in [0, 1), with mean ½ and variance 1/12, evenly.
func TestUniform(t *testing.T) {
	const n = 1 << 16
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
			u := sample(t, backend, 1, 1, func(s *Stream) []*graph.Node { return []*graph.Node{s.Uniform(shapes.Make(dtype, n))} })[0]
			if slices.Min(u) < 0 || slices.Max(u) >= 1 {
				t.Errorf("%s: numbers from %v to %v", dtype, slices.Min(u), slices.Max(u))
			}
			near(t, dtype.String()+": the mean", mean(u, func(v float64) float64 { return v }), 0.5, 5*math.Sqrt(1./12/n))
			near(t, dtype.String()+": the Kolmogorov–Smirnov distance", distance(u, func(v float64) float64 { return v }), 0, ks/math.Sqrt(n))
		}
	})
}

// The same seed and purpose give the same bits; another seed, a negative one too, or another purpose give others.
func TestSeed(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		draw := func(seed int64, purpose uint64) []float64 {
			out := sample(t, backend, seed, purpose, func(s *Stream) []*graph.Node {
				shape := shapes.Make(dtypes.Float32, 64)
				return []*graph.Node{s.Normal(shape), s.Uniform(shape), s.Normal(shape)}
			})
			if slices.Equal(out[0], out[2]) {
				t.Errorf("seed %d: two draws in a row are the same", seed)
			}
			return slices.Concat(out...)
		}
		first := draw(0, 1)
		if !slices.Equal(first, draw(0, 1)) {
			t.Error("the same seed and purpose give other numbers the second time")
		}
		for _, other := range [][2]int64{{0, 2}, {1, 1}, {-1, 1}, {math.MinInt64, 1}, {1, 0}} {
			got := draw(other[0], uint64(other[1]))
			same := 0
			for i := range got {
				if got[i] == first[i] {
					same++
				}
			}
			if same > 1 {
				t.Errorf("seed %d, purpose %d: %d of %d numbers are those of seed 0, purpose 1", other[0], other[1], same, len(got))
			}
		}
	})
}

// Every index is drawn equally often: χ² with size−1 degrees of freedom, at the tail probability of five standard errors.
func TestIndexIsUniform(t *testing.T) {
	const size, n = 7, 70000
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		out, err := graph.CallOnce(backend, func(state *graph.Node) *graph.Node {
			return Index(NewStream(state), size, n, 1)
		}, Seed(1, 1))
		if err != nil {
			t.Fatal(err)
		}
		if want := shapes.Make(dtypes.Int32, n, 1); !out.Shape().Equal(want) {
			t.Fatalf("the indices are %s, want %s", out.Shape(), want)
		}
		var counts [size]float64
		for _, row := range out.Value().([][]int32) {
			counts[row[0]]++ // out of range panics
		}
		statistic := 0.0
		for _, c := range counts {
			statistic += (c - n/size) * (c - n/size) / (n / size)
		}
		if p := (distuv.ChiSquared{K: size - 1}).Survival(statistic); p < 6e-7 {
			t.Errorf("counts %v: χ² = %.1f, tail probability %.1g", counts, statistic, p)
		}
	})
}

// The ends of the range: 0 gives the first index and the largest uniform number the last, in sets too large for
// float32 as well.
func TestIndexEnds(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, size := range []int{1, 2, 3, 1000, 1<<24 + 1, math.MaxInt32} {
			out, err := graph.CallOnce(backend, func(u *graph.Node) *graph.Node {
				return Index(NewReplay(u.Graph(), nil, u), size, 2, 1)
			}, [][][]float64{{{0}, {math.Nextafter(1, 0)}}})
			if err != nil {
				t.Fatal(err)
			}
			if got := out.Value().([][]int32); got[0][0] != 0 || got[1][0] != int32(size-1) {
				t.Errorf("of %d points the ends are %v, want 0 and %d", size, got, size-1)
			}
		}
	})
}
