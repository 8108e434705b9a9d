package loop

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
)

// The loop inside the loop uses reductions, constants and gradients in every scope, and so does what follows it.
func TestRepeatNested(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		const outer, inner, rate = 3, 4, 0.25
		descend := func(x *graph.Node) *graph.Node {
			loss := graph.MulScalar(graph.ReduceAllSum(graph.Square(graph.AddScalar(x, -1))), 0.5)
			return graph.Sub(x, graph.MulScalar(graph.Gradient(loss, x)[0], rate))
		}
		exec, err := graph.NewExec(backend, func(x *graph.Node) (end, total *graph.Node) {
			g := x.Graph()
			out := Repeat(graph.Const(g, int32(outer)), func(_ *graph.Node, state []*graph.Node) []*graph.Node {
				x := Repeat(graph.Const(g, int32(inner)), func(_ *graph.Node, state []*graph.Node) []*graph.Node {
					return []*graph.Node{descend(state[0])}
				}, state[0])[0]
				x = descend(x)
				return []*graph.Node{x, graph.Add(state[1], graph.ReduceAllSum(x))}
			}, x, graph.ScalarZero(g, x.DType()))
			return descend(out[0]), graph.Add(out[1], graph.ReduceAllSum(descend(x)))
		})
		if err != nil {
			t.Fatal(err)
		}
		start := []float64{3, -2, 0.5}
		end, total, err := exec.Exec2(start)
		if err != nil {
			t.Fatal(err)
		}
		want, sum := append([]float64(nil), start...), 0.0
		step := func(x []float64) (s float64) {
			for k := range x {
				x[k] -= rate * (x[k] - 1)
				s += x[k]
			}
			return s
		}
		for range outer {
			for range inner {
				step(want)
			}
			sum += step(want)
		}
		step(want)
		sum += step(append([]float64(nil), start...))
		got := end.Value().([]float64)
		for k := range want {
			if d := got[k] - want[k]; d > 1e-12 || d < -1e-12 {
				t.Errorf("end[%d] = %v, want %v", k, got[k], want[k])
			}
		}
		if d := total.Value().(float64) - sum; d > 1e-12 || d < -1e-12 {
			t.Errorf("total = %v, want %v", total.Value(), sum)
		}
	})
}
