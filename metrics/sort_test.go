package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/tensor"
)

// Both ways to sort give what slices.Sort gives, along any axis, for any number of values that infinite ones make a power of two of.
func TestSortAxis(t *testing.T) {
	const before, after = 3, 5
	r := rand.New(rand.NewPCG(1, 2))
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, n := range []int{1, 2, 3, 7, 8, 100, 255, 256} {
			size := 1
			for size < n {
				size *= 2
			}
			values := make([]float64, before*size*after)
			for i := range values {
				values[i] = float64(float32(r.NormFloat64()))
				if r.IntN(4) == 0 {
					values[i] = float64(r.IntN(3) - 1) // which come more than once
				}
				if i/after%size >= n {
					values[i] = math.Inf(1)
				}
			}
			values[0] = math.Inf(-1)
			for name, sort := range map[string]func(*graph.Node, int) *graph.Node{"sortAxis": sortAxis, "bitonicSort": bitonicSort} {
				out, err := graph.CallOnce(backend, func(x *graph.Node) *graph.Node { return sort(x, 1) }, tensor.From(values, dtypes.Float32, before, size, after))
				if err != nil {
					t.Fatal(err)
				}
				got, err := tensor.Values(out)
				if err != nil {
					t.Fatal(err)
				}
				column := func(values []float64, i, k int) []float64 {
					var column []float64
					for at := range size {
						column = append(column, values[(i*size+at)*after+k])
					}
					return column
				}
				for i := range before {
					for k := range after {
						if want := slices.Sorted(slices.Values(column(values, i, k))); !slices.Equal(column(got, i, k), want) {
							t.Fatalf("%s of %d values: %v, want %v", name, n, column(got, i, k), want)
						}
					}
				}
			}
		}
	})
}
