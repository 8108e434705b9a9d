package goloop

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"

	"joule/internal/vector"
)

// step makes the step that computes a unit.
func (p *plan) step(u unit, temporary map[*value]bool) step {
	v := u.values[0]
	switch v.class {
	case elementwise:
		g := newGroup(u, temporary)
		p.blocks = max(p.blocks, g.room())
		return func(f *frame) error { g.run(f); return nil }
	case product:
		return p.productStep(v)
	case transpose:
		return transposeStep(v)
	case reduce:
		return reductionStep(v)
	case join:
		return joinStep(v)
	case cut:
		in, p := v.inputs[0], v.detail.(*pieces)
		return func(f *frame) error {
			from, to := f.row(in), f.row(v)
			if len(to) == p.outer { // a number from each row
				for i := range to {
					to[i] = from[i*p.distance+p.first]
				}
				return nil
			}
			p.each(v.words(), from, to, func(piece, packed []float32) { copy(packed, piece) })
			return nil
		}
	case padded:
		in, value, p := v.inputs[0], v.inputs[1], v.detail.(*pieces)
		return func(f *frame) error {
			to, around := f.row(v), f.row(value)
			for filled := copy(to, around); filled < len(to); {
				filled += copy(to[filled:], to[:filled])
			}
			p.each(v.words(), to, f.row(in), func(piece, packed []float32) { copy(piece, packed) })
			return nil
		}
	case pick:
		return pickStep(v)
	case loop:
		return loopStep(v)
	}
	return upstreamStep(v)
}

// each calls f with every piece of a row and with its place in a row that has nothing but the pieces.
func (p *pieces) each(words int, row, packed []float32, f func(piece, packed []float32)) {
	n := p.length * words
	for i := range p.outer {
		at := (i*p.distance + p.first) * words
		for range p.count {
			f(row[at:at+n], packed[:n])
			at, packed = at+p.step*words, packed[n:]
		}
	}
}

func transposeStep(v *value) step {
	in, m := v.inputs[0], *v.detail.(*matrices)
	n := m.rows * m.columns * m.unit
	return func(f *frame) error {
		from, to := f.row(in), f.row(v)
		for ; len(from) > 0; from, to = from[n:], to[n:] {
			if m.unit == 1 {
				vector.Copy(to[:n], m.columns, m.rows, vector.Matrix{Data: from[:n], Row: 1, Column: m.columns})
				continue
			}
			for i := range m.rows {
				for j := range m.columns {
					a, b := (j*m.rows+i)*m.unit, (i*m.columns+j)*m.unit
					copy(to[a:a+m.unit], from[b:])
				}
			}
		}
		return nil
	}
}

// joinStep puts pieces of its inputs one after the other, in turn.
func joinStep(v *value) step {
	pieces := v.detail.(int)
	return func(f *frame) error {
		to := f.row(v)
		for i := range pieces {
			for _, in := range v.inputs {
				from := f.row(in)
				n := len(from) / pieces
				to = to[copy(to, from[i*n:(i+1)*n]):]
			}
		}
		return nil
	}
}

// pickStep copies the rows that the second input names. As in XLA, an index out of range is that of the nearest row.
func pickStep(v *value) step {
	in, index := v.inputs[0], v.inputs[1]
	rows, width := in.Shape.Dimensions[0], size(in.Shape.Dimensions[1:])*v.words()
	return func(f *frame) error {
		from, to := f.row(in), f.row(v)
		signed := index.Shape.DType == dtypes.Int32
		for i, n := range f.row(index) {
			at := int64(math.Float32bits(n))
			if signed {
				at = int64(int32(at))
			}
			at = max(0, min(at, int64(rows-1)))
			copy(to[i*width:(i+1)*width], from[int(at)*width:])
		}
		return nil
	}
}

// loopStep runs a loop within the loop.
func loopStep(v *value) step {
	inner := v.detail.(*plan)
	return func(f *frame) error {
		g := f.inner[v.Index]
		for i, in := range v.inputs {
			g.args[i] = f.buffer(in)
		}
		if err := inner.run(g, f.backend, g.args); err != nil {
			return err
		}
		for i, out := range f.outputs[v.Index] {
			if out != nil {
				copy(out.RawBytes, g.buffer(inner.parameters[i]).RawBytes[:len(out.RawBytes)])
			}
		}
		clear(g.args)
		return nil
	}
}

// upstreamStep calls the Go backend's executor. What it returns is kept until the next pass.
func upstreamStep(v *value) step {
	return func(f *frame) error {
		args := make([]*buffer, len(v.inputs))
		for i, in := range v.inputs {
			args[i] = f.buffer(in)
		}
		owned := make([]bool, len(args))
		if !v.IsMultiOutputs() {
			execute := executors[v.OpType]
			if execute == nil {
				return fmt.Errorf("no executor for op %s", v.OpType)
			}
			out, err := execute(f.backend, v.node, args, owned)
			if err != nil {
				return fmt.Errorf("executing %s: %w", v.OpType, err)
			}
			f.keep(v.Index, out, args)
			return nil
		}
		var out []*buffer
		var err error
		if execute := closureExecutors[v.OpType]; execute != nil {
			out, err = execute(f.backend, v.node, args, owned, make([]closureInputs, len(v.CapturedInputs)))
		} else if execute := multiExecutors[v.OpType]; execute != nil {
			out, err = execute(f.backend, v.node, args, owned)
		} else {
			err = fmt.Errorf("no executor")
		}
		if err != nil {
			return fmt.Errorf("executing %s: %w", v.OpType, err)
		}
		for i, b := range out {
			f.keep(v.MultiOutputsNodes[i].Index, b, args)
		}
		return nil
	}
}
