package goloop

import (
	bytesOf "encoding/binary"
	"fmt"
	"math/rand/v2"

	"joule/internal/vector"
)

// step makes the step that computes a unit.
func (p *plan) step(u unit, temporary map[*value]bool) step {
	v := u.values[0]
	switch v.class {
	case elementwise:
		g := newGroup(u, temporary)
		p.blocks = max(p.blocks, g.temporaries*g.block)
		return func(f *frame) error { g.run(f); return nil }
	case product:
		return p.productStep(v)
	case transpose:
		in, dims := v.inputs[0], v.Shape.Dimensions
		return func(f *frame) error {
			vector.Copy(f.row(v), dims[0], dims[1], vector.Matrix{Data: f.row(in), Row: 1, Column: dims[0]})
			return nil
		}
	case sum:
		return sumStep(v)
	case join:
		return func(f *frame) error {
			dst := f.row(v)
			for _, in := range v.inputs {
				dst = dst[copy(dst, f.row(in)):]
			}
			return nil
		}
	case count:
		a, b := v.inputs[0], v.inputs[1]
		return func(f *frame) error {
			f.buffer(v).Flat.([]int32)[0] = f.buffer(a).Flat.([]int32)[0] + f.buffer(b).Flat.([]int32)[0]
			return nil
		}
	case toFloat:
		in := v.inputs[0]
		return func(f *frame) error {
			to := f.row(v)
			from := f.buffer(in).Flat.([]uint32)[:len(to)]
			for i, x := range from {
				to[i] = float32(x)
			}
			return nil
		}
	case draw:
		return drawStep(v)
	case loop:
		return loopStep(v)
	}
	return upstreamStep(v)
}

func sumStep(v *value) step {
	r, in := v.detail.(*reduction), v.inputs[0]
	return func(f *frame) error {
		from, to := f.row(in), f.row(v)
		for i := range r.outer {
			part := from[i*r.middle*r.inner : (i+1)*r.middle*r.inner]
			if r.inner == 1 {
				to[i] = vector.Sum(part)
			} else {
				vector.SumRows(to[i*r.inner:(i+1)*r.inner], part)
			}
		}
		return nil
	}
}

// drawStep gives the random bits of the Go backend's generator, which makes them a byte at a time.
func drawStep(v *value) step {
	in := v.inputs[0]
	return func(f *frame) error {
		var generator rand.PCG
		from := f.buffer(in).Flat.([]uint64)
		generator.Seed(from[0], from[1])
		outputs := f.outputs[v.Index]
		if bits := outputs[1]; bits != nil {
			bytes := bits.RawBytes
			for ; len(bytes) >= 8; bytes = bytes[8:] {
				bytesOf.LittleEndian.PutUint64(bytes, generator.Uint64())
			}
			if len(bytes) > 0 {
				var last [8]byte
				bytesOf.LittleEndian.PutUint64(last[:], generator.Uint64())
				copy(bytes, last[:])
			}
		} else {
			for range (size(v.MultiOutputsShapes[1].Dimensions)*v.MultiOutputsShapes[1].DType.Size() + 7) / 8 {
				generator.Uint64()
			}
		}
		if next := outputs[0]; next != nil {
			state, err := generator.AppendBinary(f.bytes[:0])
			if err != nil || len(state) != 20 {
				return fmt.Errorf("the state of the random generator: %d bytes, %v", len(state), err)
			}
			f.bytes = state
			to := next.Flat.([]uint64)
			to[0], to[1], to[2] = bytesOf.LittleEndian.Uint64(state[4:]), bytesOf.LittleEndian.Uint64(state[12:]), from[2]
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
			f.keep(v.Index, out)
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
			f.keep(v.MultiOutputsNodes[i].Index, b)
		}
		return nil
	}
}
