package goloop_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/goloop"
)

// Bodies that are made up by chance give what the Go backend gives, in blocks of any size.
func TestMadeUp(t *testing.T) {
	for seed := range uint64(200) {
		b := madeUp(seed)
		before := goloop.Runs()
		restore := goloop.Blocks([]int{1, 4, 1024}[seed%3])
		got := run(t, b, 3)
		restore()
		if goloop.Runs() == before {
			t.Fatalf("seed %d: the loop was left to the Go backend", seed)
		}
		enable := goloop.Disable()
		want := run(t, b, 3)
		enable()
		for i := range want {
			for j, w := range want[i] {
				if d := math.Abs(float64(got[i][j] - w)); !(d <= 1e-4*(1+math.Abs(float64(w)))) {
					t.Fatalf("seed %d: output %d [%d] is %v, and %v from upstream", seed, i, j, got[i][j], w)
				}
			}
		}
	}
}

// inventor makes up operations. Exact values come out of operations that have one right result; they alone are compared
// with one another, as what is nearly equal may come out either way.
type inventor struct {
	*rand.Rand
	exact, near []*graph.Node // float32
	truths      []*graph.Node
}

func madeUp(seed uint64) body {
	return func(x, y, s *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
		i := &inventor{Rand: rand.New(rand.NewPCG(seed, 1)), exact: []*graph.Node{x}, near: []*graph.Node{y}}
		iota := graph.IotaFull(x.Graph(), shapes.Make(dtypes.Float32, 2, 3, 5))
		i.exact = append(i.exact, graph.Reshape(x, 2, 3, 5), graph.AddScalar(graph.MulScalar(iota, 0.125), -2))
		for range 25 {
			i.invent()
		}
		total := func(pool []*graph.Node) *graph.Node {
			sum := graph.ScalarZero(x.Graph(), dtypes.Float32)
			for _, n := range pool[len(pool)/3:] {
				sum = graph.Add(sum, graph.ReduceAllMean(n))
			}
			return graph.Sin(sum)
		}
		var last *graph.Node
		for _, n := range i.exact {
			if n.Shape().Size() == 30 {
				last = n
			}
		}
		last = graph.Reshape(tame(last), 6, 5)
		return last, graph.Add(graph.MulScalar(y, 0.5), graph.Add(total(i.near), total(i.exact))), s
	}
}

// tame keeps numbers between −2 and 2.
func tame(x *graph.Node) *graph.Node { return graph.MinScalar(graph.MaxScalar(x, -2), 2) }

// take picks a value, and says whether it is exact.
func (i *inventor) take() (*graph.Node, bool) {
	if k := i.IntN(len(i.exact) + len(i.near)); k < len(i.exact) {
		return i.exact[k], true
	} else {
		return i.near[k-len(i.exact)], false
	}
}

// alike makes b fit a by spreading what can be spread, or gives a itself.
func (i *inventor) alike(a, b *graph.Node) *graph.Node {
	dims := a.Shape().Dimensions
	if slices.Equal(dims, b.Shape().Dimensions) {
		return b
	}
	if b.Shape().Size() == 1 {
		return graph.BroadcastToDims(graph.Reshape(b), dims...)
	}
	if b.Rank() > a.Rank() {
		return a
	}
	b = graph.ExpandLeftToRank(b, a.Rank())
	for axis, dim := range b.Shape().Dimensions {
		if dim != 1 && dim != dims[axis] {
			return a
		}
	}
	return graph.BroadcastToDims(b, dims...)
}

