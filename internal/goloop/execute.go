package goloop

import (
	"fmt"
	"sync/atomic"
)

// runs counts, for tests.
var runs atomic.Int64

// execute carries out a loop in the place of the Go backend's executor. It may run in several goroutines at once.
func execute(b *backend, n *node, inputs []*buffer, owned []bool, captured []closureInputs) (out []*buffer, err error) {
	p := planOf(n)
	if p == nil {
		return upstreamWhile(b, n, inputs, owned, captured)
	}
	runs.Add(1)
	defer recovered("in a loop", &err)
	f := p.frames.Get().(*frame)
	defer p.frames.Put(f)
	defer f.release()
	if err := p.run(f, b, inputs); err != nil {
		return nil, fmt.Errorf("in a loop: %w", err)
	}
	out = make([]*buffer, len(p.parameters))
	for i, v := range p.parameters {
		if f.state[i] == nil && owned[i] { // it comes out as it came
			out[i], inputs[i] = inputs[i], nil
			continue
		}
		result, err := getBuffer(b, v.Shape)
		if err != nil {
			return nil, err
		}
		out[i] = result
		copy(result.RawBytes, f.buffers[v.Index].RawBytes[:v.Shape.ByteSize()])
	}
	for i, may := range owned { // upstream fails where an executor leaves it an input that it may have
		if may && inputs[i] != nil {
			putBuffer(b, inputs[i])
			inputs[i] = nil
		}
	}
	return out, nil
}

// recovered, deferred, turns a panic into an error.
func recovered(where string, err *error) {
	if p := recover(); p != nil {
		if cause, ok := p.(error); ok {
			*err = fmt.Errorf("%s: %w", where, cause)
		} else {
			*err = fmt.Errorf("%s: %v", where, p)
		}
	}
}
