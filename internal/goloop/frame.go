package goloop

import (
	"slices"
	"unsafe"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// frame is the memory of one run of a loop. It is used again.
type frame struct {
	plan    *plan
	backend *backend
	// By the index of a node, for those that are not views: its numbers, of types that lie in rows, and its buffer, which
	// truth in a row and a number that stands for many lack.
	numbers [][]float32
	buffers []*buffer
	kept    []*buffer   // from the executors of the Go backend
	outputs [][]*buffer // of loops; nil for those that nothing needs
	inner   []*frame    // of loops
	laidOut [][]float32 // factors of products, by the product
	args    []*buffer   // of this loop, when it is within another
	state   []*buffer   // what the passes start from; nil for what is the same in all
	next    []*buffer   // room for outputs that lie in the state
	blocks  []float32
	scratch []float32
}

func (p *plan) newFrame() *frame {
	f := &frame{
		plan:    p,
		numbers: make([][]float32, p.numbers), buffers: make([]*buffer, p.numbers), kept: make([]*buffer, p.numbers),
		outputs: make([][]*buffer, p.numbers), inner: make([]*frame, p.numbers), laidOut: make([][]float32, p.numbers),
		args:  make([]*buffer, len(p.parameters)),
		state: make([]*buffer, len(p.parameters)), next: make([]*buffer, len(p.parameters)),
		blocks: make([]float32, p.blocks),
	}
	all := make([]float32, p.storage.total)
	for v, at := range p.storage.at {
		row := all[at : at+v.room() : at+v.room()]
		f.numbers[v.Index] = row
		if v.stored == v.size && !v.isTruth() {
			f.buffers[v.Index] = wrap(v.Shape, unsafe.Pointer(&row[0]))
		}
	}
	for i, v := range p.parameters {
		if !v.fixed {
			f.state[i] = newBuffer(v.Shape)
			f.bind(v, f.state[i])
			if out := p.outputs[i]; out.root.class == parameter {
				f.next[i] = newBuffer(v.Shape)
			}
		}
	}
	for _, v := range p.values {
		switch v.class {
		case constant:
			f.bind(v, bufferOf(v.node))
		case loop:
			f.outputs[v.Index] = make([]*buffer, len(v.MultiOutputsShapes))
			f.inner[v.Index] = v.detail.(*plan).newFrame()
		case output:
			if made := v.inputs[0]; made.class == loop {
				b := newBuffer(v.Shape)
				f.bind(v, b)
				f.outputs[made.Index][v.SelectOutputIdx] = b
			}
		}
	}
	return f
}

// newBuffer makes a buffer that the Go backend can read.
func newBuffer(shape shapes.Shape) *buffer {
	words := make([]uint64, (shape.ByteSize()+7)/8+8)
	return wrap(shape, unsafe.Pointer(&words[0]))
}

// wrap makes a buffer of the memory at p.
func wrap(shape shapes.Shape, p unsafe.Pointer) *buffer {
	return &buffer{RawShape: shape, InUse: true, isUserFed: true,
		RawBytes: unsafe.Slice((*byte)(p), int(shape.ByteSize())),
		Flat:     dtypes.UnsafeAnySliceFromBytes(p, shape.DType, shape.Size())}
}

// bind makes a buffer the value's.
func (f *frame) bind(v *value, b *buffer) {
	f.buffers[v.Index], f.numbers[v.Index] = b, b.row()
}

// row is the content of a buffer as a row of float32s; nil if its type does not lie in one.
func (b *buffer) row() []float32 {
	switch flat := b.Flat.(type) {
	case []float32:
		return flat
	case []int32:
		return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(flat))), len(flat))
	case []uint32:
		return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(flat))), len(flat))
	case []float64:
		return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(flat))), 2*len(flat))
	}
	return nil
}

// keep takes over a result of an executor in the place of that of the last pass. One that is an argument is copied: it is
// not the executor's.
func (f *frame) keep(index int, b *buffer, args []*buffer) {
	if old := f.kept[index]; old != nil {
		putBuffer(f.backend, old)
	}
	f.kept[index] = b
	if slices.Contains(args, b) {
		own := newBuffer(b.RawShape)
		copy(own.RawBytes, b.RawBytes)
		f.kept[index], b = nil, own
	}
	f.buffers[index], f.numbers[index] = b, b.row()
}

// release gives back what keep took, and forgets what belongs to the caller.
func (f *frame) release() {
	for i, b := range f.kept {
		if b != nil {
			putBuffer(f.backend, b)
			f.kept[i], f.buffers[i], f.numbers[i] = nil, nil, nil
		}
	}
	for i, v := range f.plan.parameters {
		if f.state[i] == nil {
			f.buffers[v.Index], f.numbers[v.Index] = nil, nil
		}
	}
	for _, g := range f.inner {
		if g != nil {
			g.release()
		}
	}
	clear(f.args)
	f.backend = nil
}

// row is the numbers of a value.
func (f *frame) row(v *value) []float32 {
	return f.numbers[v.root.Index][v.offset : v.offset+v.room()]
}

// buffer is the buffer of a value.
func (f *frame) buffer(v *value) *buffer {
	if v.class != view {
		return f.buffers[v.Index]
	}
	return wrap(v.Shape, unsafe.Pointer(&f.row(v)[0]))
}

// truth is the one truth of the Go backend's that a value holds.
func (f *frame) truth(v *value) bool { return f.buffers[v.Index].Flat.([]bool)[0] }

// run repeats the passes of a loop from the given state; after it, the frame has the state at the end.
func (p *plan) run(f *frame, b *backend, state []*buffer) error {
	f.backend = b
	for i, v := range p.parameters {
		if f.state[i] == nil {
			f.bind(v, state[i])
		} else {
			copy(f.state[i].RawBytes, state[i].RawBytes[:len(f.state[i].RawBytes)])
		}
	}
	counter, limit := f.buffer(p.parameters[p.counter]).Flat.([]int32), f.buffer(p.parameters[p.limit]).Flat.([]int32)
	for first := true; counter[0] < limit[0]; first = false {
		if first {
			for _, s := range p.before {
				if err := s(f); err != nil {
					return err
				}
			}
		}
		for _, s := range p.steps {
			if err := s(f); err != nil {
				return err
			}
		}
		p.advance(f)
	}
	return nil
}

// advance makes the outputs of a pass the state of the next.
func (p *plan) advance(f *frame) {
	for i, out := range p.outputs {
		if f.next[i] != nil {
			f.next[i].set(f, out)
		}
	}
	for i, out := range p.outputs {
		switch {
		case f.state[i] == nil:
		case f.next[i] != nil:
			copy(f.state[i].RawBytes, f.next[i].RawBytes)
		default:
			f.state[i].set(f, out)
		}
	}
}

// set copies a value.
func (b *buffer) set(f *frame, v *value) {
	if v.words() > 0 {
		copy(b.row(), f.row(v))
	} else {
		copy(b.RawBytes, f.buffer(v).RawBytes[:len(b.RawBytes)])
	}
}
