package loop

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
)

// What is made once is what it is without a loop, with values of several shapes and gradients in it, and is a loop on the Go backend alone.
func TestOnce(t *testing.T) {
	f := func(in []*graph.Node) []*graph.Node {
		sum := graph.ReduceAllSum(graph.Mul(graph.Square(in[0]), in[1]))
		return []*graph.Node{sum, graph.Gradient(sum, in[0])[0]}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		isLoop := false
		exec, err := graph.NewExec(backend, func(x, weight *graph.Node) (total, slope *graph.Node) {
			scalar := shapes.Make(x.DType())
			out := Once(f, []shapes.Shape{scalar, x.Shape()}, x, weight)
			_, _, isLoop = Within(out[0].Inputs()[0])
			return out[0], out[1]
		})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		total, slope, err := exec.Call2([]float64{3, -2, 0.5}, []float64{1, 2, 4})
		if err != nil {
			t.Fatal(err)
		}
		if got := total.Value().(float64); got != 18 {
			t.Errorf("the sum is %v, want 18", got)
		}
		if got := slope.Value().([]float64); !slices.Equal(got, []float64{6, -8, 4}) {
			t.Errorf("its gradient is %v, want 6, -8, 4", got)
		}
		if isLoop == backendtest.OnXLA(backend) {
			t.Errorf("it is a loop: %v", isLoop)
		}
	})
}
