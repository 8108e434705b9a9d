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
	inner  *plan // of a loop, if it can be planned; kept while classes are found
	tried  bool  // to plan it

	// A view has its numbers in another value's memory, from an offset on, which counts float32s. For others that is the
	// value itself.
	root   *value
	offset int
	// stored is how many numbers are in memory: all, or one that stands for all.
	stored int

	rotation bool // the bits of the first input turned to the left by the second
}

type class uint8

const (
	upstream    class = iota // the Go backend's executor
	constant                 // in the graph
	parameter                // of the function
	view                     // the same numbers in another shape, or part of a row, or one number for many
	turned                   // the transpose of its root's matrices, for products alone: they read it as it lies
	elementwise              // detail is *element
	product                  // detail is *dot
	transpose                // detail is *matrices
	reduce                   // detail is *reduction
	join                     // detail is the number of pieces of each input
	cut                      // detail is *pieces of the input
	padded                   // detail is *pieces of the value, where the input goes
	pick                     // rows at indices
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

// isTruth reports whether the value is truth in a row of numbers, as package vector has it.
func (v *value) isTruth() bool { return v.Shape.DType == dtypes.Bool && v.root.class == elementwise }

// words is how many float32s a number of the value takes in a row of numbers; 0 if it cannot lie in one.
func (v *value) words() int {
	switch v.Shape.DType {
	case dtypes.Float32, dtypes.Int32, dtypes.Uint32:
		return 1
	case dtypes.Float64:
		return 2
	}
	if v.isTruth() {
		return 1
	}
	return 0
}

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
	values = rotations(values)
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
