package products

import (
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/conv"
	"joule/internal/loop"
)

// Graphs whose products are known: of what is needed, once each, and in loops as often as these run.
func TestCount(t *testing.T) {
	const m, k, n = 3, 4, 5
	product := graph.DotProduct
	repeat := func(g *graph.Graph, times int32, state *graph.Node, body func(x *graph.Node) *graph.Node) *graph.Node {
		return loop.Repeat(graph.Const(g, times), func(_ *graph.Node, state []*graph.Node) []*graph.Node {
			return []*graph.Node{body(state[0])}
		}, state)[0]
	}
	for name, c := range map[string]struct {
		want   int
		define func(g *graph.Graph, a, b, square *graph.Node) []*graph.Node
	}{
		"a product":  {m * k * n, func(_ *graph.Graph, a, b, _ *graph.Node) []*graph.Node { return []*graph.Node{product(a, b)} }},
		"no product": {0, func(_ *graph.Graph, a, _, _ *graph.Node) []*graph.Node { return []*graph.Node{graph.Mul(a, a)} }},
		"twice the same": {m * k * n, func(_ *graph.Graph, a, b, _ *graph.Node) []*graph.Node {
			return []*graph.Node{product(graph.Exp(a), b), graph.Add(product(graph.StopGradient(graph.Exp(a)), b), graph.OnesLike(product(a, b)))}
		}},
		"of one shape, but different": {2 * m * k * n, func(_ *graph.Graph, a, b, _ *graph.Node) []*graph.Node {
			return []*graph.Node{product(graph.AddScalar(a, 1), b), product(graph.AddScalar(a, 2), b)}
		}},
		"not needed": {0, func(_ *graph.Graph, a, b, _ *graph.Node) []*graph.Node {
			product(a, b)
			return []*graph.Node{a}
		}},
		"gradients": {3 * m * k * n, func(_ *graph.Graph, a, b, _ *graph.Node) []*graph.Node {
			return graph.Gradient(graph.ReduceAllSum(graph.Square(product(a, b))), a, b)
		}},
		"matrices side by side": {2 * m * k * n, func(_ *graph.Graph, a, b, _ *graph.Node) []*graph.Node {
			return []*graph.Node{graph.Einsum("bij,bjk->bik", graph.Stack([]*graph.Node{a, a}, 0), graph.Stack([]*graph.Node{b, b}, 0))}
		}},
		"a loop": {7*k*k*k + k*k*k, func(g *graph.Graph, _, _, square *graph.Node) []*graph.Node {
			return []*graph.Node{repeat(g, 7, product(square, square), func(x *graph.Node) *graph.Node { return product(x, x) })}
		}},
		"a loop in a loop": {3 * (2*k*k*k + k*k*k), func(g *graph.Graph, _, _, square *graph.Node) []*graph.Node {
			return []*graph.Node{repeat(g, 3, square, func(x *graph.Node) *graph.Node {
				x = product(x, graph.Exp(x))
				return repeat(g, 2, x, func(x *graph.Node) *graph.Node {
					product(x, x) // not needed
					return product(x, graph.Exp(x))
				})
			})}
		}},
		"a convolution": {3 * 4 * (2 * 2) * 5 * 6, func(g *graph.Graph, _, _, _ *graph.Node) []*graph.Node {
			planes, kernel := parameter(g, "planes", 5, 4, 5, 1), parameter(g, "kernel", 2, 2, 5, 6)
			return []*graph.Node{conv.Window{Stride: 1}.ConvolvePlanes(planes, kernel)}
		}},
	} {
		g := graph.NewGraph(backendtest.Open(t, "go"), name)
		got, err := Count(c.define(g, parameter(g, "a", m, k), parameter(g, "b", k, n), parameter(g, "square", k, k))...)
		if err != nil || got != c.want {
			t.Errorf("%s: %d multiplications, %v; want %d", name, got, err, c.want)
		}
	}
}

func parameter(g *graph.Graph, name string, dimensions ...int) *graph.Node {
	return graph.Parameter(g, name, shapes.Make(dtypes.Float32, dimensions...))
}

// How often a loop runs has to be known.
func TestCountNeedsConstants(t *testing.T) {
	g := graph.NewGraph(backendtest.Open(t, "go"), "loop")
	times := graph.Parameter(g, "times", shapes.Make(dtypes.Int32))
	end := loop.Repeat(times, func(_ *graph.Node, state []*graph.Node) []*graph.Node { return state }, parameter(g, "x", 2))
	if _, err := Count(end...); err == nil || !strings.Contains(err.Error(), "no constant") {
		t.Errorf("error %v", err)
	}
}
