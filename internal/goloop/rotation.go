package goloop

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// rotations finds words whose bits are turned, x<<n | x>>(32−n), which the generator of random numbers is made of: they
// become one operation. It returns the values that are still needed.
func rotations(values []*value) []*value {
	for _, v := range values {
		if v.OpType != compute.OpTypeBitwiseOr || v.Shape.DType != dtypes.Uint32 {
			continue
		}
		left, right := v.inputs[0], v.inputs[1]
		if left.OpType == compute.OpTypeShiftRightLogical {
			left, right = right, left
		}
		if left.OpType != compute.OpTypeShiftLeft || right.OpType != compute.OpTypeShiftRightLogical || left.inputs[0] != right.inputs[0] ||
			!slices.Equal(left.inputs[0].Shape.Dimensions, v.Shape.Dimensions) {
			continue
		}
		n, m := left.inputs[1].word(), right.inputs[1].word()
		if n > 0 && n < 32 && n+m == 32 {
			v.inputs, v.rotation = []*value{left.inputs[0], left.inputs[1]}, true
		}
	}
	needed := map[*value]bool{}
	var need func(v *value)
	need = func(v *value) {
		if !needed[v] {
			needed[v] = true
			for _, in := range v.inputs {
				need(in)
			}
		}
	}
	for _, v := range values {
		if v.output || v.OpType == compute.OpTypeParameter {
			need(v)
		}
	}
	return slices.DeleteFunc(values, func(v *value) bool { return !needed[v] })
}

// word is the value of a constant uint32; 0 if it is none.
func (v *value) word() uint32 {
	for v.OpType == compute.OpTypeBroadcastInDim || v.OpType == compute.OpTypeReshape {
		v = v.inputs[0]
	}
	if v.OpType == compute.OpTypeConstant {
		if words, ok := bufferOf(v.node).Flat.([]uint32); ok && len(words) == 1 {
			return words[0]
		}
	}
	return 0
}
