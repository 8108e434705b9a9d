package goloop

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// value is a node that some output depends on, and what was found out about it.
type value struct {
	*node
	size   int
	inputs []*value
	users  []*value
	output bool // of the function

	// fixed values are the same in every pass: they are computed once, before the first.
	fixed bool

	// class says how the value comes about, and detail holds what is special to it.
	class  class
	detail any
	inner  *plan // of a loop; kept while classes are found

	// A view has its numbers in another value's memory, from an offset on. For others that is the value itself.
	root   *value
	offset int
}

type class uint8

const (
	upstream    class = iota // the Go backend's executor
	constant                 // in the graph
	parameter                // of the function
	view                     // the same numbers in another shape, or part of a row
	turned                   // the transpose of its root, for products alone: they read it as it lies
	elementwise              // detail is *element
	product                  // detail is *dot
	transpose                // of a matrix
	sum                      // detail is *reduction
	join                     // of rows
	count                    // the sum of two int32
	toFloat                  // float32 from uint32
	draw                     // random bits
	loop                     // detail is *plan
	output                   // one of several outputs of its input
)

// emitted reports whether a step computes the value.
func (v *value) emitted() bool {
	return v.class == upstream || v.class >= elementwise && v.class != output
}

// depends lists the values that have to be computed before.
func (v *value) depends() []*value {
	var on []*value
	for _, in := range v.inputs {
		in = in.root
		if in.class == output {
			in = in.inputs[0]
		}
		on = append(on, in)
	}
	return on
}

func (v *value) isFloat() bool { return v.Shape.DType == dtypes.Float32 }

// analyse makes values of the nodes that the outputs need, in order; nil if there is something that only upstream can do.
func analyse(f *function) []*value {
	if len(f.CapturedLocalNodes) > 0 {
		return nil
	}
	byNode := map[*node]*value{}
	var visit func(n *node) *value
	visit = func(n *node) *value {
		if v := byNode[n]; v != nil {
			return v
		}
		v := &value{node: n}
		v.root = v
		byNode[n] = v
		for _, in := range n.Inputs {
			v.inputs = append(v.inputs, visit(in))
		}
		return v
	}
	for _, n := range f.Outputs {
		visit(n).output = true
	}
	for _, n := range f.Parameters {
		visit(n)
	}
	values := make([]*value, 0, len(byNode))
	for _, v := range byNode {
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b *value) int { return a.Index - b.Index })
	for _, v := range values {
		if len(v.CapturedInputs) > 0 && slices.ContainsFunc(v.CapturedInputs, func(c []*node) bool { return len(c) > 0 }) {
			return nil
		}
		if v.IsMultiOutputs() {
			continue
		}
		if v.Shape.IsDynamic() || !v.Shape.Ok() {
			return nil
		}
		v.size = v.Shape.Size()
		if v.size == 0 {
			return nil
		}
	}
	for _, v := range values {
		for _, in := range v.inputs {
			in.users = append(in.users, v)
		}
	}
	fixed(f, byNode, values)
	return values
}

// IsMultiOutputs reports whether the node has further nodes for its outputs.
func (n *node) IsMultiOutputs() bool { return len(n.MultiOutputsShapes) > 0 }

// fixed marks the values that are the same in every pass.
func fixed(f *function, byNode map[*node]*value, values []*value) {
	for i, n := range f.Parameters {
		byNode[n].fixed = i < len(f.Outputs) && f.Outputs[i] == n
	}
	for _, v := range values {
		if v.OpType != compute.OpTypeParameter {
			v.fixed = !slices.ContainsFunc(v.inputs, func(in *value) bool { return !in.fixed })
		}
	}
}
