package datasets

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/tensor"
)

// The logarithm of e⁻ᶻI₀(z) is that of its integral, the mean of exp(z(cos θ − 1)); its derivative is I₁(z)/I₀(z) − 1, the
// mean of cos θ − 1 with these weights. Both are right on either side of where the series change over, and the derivative
// is no NaN there.
func TestLogI0e(t *testing.T) {
	z := []float64{0, 1e-3, 0.3, 1, 3.75, 8, math.Nextafter(12, 0), 12, 12.5, 20, 100, 2000, 1e6}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
			out, err := graph.CallOnceN(backend, func(z *graph.Node) []*graph.Node {
				value := logI0e(z)
				return []*graph.Node{value, graph.Gradient(graph.ReduceAllSum(value), z)[0]}
			}, tensor.From(z, dtype, len(z), 1))
			if err != nil {
				t.Fatal(err)
			}
			values, err := tensor.Values(out[0])
			if err != nil {
				t.Fatal(err)
			}
			slopes, err := tensor.Values(out[1])
			if err != nil {
				t.Fatal(err)
			}
			precision, derivative := 2e-10, 2e-9
			if dtype == dtypes.Float32 {
				precision, derivative = 2e-6, 1e-6
			}
			for i, z := range z {
				const points = 20000
				var sum, cosine float64
				for k := range points {
					c := -2 * math.Pow(math.Sin(math.Pi*(float64(k)+0.5)/points), 2) // cos θ − 1
					sum += math.Exp(z*c) / points
					cosine += c * math.Exp(z*c) / points
				}
				wantNear(t, dtype.String()+": log I0e", values[i], math.Log(sum), precision)
				wantNear(t, dtype.String()+": its derivative", slopes[i], cosine/sum, derivative)
				wantNear(t, "log I0e on the host", hostLogI0e(z), math.Log(sum), 2e-10)
			}
		}
	})
}
