package goloop_test

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/backendtest"
	"joule/internal/goloop"
	"joule/internal/loop"
	"joule/internal/random"
)

// once is a loop of one pass.
func once(body loop.Body, state ...*graph.Node) []*graph.Node {
	return loop.Repeat(graph.Const(state[0].Graph(), int32(1)), body, state...)
}

// Random numbers that are drawn in a loop are those drawn outside, to the bit, whose words are checked against known
// answers elsewhere.
func TestSameDraws(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for _, test := range []struct {
		name string
		key  *tensors.Tensor
		draw func(s *random.Stream) []*graph.Node
	}{
		{"a stream", random.Seed(3, 4), func(s *random.Stream) []*graph.Node {
			return []*graph.Node{s.Uniform(shapes.Make(dtypes.Float32, 7, 3)), s.Uniform(shapes.Make(dtypes.Float64, 67)), random.Index(s, 1000, 130, 1)}
		}},
		{"several", random.Seeds([]int64{1, 2, 3}, 4), func(s *random.Stream) []*graph.Node {
			return []*graph.Node{s.Uniform(shapes.Make(dtypes.Float32, 3, 7, 3)), s.Uniform(shapes.Make(dtypes.Float64, 3, 300)), random.Index(s, 1000, 3, 130, 1)}
		}},
	} {
		out, err := graph.CallOnceN(backend, func(key, step *graph.Node) []*graph.Node {
			g := key.Graph()
			outside := test.draw(random.NewStreamAt(key, step))
			state := []*graph.Node{key, step}
			for _, o := range outside {
				state = append(state, graph.Zeros(g, o.Shape()))
			}
			inside := once(func(_ *graph.Node, s []*graph.Node) []*graph.Node {
				return append([]*graph.Node{s[0], graph.OnePlus(s[1])}, test.draw(random.NewStreamAt(s[0], s[1]))...)
			}, state...)
			return append(outside, inside[2:]...)
		}, test.key, int32(9))
		if err != nil {
			t.Fatal(err)
		}
		n := len(out) / 2
		for i, want := range out[:n] {
			if got := out[n+i]; !got.Equal(want) {
				t.Errorf("%s: draw %d in a loop is %v, and outside %v", test.name, i, got, want)
			}
		}
	}
}