func (i *inventor) invent() {
	a, exact := i.take()
	rank, dims := a.Rank(), a.Shape().Dimensions
	switch i.IntN(14) {
	case 0, 1: // two numbers
		b, also := i.take()
		b, exact = i.alike(a, b), exact && also
		f := []func(a, b *graph.Node) *graph.Node{graph.Add, graph.Sub, graph.Mul, graph.Max, graph.Min}[i.IntN(5)]
		a = f(a, b)
	case 2:
		f := []func(a *graph.Node) *graph.Node{graph.Neg, graph.Abs, graph.Sign, graph.OnePlus,
			func(a *graph.Node) *graph.Node { return graph.Sqrt(graph.Abs(a)) }}[i.IntN(5)]
		a = f(a)
	case 3:
		f := []func(a *graph.Node) *graph.Node{graph.Exp, graph.Sigmoid, graph.Tanh, graph.Sin,
			func(a *graph.Node) *graph.Node { return graph.Log1p(graph.Abs(a)) }}[i.IntN(5)]
		a, exact = f(a), false
	case 4:
		if rank > 1 {
			a = graph.TransposeAllAxes(a, i.Perm(rank)...)
		}
	case 5:
		if rank > 0 {
			axis := i.IntN(rank)
			a, exact = graph.ReduceAndKeep(a, graph.ReduceMean, axis), false
		}
	case 6:
		if rank > 0 {
			a = graph.ReduceAndKeep(a, graph.ReduceMax, i.IntN(rank))
		}
	case 7: // a part along an axis, put back with something
		if rank > 0 {
			axis := i.IntN(rank)
			from := i.IntN(dims[axis])
			rest := make([]graph.SliceAxisSpec, rank)
			for k := range rest {
				rest[k] = graph.AxisRange()
			}
			rest[axis] = graph.AxisRange(from)
			part := graph.Slice(a, rest...)
			if i.IntN(2) == 0 && from > 0 {
				rest[axis] = graph.AxisRange(0, from)
				part = graph.Concatenate([]*graph.Node{part, graph.MulScalar(graph.Slice(a, rest...), 0.5)}, axis)
			}
			a = part
		}
	case 8: // a product with itself
		if rank == 2 {
			a = graph.Einsum([]string{"ij,kj->ik", "ij,ik->jk"}[i.IntN(2)], a, a)
		} else if rank == 3 {
			a = graph.Einsum([]string{"bij,bkj->bik", "bij,bik->bjk", "bij,bik->bkj"}[i.IntN(3)], a, a)
		}
		a, exact = graph.MulScalar(a, 0.1), false
	case 9: // a choice
		if exact {
			b := i.exact[i.IntN(len(i.exact))]
			truth := graph.GreaterThan(a, i.alike(a, b))
			if len(i.truths) > 0 {
				if other := i.truths[i.IntN(len(i.truths))]; slices.Equal(other.Shape().Dimensions, dims) {
					truth = graph.Or(graph.Not(truth), other)
				}
			}
			i.truths = append(i.truths, truth)
			c, also := i.take()
			a, exact = graph.Where(truth, a, i.alike(a, c)), also
		}
	case 10: // whole numbers
		if exact {
			n := graph.ConvertDType(graph.MulScalar(tame(a), 100), dtypes.Int32)
			w := graph.ConvertDType(n, dtypes.Uint32)
			w = graph.BitwiseXor(graph.BitwiseOr(graph.BitwiseShiftLeftScalar(w, uint32(3)), graph.BitwiseShiftRightLogicalScalar(w, uint32(29))), graph.Mul(w, w))
			a = graph.ConvertDType(graph.ConvertDType(graph.BitwiseShiftRightLogicalScalar(w, uint32(8)), dtypes.Int32), dtypes.Float32)
			a = graph.MulScalar(a, 1.0/(1<<24))
		}
	case 11: // double precision
		if exact {
			d := graph.ConvertDType(a, dtypes.Float64)
			d = graph.Add(graph.Mul(d, d), graph.Div(graph.Floor(d), graph.Const(a.Graph(), 3.0)))
			a = graph.ConvertDType(d, dtypes.Float32)
		}
	case 12: // other shapes
		if n := a.Shape().Size(); n%6 == 0 {
			a = graph.Reshape(a, 2, n/2)
		} else if n%5 == 0 {
			a = graph.Reshape(a, 1, n/5, 5)
		}
	case 13: // rows of a matrix, or a scalar
		if exact && rank == 2 {
			n := graph.ConvertDType(graph.MulScalar(graph.Slice(a, graph.AxisRange(), graph.AxisRange(0, 1)), 3), dtypes.Int32)
			a = graph.Gather(a, n)
		} else {
			a, exact = graph.ReduceAllMean(a), false
		}
	}
	a = tame(a)
	if a.DType() != dtypes.Float32 {
		panic(fmt.Sprint("of another type: ", a.Shape()))
	}
	if exact {
		i.exact = append(i.exact, a)
	} else {
		i.near = append(i.near, a)
	}
}
