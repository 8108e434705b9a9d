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

// run computes the products.
func (d *dot) run(out, left, right []float32, scratch *[]float32) {
	for i := range d.batch {
		x, y := d.factors(i, left, right)
		c := out[i*d.rows*d.columns:]
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
	if d.rightTurned && !d.swapped && d.batch == 1 && b.fixed && !v.fixed {
		turned := d
		p.before = append(p.before, func(f *frame) error {
			_, y := turned.factors(0, nil, f.row(b))
			if f.laidOut[v.Index] == nil {
				f.laidOut[v.Index] = make([]float32, b.size)
			}
			vector.Copy(f.laidOut[v.Index], turned.inner, turned.columns, y)
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
func executeDot(b *backend, n *node, inputs []*buffer, owned []bool) (*buffer, error) {
	if n.Shape.DType != dtypes.Float32 || len(inputs) != 2 || n.Shape.IsDynamic() {
		return upstreamDot(b, n, inputs, owned)
	}
	left, isFloat := inputs[0].Flat.([]float32)
	right, bothFloat := inputs[1].Flat.([]float32)
	d := newDot(n, len(left), len(right), n.Shape.Size())
	if !isFloat || !bothFloat || d == nil {
		return upstreamDot(b, n, inputs, owned)
	}
	out, err := getBuffer(b, n.Shape)
	if err != nil {
		return nil, err
	}
	scratch := scratches.Get().(*[]float32)
	defer scratches.Put(scratch)
	d.run(out.Flat.([]float32), left, right, scratch)
	return out, nil
}
