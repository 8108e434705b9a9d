package goloop

import (
	"slices"

	"joule/internal/vector"
)

// reduction sums over the middle one of three axes, or finds the largest number along it.
type reduction struct {
	outer, middle, inner int
	largest              bool
}

// newReduction tells the axes of a reduction apart; nil if the reduced ones are not next to each other.
func newReduction(dims, axes []int) *reduction {
	r := &reduction{outer: 1, middle: 1, inner: 1}
	state := 0
	for axis, dim := range dims {
		if dim == 1 {
			continue
		}
		reduced := slices.Contains(axes, axis) || len(axes) == 0
		switch {
		case state == 0 && reduced:
			state = 1
		case state == 1 && !reduced:
			state = 2
		case state == 2 && reduced:
			return nil
		}
		*[]*int{&r.outer, &r.middle, &r.inner}[state] *= dim
	}
	return r
}

func reductionStep(v *value) step {
	r, in := *v.detail.(*reduction), v.inputs[0]
	return func(f *frame) error {
		from, to := f.row(in), f.row(v)
		for i := range r.outer {
			part, result := from[i*r.middle*r.inner:(i+1)*r.middle*r.inner], to[i*r.inner:(i+1)*r.inner]
			switch {
			case r.largest:
				largest(result, part)
			case r.inner == 1:
				result[0] = vector.Sum(part)
			default:
				vector.SumRows(result, part)
			}
		}
		return nil
	}
}

// largest sets dst[j] to the largest of a[i][j], or to NaN if there is one.
func largest(dst, a []float32) {
	n := copy(dst, a)
	if n == 1 {
		for _, x := range a[1:] {
			dst[0] = max(dst[0], x)
		}
		return
	}
	for a = a[n:]; len(a) > 0; a = a[n:] {
		vector.Binary(vector.Max, dst, dst, a[:n])
	}
}
