package goloop_test

import (
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/backendtest"
	"joule/internal/goloop"
	"joule/internal/loop"
	"joule/internal/random"
)

func run(t *testing.T, b body, passes int) (out [2][]float32) {
	t.Helper()
	backend := backendtest.Open(t, "go")
	results, err := graph.CallOnceN(backend, func(in []*graph.Node) []*graph.Node {
		return loop.Repeat(in[3], func(_ *graph.Node, state []*graph.Node) []*graph.Node {
			x, y, s := b(state[0], state[1], state[2])
			return []*graph.Node{x, y, s}
		}, in[0], in[1], in[2])
	}, start(6), start(5), random.Seed(1, 2), int32(passes))
	if err != nil {
		t.Fatal(err)
	}
	for i := range out {
		out[i] = tensors.MustCopyFlatData[float32](results[i])
	}
	return out
}

// start is a matrix [rows, 5] of numbers of both signs.
func start(rows int) *tensors.Tensor {
	x := make([]float32, rows*5)
	for i := range x {
		x[i] = float32(math.Sin(float64(3 * i * rows)))
	}
	return tensors.FromFlatDataAndDimensions(x, rows, 5)
}

// Every body gives what the Go backend's own executor gives.
func TestAgainstUpstream(t *testing.T) {
	for name, b := range bodies {
		t.Run(name, func(t *testing.T) {
			for _, passes := range []int{0, 1, 3} {
				before := goloop.Runs()
				got := run(t, b, passes)
				if goloop.Runs() == before {
					t.Fatal("the loop was left to the Go backend")
				}
				enable := goloop.Disable()
				want := run(t, b, passes)
				enable()
				for i := range want {
					for j, w := range want[i] {
						if d := math.Abs(float64(got[i][j] - w)); !(d <= 2e-6*(1+math.Abs(float64(w)))) {
							t.Fatalf("after %d passes, output %d [%d] is %v, and %v from upstream", passes, i, j, got[i][j], w)
						}
					}
				}
			}
		})
	}
}

// What joule's programs are made of is planned. One operation in a pass that is left to the Go backend makes it slow.
func TestNothingLeft(t *testing.T) {
	for _, name := range []string{"gradient", "random", "indices", "scalars", "pieces", "pieces apart", "turned around", "rows turned around", "largest", "large replicas"} {
		left, stop := goloop.Watch()
		run(t, bodies[name], 1)
		stop()
		if len(left) > 0 {
			t.Errorf("%s leaves to the Go backend: %v", name, slices.Sorted(maps.Keys(left)))
		}
	}
	left, stop := goloop.Watch() // which sees what is
	run(t, bodies["loop within that is left"], 1)
	stop()
	if len(left) == 0 {
		t.Error("a loop that cannot be planned seems to be")
	}
}

// The bits are the same from run to run, whatever the number of threads.
func TestSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for name, b := range bodies {
		want := run(t, b, 3)
		for _, threads := range []int{1, 2, 3} {
			runtime.GOMAXPROCS(threads)
			got := run(t, b, 3)
			for i := range want {
				for j := range want[i] {
					if math.Float32bits(got[i][j]) != math.Float32bits(want[i][j]) {
						t.Fatalf("%s: with %d threads, output %d [%d] is %v and was %v", name, threads, i, j, got[i][j], want[i][j])
					}
				}
			}
		}
	}
}

// x ← x·W + 1 with W = ½ on the diagonal goes to 2 by halves.
func TestClosedForm(t *testing.T) {
	backend := backendtest.Open(t, "go")
	out, err := graph.CallOnce(backend, func(x, w *graph.Node) *graph.Node {
		return loop.Repeat(graph.Const(x.Graph(), int32(10)), func(_ *graph.Node, in []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.OnePlus(graph.Dot(in[0], in[1]).Product()), in[1]}
		}, x, w)[0]
	}, [][]float32{{0, 2, 4}}, [][]float32{{0.5, 0, 0}, {0, 0.5, 0}, {0, 0, 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	got := out.Value().([][]float32)[0]
	for i, x := range []float32{0, 2, 4} {
		if want := 2 + (x-2)/1024; got[i] != want {
			t.Errorf("[%d] is %v, want %v", i, got[i], want)
		}
	}
}

// NaN and infinity come through.
func TestNotFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	backend := backendtest.Open(t, "go")
	out, err := graph.CallOnce(backend, func(x *graph.Node) *graph.Node {
		return loop.Repeat(graph.Const(x.Graph(), int32(1)), func(_ *graph.Node, in []*graph.Node) []*graph.Node {
			z := graph.Max(graph.Min(in[0], graph.OnesLike(in[0])), graph.Neg(graph.OnesLike(in[0])))
			return []*graph.Node{graph.Add(z, graph.Exp(in[0]))}
		}, x)[0]
	}, []float32{nan, inf, -inf, 0})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float32{nan, inf, -1, 1} {
		if got := out.Value().([]float32)[i]; got != want && (got == got || want == want) {
			t.Errorf("[%d] is %v, want %v", i, got, want)
		}
	}
}

// The Go backend is the one that this package was written for.
func TestSupported(t *testing.T) {
	if reason := goloop.Supported(); reason != "" {
		t.Errorf("the Go backend differs in %s: loops are left to it, and are slow", reason)
	}
}

// A product outside of loops.
func TestProduct(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for _, axes := range []string{"ij,jk->ik", "ij,kj->ik", "ji,jk->ik", "ji,kj->ik", "bij,bjk->bik", "bij,bkj->bik"} {
		shape := []int{7, 7}
		if axes[0] == 'b' {
			shape = []int{2, 7, 7}
		}
		product := func() []float32 {
			out, err := graph.CallOnce(backend, func(g *graph.Graph) *graph.Node {
				x := graph.Sin(graph.IotaFull(g, shapes.Make(dtypes.Float32, shape...)))
				return graph.Einsum(axes, x, graph.Exp(x))
			})
			if err != nil {
				t.Fatal(err)
			}
			return tensors.MustCopyFlatData[float32](out)
		}
		got := product()
		enable := goloop.Disable()
		want := product()
		enable()
		for i, w := range want {
			if math.Abs(float64(got[i]-w)) > 1e-5 {
				t.Errorf("%s: [%d] is %v, and %v from upstream", axes, i, got[i], w)
			}
		}
	}
}

// What is replaced is the Go backend's own, and it is back where it is wanted.
func TestReplaced(t *testing.T) {
	for i, want := range []string{"ops.execWhile", "dot.execDotGeneral"} {
		if got := goloop.Replaced()[i]; !strings.HasSuffix(got, want) {
			t.Errorf("this package stands in for %s, and was written to for %s", got, want)
		}
	}
	before := goloop.Runs()
	enable := goloop.Disable()
	run(t, bodies["products"], 1)
	enable()
	if goloop.Runs() != before {
		t.Error("a loop was planned after Disable")
	}
}
