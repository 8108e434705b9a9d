package goloop

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// classify finds the class of every value. Values are in order, so that what a value is made of is known before it. Two
// classes depend on the users of the value as well: they are assumed first, and taken back where a user does not fit.
func classify(values []*value) bool {
	demoted := map[*value]bool{}
	for {
		for _, v := range values {
			v.root, v.offset, v.detail = v, 0, nil
			if v.class = v.find(demoted); v.class == loop && v.detail == nil {
				return false
			}
		}
		n := len(demoted)
		for _, v := range values {
			if !v.usersFit() {
				demoted[v] = true
			}
		}
		if len(demoted) == n {
			break
		}
	}
	swapProducts(values)
	return true
}

// usersFit reports whether the users can take what has no numbers in memory, or truth as numbers.
func (v *value) usersFit() bool {
	switch {
	case v.class == turned:
		return !v.output && !slices.ContainsFunc(v.users, func(u *value) bool { return u.class != product })
	case v.class == view && v.OpType == compute.OpTypeBroadcastInDim: // of one number
		return !v.output && !slices.ContainsFunc(v.users, func(u *value) bool { return u.class != elementwise })
	case v.class == elementwise && v.Shape.DType == dtypes.Bool:
		return !v.output && !slices.ContainsFunc(v.users, func(u *value) bool { return u.class != elementwise })
	}
	return true
}

func (v *value) find(demoted map[*value]bool) class {
	switch v.OpType {
	case compute.OpTypeConstant:
		return constant
	case compute.OpTypeParameter:
		return parameter
	case compute.OpTypeWhile:
		if v.IsNodeSelectOutput {
			return output
		}
		if v.inner == nil {
			v.inner = newPlan(v.node)
		}
		if v.inner != nil {
			v.detail = v.inner
		}
		return loop
	case compute.OpTypeRNGBitGenerator:
		if v.IsNodeSelectOutput {
			return output
		}
		return draw
	}
	if v.IsNodeSelectOutput {
		return output
	}
	if v.IsMultiOutputs() || len(v.inputs) == 0 {
		return upstream
	}
	in := v.inputs[0]
	switch v.OpType {
	case compute.OpTypeAdd:
		if v.Shape.DType == dtypes.Int32 && v.size == 1 && len(v.inputs) == 2 && in.size == 1 && v.inputs[1].size == 1 {
			return count
		}
	case compute.OpTypeConvertDType:
		if v.isFloat() && in.Shape.DType == dtypes.Uint32 {
			return toFloat
		}
	case compute.OpTypeBroadcastInDim:
		if in.root.size == 1 && !demoted[v] && (v.isFloat() || v.Shape.DType == dtypes.Bool && in.class != elementwise) {
			v.root, v.offset = in.root, in.offset
			return view
		}
	}
	if v.isFloat() {
		if c := v.findMoved(demoted); c != upstream {
			return c
		}
	}
	if !demoted[v] || v.isFloat() {
		if e := v.findElement(); e != nil {
			v.detail = e
			return elementwise
		}
	}
	return upstream
}

// findMoved finds the class of a float32 value that has the numbers of its inputs in other places, or sums of them.
func (v *value) findMoved(demoted map[*value]bool) class {
	in := v.inputs[0]
	dims := in.Shape.Dimensions
	see := func(offset int) class {
		if in.class == turned {
			return upstream // cannot be: it is for products alone
		}
		v.root, v.offset = in.root, in.offset+offset
		return view
	}
	spread := in.class == view && in.root.size < in.size // one number that stands for many
	switch v.OpType {
	case compute.OpTypeReshape, compute.OpTypeIdentity:
		if in.isFloat() && in.size == v.size && !spread {
			return see(0)
		}
	case compute.OpTypeSlice:
		starts, strides := setting(v.node, "starts"), setting(v.node, "strides")
		if len(starts) == len(dims) && len(strides) == len(dims) && len(dims) > 0 && strides[0] == 1 &&
			slices.Equal(dims[1:], v.Shape.Dimensions[1:]) && !slices.ContainsFunc(strides[1:], func(s int) bool { return s != 1 }) && !spread {
			return see(starts[0] * (in.size / dims[0]))
		}
	case compute.OpTypeTranspose:
		axes := setting(v.node, "")
		switch {
		case len(axes) != len(dims) || spread:
		case keepsOrder(axes, dims):
			return see(0)
		case len(axes) == 2 && !demoted[v] && in.class != turned:
			v.root, v.offset = in.root, in.offset
			return turned
		case len(axes) == 2:
			return transpose
		}
	case compute.OpTypeDotGeneral:
		if !in.isFloat() || len(v.inputs) != 2 || !v.inputs[1].isFloat() {
			return upstream
		}
		d := newDot(v.node, in.size, v.inputs[1].size, v.size)
		if d != nil && (d.batch == 1 || in.class != turned && v.inputs[1].class != turned) {
			v.detail = d
			return product
		}
	case compute.OpTypeReduceSum:
		if r := newReduction(dims, setting(v.node, "")); r != nil && r.outer*r.inner == v.size {
			if v.size == in.size && !spread {
				return see(0)
			}
			v.detail = r
			return sum
		}
	case compute.OpTypeConcatenate:
		axis := setting(v.node, "")
		if len(axis) == 1 && axis[0] == 0 {
			return join
		}
	}
	return upstream
}

// keepsOrder reports whether a transposition moves nothing but axes of dimension 1.
func keepsOrder(axes, dims []int) bool {
	last := -1
	for _, axis := range axes {
		if dims[axis] == 1 {
			continue
		}
		if axis < last {
			return false
		}
		last = axis
	}
	return true
}

// swapProducts makes products whose transpose alone is used give that: the transposition is a view then.
func swapProducts(values []*value) {
	for _, v := range values {
		if v.class != transpose {
			continue
		}
		p := v.inputs[0]
		for p.class == view && p.root != p && len(p.users) == 1 && !p.output {
			p = p.inputs[0]
		}
		d, ok := p.detail.(*dot)
		dims := v.inputs[0].Shape.Dimensions
		if !ok || p.class != product || p.output || len(p.users) != 1 || v.inputs[0].output || len(v.inputs[0].users) != 1 ||
			d.batch != 1 || d.swapped || dims[0] != d.rows || dims[1] != d.columns {
			continue
		}
		d.swapped = true
		v.class, v.root, v.offset = view, p, 0
		for _, u := range values {
			if u.root == v {
				u.root = p
			}
		}
	}
}

// reduction sums over the middle one of three axes.
type reduction struct{ outer, middle, inner int }

// newReduction tells the axes of a sum apart; nil if the summed ones are not next to each other.
func newReduction(dims, axes []int) *reduction {
	r := &reduction{1, 1, 1}
	state := 0
	for axis, dim := range dims {
		if dim == 1 {
			continue
		}
		summed := slices.Contains(axes, axis) || len(axes) == 0
		switch {
		case state == 0 && summed:
			state = 1
		case state == 1 && !summed:
			state = 2
		case state == 2 && summed:
			return nil
		}
		*[]*int{&r.outer, &r.middle, &r.inner}[state] *= dim
	}
	return r
}
