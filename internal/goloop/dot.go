package goloop

import (
	"sync"

	"github.com/gomlx/compute/dtypes"

	"joule/internal/vector"
)

// dot is a product of matrices, or several in a batch. Layouts have [batch, rows, inner] on the left, and [batch, inner,
// columns] or [batch, columns, inner] on the right.
type dot struct {
	batch, rows, columns, inner int
	leftTurned, rightTurned     bool // the factor lies as its transpose
	swapped                     bool // the transpose of the product is wanted
}

// newDot reads a product's node, given how many numbers its factors and the product have; nil if it is of another kind.
func newDot(n *node, left, right, out int) *dot {
	var s [5]int
	for i, name := range []string{"BatchSize", "LHSCrossSize", "RHSCrossSize", "ContractingSize", "Layout"} {
		setting := setting(n, name)
		if len(setting) != 1 {
			return nil
		}
		s[i] = setting[0]
	}
	d := &dot{batch: s[0], rows: s[1], columns: s[2], inner: s[3], rightTurned: s[4] == 1}
	if s[4] != 0 && s[4] != 1 || left != d.batch*d.rows*d.inner || right != d.batch*d.inner*d.columns || out != d.batch*d.rows*d.columns {
		return nil
	}
	return d
}

// reads reports whether the products can read a factor as it lies. One that is the transpose of its root has to be that of
// as many matrices, of the same shape; rows and columns are those of the transpose.
func (d *dot) reads(factor *value, rows, columns int) bool {
	return factor.class != turned || *factor.detail.(*matrices) == matrices{d.batch, columns, rows, 1}
}

// factors are those of one product of the batch.
func (d *dot) factors(i int, left, right []float32) (x, y vector.Matrix) {
	x = vector.Matrix{Data: left[i*d.rows*d.inner:], Row: d.inner, Column: 1}
	if d.leftTurned {
		x.Row, x.Column = 1, d.rows
	}
	y = vector.Matrix{Data: right[i*d.inner*d.columns:], Row: d.columns, Column: 1}
	if d.rightTurned {
		y.Row, y.Column = 1, d.inner
	}
	return x, y
}

// run computes the products, several at once where there is enough to compute. Each comes out the same either way.
func (d *dot) run(out, left, right []float32, scratch *[]float32) {
	threads := vector.Threads(d.batch, d.batch*d.rows, d.columns, d.inner)
	if threads <= 1 {
		d.some(0, d.batch, out, left, right, scratch)
		return
	}
	each := (d.batch + threads - 1) / threads
	vector.Parallel((d.batch+each-1)/each, func(i int) {
		own := scratches.Get().(*[]float32)
		defer scratches.Put(own)
		d.some(i*each, min((i+1)*each, d.batch), out, left, right, own)
	})
}

// some computes the products from one up to another.
func (d *dot) some(from, to int, out, left, right []float32, scratch *[]float32) {
	for i := from; i < to; i++ {
		x, y := d.factors(i, left, right)
		c := out[i*d.rows*d.columns : (i+1)*d.rows*d.columns]
		if d.swapped {
			vector.Product(c, d.columns, d.rows, d.inner, y.Transposed(), x.Transposed(), scratch)
		} else {
			vector.Product(c, d.rows, d.columns, d.inner, x, y, scratch)
		}
	}
}

// productStep computes a product. A factor on the right that is the same in every pass is laid out before the first.
func (p *plan) productStep(v *value) step {
	d, a, b := *v.detail.(*dot), v.inputs[0], v.inputs[1]
	d.leftTurned, d.rightTurned = a.class == turned, d.rightTurned != (b.class == turned)
	if d.rightTurned && !d.swapped && b.fixed && !v.fixed {
		asIs := d
		p.before = append(p.before, func(f *frame) error {
			if f.laidOut[v.Index] == nil {
				f.laidOut[v.Index] = make([]float32, b.size)
			}
			row, n := f.row(b), asIs.inner*asIs.columns
			for i := range asIs.batch {
				vector.Copy(f.laidOut[v.Index][i*n:(i+1)*n], asIs.inner, asIs.columns,
					vector.Matrix{Data: row[i*n : (i+1)*n], Row: 1, Column: asIs.inner})
			}
			return nil
		})
		d.rightTurned = false
		return func(f *frame) error {
			d.run(f.row(v), f.row(a), f.laidOut[v.Index], &f.scratch)
			return nil
		}
	}
	return func(f *frame) error {
		d.run(f.row(v), f.row(a), f.row(b), &f.scratch)
		return nil
	}
}

var scratches = sync.Pool{New: func() any { return new([]float32) }}

// executeDot carries out a product outside of loops in the place of the Go backend's executor.
func executeDot(b *backend, n *node, inputs []*buffer, owned []bool) (out *buffer, err error) {
	defer recovered("in a product", &err)
	if n.Shape.DType != dtypes.Float32 || len(inputs) != 2 || n.Shape.IsDynamic() {
		return upstreamDot(b, n, inputs, owned)
	}
	left, isFloat := inputs[0].Flat.([]float32)
	right, bothFloat := inputs[1].Flat.([]float32)
	d := newDot(n, len(left), len(right), n.Shape.Size())
	if !isFloat || !bothFloat || d == nil {
		return upstreamDot(b, n, inputs, owned)
	}
	if out, err = getBuffer(b, n.Shape); err != nil {
		return nil, err
	}
	scratch := scratches.Get().(*[]float32)
	defer scratches.Put(scratch)
	d.run(out.Flat.([]float32), left, right, scratch)
	return out, nil
}
