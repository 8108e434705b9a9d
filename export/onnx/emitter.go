package onnx

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"

	"joule/export/trace"
)

// emitter turns the operations of a trace into nodes.
type emitter struct {
	trace  *trace.Trace
	nodes  []node
	values map[*trace.Op]value
	named  map[string]string // constants that there are already, by their bytes
	batch  string            // the number of points, an int64 [1]; empty until something needs it
}

// value is the result of an operation as it was computed: of dimensions that broadcast, by ONNX's rule, to those that it has in
// the trace. That rule counts from the last axis, and takes an axis of length 1, or none, for one of any length. So a row that is
// added to all points need not be repeated for them.
type value struct {
	name string
	dims []int
}

func newEmitter(t *trace.Trace) *emitter {
	e := &emitter{trace: t, values: map[*trace.Op]value{}, named: map[string]string{}}
	for _, p := range t.Parameters {
		e.values[p] = value{p.Name, p.Dims}
	}
	return e
}

// run makes the nodes of the trace, and returns the name of its output.
func (e *emitter) run() (string, error) {
	for _, op := range e.trace.Ops {
		if op.Type == compute.OpTypeParameter {
			continue
		}
		if kinds[op.DType] == 0 {
			return "", fmt.Errorf("%s: ONNX models of joule have no numbers of type %s", op.Type, op.DType)
		}
		v, err := e.value(op)
		if err != nil {
			return "", err
		}
		e.values[op] = v
	}
	return e.whole(e.trace.Outputs[0]), nil
}

// emit adds a node, and returns the name of its result.
func (e *emitter) emit(op string, inputs []string, attributes ...attribute) string {
	return e.emitAs(fmt.Sprintf("%s_%d", op, len(e.nodes)), op, inputs, attributes...)
}

func (e *emitter) emitAs(name, op string, inputs []string, attributes ...attribute) string {
	e.nodes = append(e.nodes, node{op: op, inputs: inputs, outputs: []string{name}, attributes: attributes})
	return name
}

// constant is an array of numbers, given as a slice.
func (e *emitter) constant(kind int64, dims []int, numbers any) string {
	raw := rawOf(numbers)
	key := fmt.Sprint(kind, dims, string(raw))
	if name, ok := e.named[key]; ok {
		return name
	}
	name := e.emit("Constant", nil, attribute{"value", tensor{kind: kind, dims: dims, raw: raw}})
	e.named[key] = name
	return name
}

// int64s is a vector of integers, as operators take axes and shapes.
func (e *emitter) int64s(values ...int) string {
	wide := make([]int64, len(values))
	for i, v := range values {
		wide[i] = int64(v)
	}
	return e.constant(kindInt64, []int{len(values)}, wide)
}

const kindInt64 = 7

// shape is a vector of dimensions, of which those below 0 depend on the number of points.
func (e *emitter) shape(dims []int) string {
	if !slices.ContainsFunc(dims, func(d int) bool { return d < 0 }) {
		return e.int64s(dims...)
	}
	var parts []string
	for i := 0; i < len(dims); {
		if dims[i] < 0 {
			parts = append(parts, e.multiple(-dims[i]))
			i++
			continue
		}
		from := i
		for i < len(dims) && dims[i] >= 0 {
			i++
		}
		parts = append(parts, e.int64s(dims[from:i]...))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return e.emit("Concat", parts, attribute{"axis", int64(0)})
}

// multiple is c times the number of points.
func (e *emitter) multiple(c int) string {
	if e.batch == "" {
		points := e.trace.Parameters[0]
		axis := slices.IndexFunc(points.Dims, func(d int) bool { return d < 0 })
		e.batch = e.emit("Shape", []string{points.Name}, attribute{"start", int64(axis)}, attribute{"end", int64(axis + 1)})
	}
	if c == 1 {
		return e.batch
	}
	return e.emit("Mul", []string{e.batch, e.int64s(c)})
}

// whole is the name of the result of an operation with all its dimensions.
func (e *emitter) whole(op *trace.Op) string {
	v := e.values[op]
	if slices.Equal(v.dims, op.Dims) {
		return v.name
	}
	to := slices.Clone(op.Dims)
	lead := len(to) - len(v.dims)
	for i, d := range v.dims {
		if d == to[lead+i] {
			to[lead+i] = 1 // as it is
		}
	}
	v = value{e.emit("Expand", []string{v.name, e.shape(to)}), op.Dims}
	e.values[op] = v
	return v.name
}

// reshaped is a value with other dimensions and as many numbers.
func (e *emitter) reshaped(name string, dims []int) string {
	to := slices.Clone(dims)
	unknown := 0
	for i, d := range to {
		if d < 0 {
			unknown++
			to[i] = -1 // what the others leave
		}
	}
	if unknown > 1 {
		return e.emit("Reshape", []string{name, e.shape(dims)})
	}
	return e.emit("Reshape", []string{name, e.int64s(to...)})
}

// elementwise are the inputs of an operation by element, and the dimensions that its result has.
func (e *emitter) elementwise(op *trace.Op) (names []string, dims []int) {
	for _, in := range op.Inputs {
		v := e.values[in]
		names = append(names, v.name)
		dims = broadcast(dims, v.dims)
	}
	return names, dims
}

// broadcast is what dimensions become together.
func broadcast(a, b []int) []int {
	if len(a) < len(b) {
		a, b = b, a
	}
	dims := slices.Clone(a)
	for i, d := range b {
		if at := len(a) - len(b) + i; dims[at] == 1 {
			dims[at] = d
		}
	}
	return dims
}
