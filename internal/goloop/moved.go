package goloop

import (
	"slices"

	"github.com/gomlx/compute"
)

// findMoved finds the class of a value that has the numbers of its inputs in other places, or sums or products of them.
func (v *value) findMoved(demoted map[*value]bool) class {
	in, words := v.inputs[0], v.inputs[0].words()
	dims := in.Shape.Dimensions
	if in.stored < in.size { // one number that stands for many: elementwise operations alone know it
		return upstream
	}
	switch v.OpType {
	case compute.OpTypeReshape, compute.OpTypeIdentity:
		if in.Shape.DType == v.Shape.DType && in.size == v.size {
			return v.see(in, 0, v.size)
		}
	case compute.OpTypeConvertDType:
		if isWord(in) && isWord(v) { // the same bits
			return v.see(in, 0, v.size)
		}
	case compute.OpTypeSlice:
		p := newPieces(v.node, dims)
		switch {
		case p == nil:
		case p.outer == 1 && p.count == 1:
			return v.see(in, p.first*words, v.size)
		default:
			v.detail = p
			return cut
		}
	case compute.OpTypeTranspose:
		m := newMatrices(setting(v.node, ""), dims)
		switch {
		case m == nil:
		case m.rows == 1 || m.columns == 1:
			return v.see(in, 0, v.size)
		case v.isFloat() && m.unit == 1 && !demoted[v] && in.class != turned:
			v.see(in, 0, v.size)
			v.detail = m
			return turned
		case words == 1:
			v.detail = m
			return transpose
		}
	case compute.OpTypeDotGeneral:
		if right := v.inputs[1]; v.isFloat() && in.isFloat() && right.isFloat() && right.stored == right.size {
			d := newDot(v.node, in.size, right.size, v.size)
			if d != nil && d.reads(in, d.rows, d.inner) &&
				(!d.rightTurned && d.reads(right, d.inner, d.columns) || d.rightTurned && d.reads(right, d.columns, d.inner)) {
				v.detail = d
				return product
			}
		}
	case compute.OpTypeReduceSum, compute.OpTypeReduceMax:
		if r := newReduction(dims, setting(v.node, "")); v.isFloat() && r != nil && r.outer*r.inner == v.size {
			if v.size == in.size {
				return v.see(in, 0, v.size)
			}
			r.largest = v.OpType == compute.OpTypeReduceMax
			v.detail = r
			return reduce
		}
	case compute.OpTypeConcatenate:
		axis := setting(v.node, "")
		if len(axis) != 1 || slices.ContainsFunc(v.inputs, func(i *value) bool { return i.Shape.DType != v.Shape.DType || i.stored < i.size }) {
			return upstream
		}
		v.detail = size(dims[:axis[0]])
		return join
	case compute.OpTypePad:
		if p, value := newPadding(v.node, dims), v.inputs[1]; p != nil && value.stored == 1 && value.words() == words {
			v.detail = p
			return padded
		}
	case compute.OpTypeGather:
		if index := v.inputs[1]; isWord(index) && index.stored == index.size && picksRows(v.node, dims, index.Shape.Dimensions) {
			return pick
		}
	}
	return upstream
}

// matrices are several, one after the other, that are transposed. Their elements are units of numbers.
type matrices struct{ count, rows, columns, unit int }

// newMatrices tells whether a transposition is one of matrices; nil if not. One that moves nothing but axes of dimension 1
// has a matrix of one row.
func newMatrices(axes, dims []int) *matrices {
	if len(axes) != len(dims) {
		return nil
	}
	var order []int // of the axes that matter
	for _, axis := range axes {
		if dims[axis] != 1 {
			order = append(order, axis)
		}
	}
	sorted := slices.Sorted(slices.Values(order))
	m := &matrices{1, 1, 1, 1}
	for len(order) > 0 && order[0] == sorted[0] {
		m.count *= dims[order[0]]
		order, sorted = order[1:], sorted[1:]
	}
	if len(order) == 0 {
		return &matrices{1, 1, m.count, 1}
	}
	for last := len(order) - 1; order[last] == sorted[last]; last-- {
		m.unit *= dims[order[last]]
		order, sorted = order[:last], sorted[:last]
	}
	k := slices.Index(sorted, order[0]) // the first k axes come last
	if !slices.Equal(order, slices.Concat(sorted[k:], sorted[:k])) {
		return nil
	}
	for i, axis := range sorted {
		if i < k {
			m.rows *= dims[axis]
		} else {
			m.columns *= dims[axis]
		}
	}
	return m
}

// pieces are parts of equal length of a row of numbers: groups of so many, a step apart, at equal distances.
type pieces struct{ outer, distance, first, count, step, length int }

// newPieces tells whether a slice takes numbers along one axis alone; nil if not.
func newPieces(n *node, dims []int) *pieces {
	starts, strides := setting(n, "starts"), setting(n, "strides")
	if len(starts) != len(dims) || len(strides) != len(dims) {
		return nil
	}
	p := &pieces{outer: 1, distance: size(dims), count: 1, length: n.Shape.Size()}
	for axis, dim := range n.Shape.Dimensions {
		if dim == dims[axis] {
			continue
		}
		inner := size(dims[axis+1:])
		if !slices.Equal(dims[axis+1:], n.Shape.Dimensions[axis+1:]) {
			return nil
		}
		p.outer = size(dims[:axis])
		p.distance, p.first, p.length = dims[axis]*inner, starts[axis]*inner, dim*inner
		if dim > 1 && strides[axis] != 1 {
			p.count, p.step, p.length = dim, strides[axis]*inner, inner
		}
		break
	}
	return p
}

// newPadding tells where the numbers go that a padding surrounds with others, along one axis; nil if it is of another kind.
func newPadding(n *node, dims []int) *pieces {
	axes := padding(n)
	if len(axes) != len(dims) {
		return nil
	}
	p := &pieces{outer: 1, distance: size(dims), count: 1, length: size(dims)}
	found := false
	for axis, a := range axes {
		if a == (compute.PadAxis{}) {
			continue
		}
		if found || a.Start < 0 || a.End < 0 || a.Interior != 0 {
			return nil
		}
		found = true
		inner := size(dims[axis+1:])
		p.outer, p.length = size(dims[:axis]), dims[axis]*inner
		p.first, p.distance = a.Start*inner, p.length+(a.Start+a.End)*inner
	}
	return p
}

// picksRows reports whether a gather picks whole rows: indices [..., 1] of the first axis.
func picksRows(n *node, dims, index []int) bool {
	rest := len(dims) - 1
	sizes, offsets := setting(n, "sliceSizes"), setting(n, "offsetOutputAxes")
	if len(index) == 0 || index[len(index)-1] != 1 || len(offsets) != rest || len(sizes) != len(dims) || rest < 0 ||
		!slices.Equal(setting(n, "indexVectorAxis"), []int{len(index) - 1}) ||
		!slices.Equal(setting(n, "collapsedSlicesAxes"), []int{0}) || !slices.Equal(setting(n, "startIndexMap"), []int{0}) ||
		sizes[0] != 1 || !slices.Equal(sizes[1:], dims[1:]) {
		return false
	}
	for i, axis := range offsets {
		if axis != len(index)-1+i {
			return false
		}
	}
	return true
}
