package goloop

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// classify finds the class of every value. Values are in order, so that what a value is made of is known before it. Some
// classes depend on the users of the value as well: they are assumed first, and taken back where a user does not fit.
func classify(values []*value) {
	demoted := map[*value]bool{}
	for {
		for _, v := range values {
			v.root, v.offset, v.stored, v.detail = v, 0, v.size, nil
			v.class = upstream
			v.class = v.find(demoted)
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
}

// usersFit reports whether the users can take what has no numbers in memory, or one for all, or truth as numbers.
func (v *value) usersFit() bool {
	only := func(classes ...class) bool {
		return !v.output && !slices.ContainsFunc(v.users, func(u *value) bool { return !slices.Contains(classes, u.class) })
	}
	switch {
	case v.class == turned:
		return only(product)
	case v.class == view && v.Shape.DType == dtypes.Bool, v.isTruth(), v.stored < v.size:
		return only(elementwise, view)
	}
	return true
}

// find finds the class of a value, and fills in what belongs to it.
func (v *value) find(demoted map[*value]bool) class {
	if v.IsNodeSelectOutput {
		return output
	}
	switch v.OpType {
	case compute.OpTypeConstant:
		return constant
	case compute.OpTypeParameter:
		return parameter
	case compute.OpTypeWhile:
		if !v.tried {
			v.tried, v.inner = true, newPlan(v.node)
		}
		if v.inner == nil {
			return upstream
		}
		v.detail = v.inner
		return loop
	}
	if v.IsMultiOutputs() || len(v.inputs) == 0 {
		return upstream
	}
	in := v.inputs[0]
	if v.OpType == compute.OpTypeBroadcastInDim && in.stored == 1 && !demoted[v] && (v.Shape.DType == dtypes.Bool || v.words() > 0) {
		return v.see(in, 0, 1)
	}
	if in.Shape.DType == dtypes.Bool && v.OpType == compute.OpTypeReshape && in.isTruth() && !demoted[v] ||
		v.words() > 0 && v.words() == in.words() {
		if c := v.findMoved(demoted); c != upstream {
			return c
		}
	}
	if !demoted[v] || v.words() > 0 {
		if e := v.findElement(!demoted[v]); e != nil {
			v.detail = e
			return elementwise
		}
	}
	return upstream
}

// see makes the value a view of another, from an offset on, of so many numbers.
func (v *value) see(in *value, offset, stored int) class {
	if in.class == turned {
		return upstream // cannot be: it is for products alone
	}
	v.root, v.offset, v.stored = in.root, in.offset+offset, stored
	return view
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
		if !ok || p.class != product || p.output || len(p.users) != 1 || v.inputs[0].output || len(v.inputs[0].users) != 1 || d.swapped ||
			*v.detail.(*matrices) != (matrices{d.batch, d.rows, d.columns, 1}) {
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
