package models

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"

	"joule/internal/backendtest"
	"joule/internal/tensor"
)

// The bound is never below the largest singular value, and above it by no more than the iteration leaves; so the largest of a kernel
// that is divided by it is just below 1.
func TestSpectralBound(t *testing.T) {
	matrices := map[string]struct {
		in, out int
		scale   float64
	}{"tall": {9 * 3, 4, 1}, "wide": {4, 9, 1}, "large numbers": {18, 8, 1e12}, "small numbers": {18, 8, 1e-9}, "a column": {9, 1, 1}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, m := range matrices {
			if backendtest.OnXLA(backend) && name != "tall" {
				continue // compiling takes a while there
			}
			values := normals(m.in*m.out, 7)
			for i := range values {
				values[i] *= m.scale
			}
			for _, dtype := range []dtypes.DType{dtypes.Float64, dtypes.Float32} {
				out, err := graph.CallOnceN(backend, func(w *graph.Node) []*graph.Node {
					return []*graph.Node{spectralBound(w), normalizedKernel(graph.Reshape(w, 1, 1, m.in, m.out), dtype)}
				}, tensor.From(values, dtype, m.in, m.out))
				if err != nil {
					t.Fatal(err)
				}
				got := numbers(t, out)
				largest := largestSingular(m.in, m.out, values)
				excess := math.Pow(float64(min(m.in, m.out)), 1.0/(4<<gramIterations))
				if ratio := got[0][0] / largest; !(ratio > 1-1e-5 && ratio < excess*(1+1e-5)) {
					t.Errorf("%s: the bound is %v times the norm; want 1 to %v", name, ratio, excess)
				}
				if norm := largestSingular(m.in, m.out, got[1]); !(norm <= 1+1e-5 && norm > 1/excess-1e-5) {
					t.Errorf("%s: the norm of the divided kernel is %v", name, norm)
				}
			}
		}
	})
}

// The gradient of the bound is that of finite differences.
func TestSpectralBoundGradient(t *testing.T) {
	const h = 1e-5
	backend := backendtest.Open(t, "go")
	values := normals(12, 3)
	bound := func(values []float64) [][]float64 {
		out, err := graph.CallOnceN(backend, func(w *graph.Node) []*graph.Node {
			b := spectralBound(w)
			return []*graph.Node{b, graph.Gradient(b, w)[0]}
		}, tensor.From(values, dtypes.Float64, 4, 3))
		if err != nil {
			t.Fatal(err)
		}
		return numbers(t, out)
	}
	gradient := bound(values)[1]
	for i, value := range values {
		values[i] = value + h
		up := bound(values)[0][0]
		values[i] = value - h
		near(t, "a derivative of the bound", gradient[i], (up-bound(values)[0][0])/(2*h), 1e-8)
		values[i] = value
	}
}

func largestSingular(rows, columns int, values []float64) float64 {
	var svd mat.SVD
	if !svd.Factorize(mat.NewDense(rows, columns, values), mat.SVDNone) {
		return math.NaN()
	}
	return svd.Values(nil)[0]
}

// A kernel of zeros stays what it is.
func TestSpectralBoundOfZeros(t *testing.T) {
	backend := backendtest.Open(t, "go")
	out, err := graph.CallOnceN(backend, func(w *graph.Node) []*graph.Node { return []*graph.Node{normalizedKernel(w, w.DType())} },
		tensor.From(make([]float64, 36), dtypes.Float32, 3, 3, 2, 2))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range numbers(t, out)[0] {
		if v != 0 {
			t.Fatalf("zeros become %v", v)
		}
	}
}
