package goloop_test

import (
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/backendtest"
	"joule/internal/goloop"
	"joule/internal/loop"
	"joule/internal/random"
)

// A body is tested in a loop of three passes over x [6, 5] and y [5, 5], and a row of three random numbers. It gives back
// what x and y are in the next pass.
type body func(x, y, seed *graph.Node) (nextX, nextY, nextSeed *graph.Node)

var bodies = map[string]body{
	"elementwise": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		z := graph.Sigmoid(graph.Sub(graph.Mul(x, x), graph.MulScalar(x, 3)))
		z = graph.Add(z, graph.Sqrt(graph.AddScalar(graph.Exp(graph.Neg(graph.Abs(x))), 1)))
		return graph.Div(z, graph.Log(graph.AddScalar(graph.Square(x), 2))), graph.Tanh(graph.Log1P(graph.Square(y))), s
	},
	"rows and columns": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		row, column := graph.ReduceAndKeep(x, graph.ReduceMean, 0), graph.ReduceAndKeep(x, graph.ReduceMean, 1)
		z := graph.Max(graph.Add(x, row), graph.Sub(column, x))
		z = graph.Min(z, graph.Mul(row, column))
		return z, graph.Add(y, graph.BroadcastToDims(graph.Slice(row, graph.AxisRange(), graph.AxisElem(2)), 5, 5)), s
	},
	"choice": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		positive, small := graph.GreaterThan(x, graph.ZerosLike(x)), graph.LessOrEqual(graph.Abs(x), graph.OnesLike(x))
		some := graph.And(graph.Not(positive), graph.Or(small, positive))
		z := graph.Where(some, graph.MulScalar(x, 2), graph.Add(x, graph.ReduceAllSum(y)))
		all := graph.LessThan(graph.ReduceAllMean(x), graph.ScalarZero(x.Graph(), x.DType()))
		return z, graph.Where(graph.BroadcastToDims(all, 5, 5), y, graph.Neg(y)), s
	},
	"truth that leaves": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		positive := graph.GreaterThan(x, graph.ZerosLike(x))
		counted := graph.ReduceAllSum(graph.ConvertDType(positive, x.DType()))
		return graph.Where(positive, x, graph.Neg(x)), graph.Add(y, counted), s
	},
	"products": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		xy := graph.Dot(x, y).Product()
		xxt := graph.Einsum("ij,kj->ik", x, x)
		xtx := graph.Einsum("ij,ik->kj", x, x)
		z := graph.Einsum("ik,kj->ij", xxt, xy)
		return graph.MulScalar(z, 0.1), graph.MulScalar(graph.Add(graph.Transpose(xtx, 0, 1), graph.Einsum("ij,kj->ki", y, xtx)), 0.1), s
	},
	"batches": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		a := graph.Reshape(x, 2, 3, 5)
		z := graph.Einsum("bij,bkj->bik", a, a)
		z = graph.Einsum("bik,bkj->bij", z, a)
		return graph.MulScalar(graph.Reshape(z, 6, 5), 0.1), graph.MulScalar(graph.Einsum("bij,bik->jk", a, a), 0.1), s
	},
	"gradient": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		h := graph.Dot(x, y).Product()
		e := graph.ReduceAllSum(graph.Mul(h, graph.Sigmoid(h)))
		score := graph.Gradient(e, x)[0]
		g := graph.Gradient(graph.ReduceAllMean(graph.Square(score)), x, y)
		return graph.Sub(x, graph.MulScalar(g[0], 0.1)), graph.Sub(y, graph.MulScalar(g[1], 0.1)), s
	},
	"moved": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		flat := graph.Reshape(x, 30)
		turned := graph.Concatenate([]*graph.Node{graph.Slice(flat, graph.AxisRange(7)), graph.Slice(flat, graph.AxisRange(0, 7))}, 0)
		beside := graph.Concatenate([]*graph.Node{graph.Slice(y, graph.AxisRange(), graph.AxisRange(2)), graph.Slice(y, graph.AxisRange(), graph.AxisRange(0, 2))}, 1)
		return graph.Reshape(graph.Transpose(graph.Reshape(turned, 5, 6), 0, 1), 6, 5), graph.Transpose(beside, 0, 1), s
	},
	"state that is handed on": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		top := graph.Slice(x, graph.AxisRange(0, 5), graph.AxisRange())
		return graph.Concatenate([]*graph.Node{y, graph.Slice(x, graph.AxisRange(5), graph.AxisRange())}, 0), top, s
	},
	"sums": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		a := graph.Reshape(x, 2, 3, 5)
		middle := graph.ReduceSum(a, 1)                                       // [2, 5]
		apart := graph.ReduceSum(a, 0, 2)                                     // [3]
		z := graph.Add(graph.ReduceSum(middle, 0), graph.ReduceAllMax(apart)) // [5]
		return graph.MulScalar(graph.Add(x, graph.BroadcastPrefix(z, 6)), 0.2), y, s
	},
	"loop within": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		out := loop.Repeat(graph.Const(x.Graph(), int32(4)), func(_ *graph.Node, in []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.MulScalar(graph.Dot(in[0], in[1]).Product(), 0.5), in[1]}
		}, x, y)
		return out[0], graph.MulScalar(y, 0.9), s
	},
	"random": func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		stream := random.NewStream(s)
		x = graph.Add(x, stream.Normal(x.Shape()))
		y = graph.Add(y, graph.ConvertDType(stream.Uniform(shapes.Make(dtypes.Float64, 5, 5)), x.DType()))
		return x, y, stream.State()[0]
	},
}

func run(t *testing.T, b body, passes int) (out [2][]float32) {
	t.Helper()
	backend := backendtest.Open(t, "go")
	results, err := graph.ExecOnceN(backend, func(in []*graph.Node) []*graph.Node {
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
	out, err := graph.ExecOnce(backend, func(x, w *graph.Node) *graph.Node {
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
	out, err := graph.ExecOnce(backend, func(x *graph.Node) *graph.Node {
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
			out, err := graph.ExecOnce(backend, func(g *graph.Graph) *graph.Node {
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

// The reason for this package: it is many times as fast. Much less of a difference says that upstream is cured.
func TestDefectSlow(t *testing.T) {
	backend := backendtest.Open(t, "go")
	repeated := func(x, w *graph.Node) *graph.Node {
		return loop.Repeat(graph.Const(x.Graph(), int32(20)), func(_ *graph.Node, in []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.Sigmoid(graph.Dot(in[0], in[1]).Product()), in[1]}
		}, x, w)[0]
	}
	x, w := tensors.FromShape(shapes.Make(dtypes.Float32, 128, 64)), tensors.FromShape(shapes.Make(dtypes.Float32, 64, 64))
	fastest := func() time.Duration {
		exec := graph.MustNewExec(backend, repeated)
		best := time.Hour
		for range 5 {
			start := time.Now()
			if _, err := exec.Exec(x, w); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	ours := fastest()
	enable := goloop.Disable()
	defer enable()
	if upstream := fastest(); upstream < 3*ours/2 {
		t.Errorf("a loop takes %v, and %v upstream: is goloop still worth it?", ours, upstream)
	}
}
