// Package loop repeats a graph function on the device.
//
// GoMLX has While, but in the pinned versions it cannot be nested, mixes up cached constants between scopes, and
// fails on the Go backend. This package is the only place that knows of it: closure.go and gobackend.go hold one
// workaround for each defect, and a test for each fails once the defect is cured upstream.
package loop

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Body is one pass of a loop: pass number i (int32 scalar, from 0) and the state on entry give the state on exit,
// value by value of the same shape and type.
//
// A body may use nothing but its arguments and constants: a node of the enclosing graph has to come in as state,
// even when the loop does not change it (then the body returns it as it came).
type Body func(i *graph.Node, state []*graph.Node) []*graph.Node

// Repeat runs body times times (int32 scalar) and returns the final state. Loops may be nested.
//
// It panics, as graph functions do, when the state is empty or when the body changes the number of its values.
func Repeat(times *graph.Node, body Body, state ...*graph.Node) []*graph.Node {
	return repeat(newClosure, times, body, state...)
}

// repeat is Repeat with a given way to make closures.
func repeat(closure func(*graph.Graph, func() []*graph.Node) *graph.Function, times *graph.Node, body Body, state ...*graph.Node) []*graph.Node {
	g := times.Graph()
	if len(state) == 0 {
		panic(fmt.Errorf("loop.Repeat: a loop without state has no effect"))
	}
	all := append([]*graph.Node{graph.Const(g, int32(0)), times}, state...)

	condition := closure(g, func() []*graph.Node {
		in := parameters(g, all)
		return []*graph.Node{graph.LessThan(in[0], in[1])}
	})
	var out []*graph.Node
	pass := closure(g, func() []*graph.Node {
		in := parameters(g, all)
		out = body(in[0], append([]*graph.Node(nil), in[2:]...))
		if len(out) != len(state) {
			panic(fmt.Errorf("loop.Repeat: the body takes %d values and returns %d", len(state), len(out)))
		}
		return append([]*graph.Node{graph.Add(in[0], oneAfter(g, out)), in[1]}, out...)
	})
	end := graph.While(condition, pass, all...)
	g.AttachState(end[0].Inputs()[0], contents{times, out})
	return end[2:]
}

// contents are what Within tells of a loop.
type contents struct {
	times *graph.Node
	body  []*graph.Node
}

// Within says how often a loop's body runs and what a pass of it makes, for those who read a graph; node is what all the values
// that Repeat returns are parts of. isLoop is false of other nodes.
func Within(node *graph.Node) (times *graph.Node, body []*graph.Node, isLoop bool) {
	c, isLoop := node.Graph().State(node).(contents)
	return c.times, c.body, isLoop
}

// parameters declares the inputs of a closure, one for each value of the state.
//
// go-xla wants their names to be unique in the whole program, nested closures included.
func parameters(g *graph.Graph, state []*graph.Node) []*graph.Node {
	in := make([]*graph.Node, len(state))
	for k, value := range state {
		in[k] = graph.Parameter(g, g.UniqueName("loop_state"), value.Shape())
	}
	return in
}

// oneAfter is the int32 1, which on XLA is not known before the pass is done.
//
// XLA would otherwise count at any time during the pass. It then copies the counter for those who need it later, and its
// runtime for processors, which runs what is a chain of kernels without any ado, finds a choice at each and hands kernels
// to other threads, which costs more than the small ones take.
func oneAfter(g *graph.Graph, out []*graph.Node) *graph.Node {
	one := graph.Const(g, int32(1))
	if g.Backend().Name() == goBackend {
		return one
	}
	for _, value := range out {
		if value.DType() != dtypes.Float32 || value.Type() == graph.NodeTypeParameter {
			continue
		}
		for value.Rank() > 0 {
			value = graph.Squeeze(graph.Slice(value, graph.AxisElem(0)), 0)
		}
		sign := graph.BitwiseShiftRightLogicalScalar(graph.Bitcast(value, dtypes.Int32), int32(31)) // 0 or 1, also of NaN
		return graph.Max(one, sign)
	}
	return one
}

// goBackend is what GoMLX's Go backend calls itself.
const goBackend = "Go Backend"
