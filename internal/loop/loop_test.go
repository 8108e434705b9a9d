package loop

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
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
		end, total, err := exec.Call2(start)
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

// State of every type the trainer carries, some of it changed by the body and some handed through: times is the number
// of passes, and a pass gets its number.
func TestRepeatState(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		exec, err := graph.NewExec(backend, func(times, kept *graph.Node) []*graph.Node {
			g := kept.Graph()
			return Repeat(times, func(i *graph.Node, state []*graph.Node) []*graph.Node {
				count, odd, double, single, words := state[0], state[1], state[2], state[3], state[4]
				return []*graph.Node{graph.Add(count, i), graph.LogicalNot(odd), graph.MulScalar(double, 0.5),
					graph.AddScalar(single, 1), graph.AddScalar(words, 1), state[5]}
			}, graph.Const(g, int32(0)), graph.Const(g, false), graph.Const(g, []float64{1, 3}), graph.Const(g, float32(0)),
				graph.Const(g, []uint64{1 << 63}), kept)
		})
		if err != nil {
			t.Fatal(err)
		}
		kept := [][]float32{{0.1, -0.2}, {float32(math.Inf(1)), 7}}
		for _, times := range []int{0, 1, 5, 0} {
			out, err := exec.Call(int32(times), kept)
			if err != nil {
				t.Fatal(err)
			}
			half := math.Pow(0.5, float64(times))
			want := []any{int32(times * (times - 1) / 2), times%2 == 1, []float64{half, 3 * half}, float32(times),
				[]uint64{1<<63 + uint64(times)}, kept}
			for k, w := range want {
				if got := out[k].Value(); !reflect.DeepEqual(got, w) {
					t.Errorf("after %d passes value %d is %v, want %v", times, k, got, w)
				}
			}
		}
	})
}

// A loop's mistakes come out of the executor as errors.
func TestRepeatErrors(t *testing.T) {
	tests := []struct {
		name, want string
		define     func(x *graph.Node) []*graph.Node
	}{{
		"no state", "loop.Repeat: a loop without state has no effect",
		func(x *graph.Node) []*graph.Node {
			return Repeat(one(x.Graph()), func(_ *graph.Node, s []*graph.Node) []*graph.Node { return s })
		},
	}, {
		"a value too many", "loop.Repeat: the body takes 1 values and returns 2",
		func(x *graph.Node) []*graph.Node {
			return Repeat(one(x.Graph()), func(_ *graph.Node, s []*graph.Node) []*graph.Node { return append(s, s[0]) }, x)
		},
	}, {
		"no value", "loop.Repeat: the body takes 2 values and returns 0",
		func(x *graph.Node) []*graph.Node {
			return Repeat(one(x.Graph()), func(*graph.Node, []*graph.Node) []*graph.Node { return nil }, x, x)
		},
	}, {
		"another type", "(Float32)[3]", // GoMLX checks it itself
		func(x *graph.Node) []*graph.Node {
			return Repeat(one(x.Graph()), func(_ *graph.Node, s []*graph.Node) []*graph.Node {
				return []*graph.Node{graph.ConvertDType(s[0], dtypes.Float32)}
			}, x)
		},
	}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, test := range tests {
			_, err := graph.CallOnceN(backend, test.define, []float64{1, 2, 3})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: error %v, want %q in it", test.name, err, test.want)
			}
			// The failure leaves nothing behind: the next graph is built as ever.
			if got := failure(backend, closureDefects[0].program, newClosure, closureDefects[0].want); got != "" {
				t.Errorf("after %q: %s", test.name, got)
			}
		}
	})
}