// One value may be the state twice, and states may change places.
func TestStateTwice(t *testing.T) {
	backend := backendtest.Open(t, "go")
	out, err := graph.CallOnceN(backend, func(x *graph.Node) []*graph.Node {
		x = graph.OnePlus(x) // so that it is the graph's own
		return loop.Repeat(graph.Const(x.Graph(), int32(3)), func(_ *graph.Node, s []*graph.Node) []*graph.Node {
			return []*graph.Node{s[1], graph.MulScalar(s[0], 2), s[2], s[3]}
		}, x, x, x, x)
	}, []float32{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float32{{2, 4}, {4, 8}, {1, 2}, {1, 2}} {
		if got := out[i].Value().([]float32); !slices.Equal(got, want) {
			t.Errorf("state %d is %v, want %v", i, got, want)
		}
	}
}

// The numbers that a loop is given are not changed by it, and those it gave are not by its next run.
func TestNothingShared(t *testing.T) {
	exec, err := graph.NewExec(backendtest.Open(t, "go"), func(x *graph.Node) *graph.Node {
		return loop.Repeat(graph.Const(x.Graph(), int32(2)), func(_ *graph.Node, s []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.OnePlus(s[0])}
		}, x)[0]
	})
	if err != nil {
		t.Fatal(err)
	}
	x := tensors.FromValue([]float32{1, 2})
	first, err := exec.Call1(x)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Call1([]float32{7, 8}); err != nil {
		t.Fatal(err)
	}
	if got := first.Value().([]float32); !slices.Equal(got, []float32{3, 4}) {
		t.Errorf("the first result has become %v", got)
	}
	if got := x.Value().([]float32); !slices.Equal(got, []float32{1, 2}) {
		t.Errorf("the argument has become %v", got)
	}
}

// What is infinite or NaN goes through functions, choices and products as numbers do.
func TestNotFiniteEverywhere(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	in := []float32{nan, inf, -inf, 0, 1, nan, -2, 3, inf}
	functions := map[string]func(x *graph.Node) *graph.Node{
		"tanh": graph.Tanh, "log1p": graph.Log1P, "sign": graph.Sign, "abs": graph.Abs, "sqrt": graph.Sqrt, "logistic": graph.Sigmoid,
		"finite": func(x *graph.Node) *graph.Node { return graph.Where(graph.IsFinite(x), x, graph.ZerosLike(x)) },
		"equal":  func(x *graph.Node) *graph.Node { return graph.Where(graph.Equal(x, x), graph.OnesLike(x), x) },
		"product": func(x *graph.Node) *graph.Node {
			x = graph.Reshape(x, 3, 3)
			return graph.Reshape(graph.Dot(x, x).Product(), 9)
		},
		"max": func(x *graph.Node) *graph.Node { return graph.Max(x, graph.Reverse(x, 0)) },
		"largest": func(x *graph.Node) *graph.Node {
			x = graph.Reshape(x, 3, 3)
			return graph.Reshape(graph.Add(graph.ReduceAndKeep(x, graph.ReduceMax, 0), graph.ReduceAndKeep(x, graph.ReduceMax, 1)), 9)
		},
		"sum": func(x *graph.Node) *graph.Node { return graph.Add(x, graph.ReduceAllSum(x)) },
	}
	backend := backendtest.Open(t, "go")
	for name, f := range functions {
		out, err := graph.CallOnceN(backend, func(x *graph.Node) []*graph.Node {
			return append(once(func(_ *graph.Node, s []*graph.Node) []*graph.Node { return []*graph.Node{f(s[0])} }, x), f(x))
		}, in)
		if err != nil {
			t.Fatal(err)
		}
		got, want := out[0].Value().([]float32), out[1].Value().([]float32)
		for i := range got {
			same := got[i] == want[i] || got[i] != got[i] && want[i] != want[i] || math.Abs(float64(got[i]-want[i])) < 1e-6
			if !same {
				t.Errorf("%s(%v)[%d] is %v in a loop, and %v outside", name, in[i], i, got[i], want[i])
			}
		}
	}
}

// A panic in a loop is an error of the call, and the next call works.
func TestPanic(t *testing.T) {
	exec, err := graph.NewExec(backendtest.Open(t, "go"), func(x *graph.Node) *graph.Node {
		return once(func(_ *graph.Node, s []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.Reverse(graph.OnePlus(s[0]), 0)}
		}, x)[0]
	})
	if err != nil {
		t.Fatal(err)
	}
	mend := goloop.Break(compute.OpTypeReverse)
	_, err = exec.Call1([]float32{1, 2})
	mend()
	if err == nil || !strings.Contains(err.Error(), "in a loop: broken") {
		t.Errorf("the error is %v", err)
	}
	out, err := exec.Call1([]float32{1, 2})
	if err != nil || !slices.Equal(out.Value().([]float32), []float32{3, 2}) {
		t.Errorf("afterwards it is %v, with the error %v", out, err)
	}
}

// Shapes without numbers are left to the Go backend, and products of them are well defined.
func TestNoNumbers(t *testing.T) {
	backend := backendtest.Open(t, "go")
	out, err := graph.CallOnceN(backend, func(g *graph.Graph) []*graph.Node {
		zeros := func(dims ...int) *graph.Node { return graph.Zeros(g, shapes.Make(dtypes.Float32, dims...)) }
		return []*graph.Node{graph.Einsum("ij,jk->ik", zeros(2, 0), zeros(0, 3)), graph.Einsum("ij,jk->ik", zeros(0, 2), zeros(2, 3))}
	})
	if err != nil {
		t.Skipf("GoMLX has no such shapes: %v", err)
	}
	if got := tensors.MustCopyFlatData[float32](out[0]); !slices.Equal(got, make([]float32, 6)) {
		t.Errorf("the product of [2, 0] and [0, 3] is %v", got)
	}
	if got := out[1].Shape().Size(); got != 0 {
		t.Errorf("the product of [0, 2] and [2, 3] has %d numbers", got)
	}
}

// Several goroutines run one executable at once.
func TestConcurrent(t *testing.T) {
	backend := backendtest.Open(t, "go")
	exec, err := graph.NewExec(backend, func(in []*graph.Node) []*graph.Node {
		return loop.Repeat(in[3], func(_ *graph.Node, state []*graph.Node) []*graph.Node {
			x, y, s := bodies["replicas"](state[0], state[1], state[2])
			return []*graph.Node{x, y, s}
		}, in[0], in[1], in[2])
	})
	if err != nil {
		t.Fatal(err)
	}
	call := func(passes int) []float32 {
		out, err := exec.Call(start(6), start(5), random.Seed(1, 2), int32(passes))
		if err != nil {
			t.Error(err)
			return nil
		}
		return tensors.MustCopyFlatData[float32](out[0])
	}
	want := [][]float32{call(0), call(1), call(2), call(3)}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 10 {
				if passes := (i + j) % 4; !slices.Equal(call(passes), want[passes]) {
					t.Errorf("%d passes give something else beside others", passes)
				}
			}
		})
	}
	group.Wait()
}
