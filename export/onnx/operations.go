package onnx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"

	"joule/export/trace"
)

// direct are the operations by element that ONNX has, too.
var direct = map[compute.OpType]string{
	compute.OpTypeAbs: "Abs", compute.OpTypeCeil: "Ceil", compute.OpTypeCos: "Cos", compute.OpTypeErf: "Erf", compute.OpTypeExp: "Exp",
	compute.OpTypeFloor: "Floor", compute.OpTypeLog: "Log", compute.OpTypeLogicalNot: "Not", compute.OpTypeLogistic: "Sigmoid",
	compute.OpTypeNeg: "Neg", compute.OpTypeRound: "Round", compute.OpTypeSign: "Sign", compute.OpTypeSin: "Sin",
	compute.OpTypeSqrt: "Sqrt", compute.OpTypeTanh: "Tanh",
	compute.OpTypeAdd: "Add", compute.OpTypeDiv: "Div", compute.OpTypeLogicalAnd: "And", compute.OpTypeLogicalOr: "Or",
	compute.OpTypeLogicalXor: "Xor", compute.OpTypeMax: "Max", compute.OpTypeMin: "Min", compute.OpTypeMul: "Mul",
	compute.OpTypePow: "Pow", compute.OpTypeSub: "Sub",
	compute.OpTypeEqual: "Equal", compute.OpTypeGreaterOrEqual: "GreaterOrEqual", compute.OpTypeGreaterThan: "Greater",
	compute.OpTypeLessOrEqual: "LessOrEqual", compute.OpTypeLessThan: "Less", compute.OpTypeWhere: "Where",
}

// reductions are the reductions.
var reductions = map[compute.OpType]string{
	compute.OpTypeReduceSum: "ReduceSum", compute.OpTypeReduceMax: "ReduceMax", compute.OpTypeReduceMin: "ReduceMin",
	compute.OpTypeReduceProduct: "ReduceProd",
}

// value makes the nodes of an operation.
func (e *emitter) value(op *trace.Op) (value, error) {
	if name, ok := direct[op.Type]; ok {
		inputs, dims := e.elementwise(op)
		return value{e.emit(name, inputs), dims}, nil
	}
	if name, ok := reductions[op.Type]; ok {
		return value{e.emit(name, []string{e.whole(op.Inputs[0]), e.int64s(op.Axes...)}, attribute{"keepdims", int64(0)}), op.Dims}, nil
	}
	switch op.Type {
	case compute.OpTypeConstant:
		return value{e.constant(kinds[op.DType], op.Dims, op.Flat), op.Dims}, nil
	case compute.OpTypeExpm1, compute.OpTypeLog1p, compute.OpTypeRsqrt, compute.OpTypeNotEqual, compute.OpTypeRem:
		inputs, dims := e.elementwise(op)
		return value{e.composed(op, inputs), dims}, nil
	case compute.OpTypeConvertDType:
		inputs, dims := e.elementwise(op)
		return value{e.emit("Cast", inputs, attribute{"to", kinds[op.DType]}), dims}, nil
	case compute.OpTypeBroadcastInDim:
		return e.broadcastInDim(op), nil
	case compute.OpTypeReshape:
		if in := op.Inputs[0]; slices.Equal(withoutLead(in.Dims), withoutLead(op.Dims)) && len(e.values[in].dims) <= len(op.Dims) {
			return e.values[in], nil // axes of length 1 in front are as good as none
		}
		return value{e.reshaped(e.whole(op.Inputs[0]), op.Dims), op.Dims}, nil
	case compute.OpTypeTranspose:
		return value{e.emit("Transpose", []string{e.whole(op.Inputs[0])}, attribute{"perm", wide(op.Axes)}), op.Dims}, nil
	case compute.OpTypeConcatenate:
		var inputs []string
		for _, in := range op.Inputs {
			inputs = append(inputs, e.whole(in))
		}
		return value{e.emit("Concat", inputs, attribute{"axis", int64(op.Axes[0])}), op.Dims}, nil
	case compute.OpTypeDotGeneral:
		return e.dotGeneral(op)
	case compute.OpTypeSlice:
		return e.slice(op), nil
	case compute.OpTypePad:
		return e.pad(op)
	case compute.OpTypeReverse:
		n := len(op.Axes)
		first := -1 << 62 // before any place
		return value{e.emit("Slice", []string{e.whole(op.Inputs[0]), e.int64s(slices.Repeat([]int{-1}, n)...),
			e.int64s(slices.Repeat([]int{first}, n)...), e.int64s(op.Axes...), e.int64s(slices.Repeat([]int{-1}, n)...)}), op.Dims}, nil
	case compute.OpTypeIota:
		return e.iota(op)
	}
	return value{}, fmt.Errorf("there is no way to write the operation %s in ONNX", op.Type)
}

func wide(values []int) []int64 {
	all := make([]int64, len(values))
	for i, v := range values {
		all[i] = int64(v)
	}
	return all
}

// number is one of the type of an operation's input, as an array of no axes.
func (e *emitter) number(like *trace.Op, v float64) string {
	if kinds[like.DType] == 1 {
		return e.constant(1, nil, []float32{float32(v)})
	}
	return e.emit("Cast", []string{e.constant(11, nil, []float64{v})}, attribute{"to", kinds[like.DType]})
}

// composed are functions that ONNX has only in parts. What cancels in them is kept from doing so: 1 + x has lost the last digits
// of a small x, which log(1 + x)·x/((1 + x) − 1) makes up for (Kahan), and eˣ − 1 is tanh(x/2)·(eˣ + 1).
func (e *emitter) composed(op *trace.Op, in []string) string {
	x := in[0]
	switch op.Type {
	case compute.OpTypeRsqrt:
		return e.emit("Reciprocal", []string{e.emit("Sqrt", in)})
	case compute.OpTypeNotEqual:
		return e.emit("Not", []string{e.emit("Equal", in)})
	case compute.OpTypeRem:
		return e.emit("Mod", in, attribute{"fmod", int64(1)})
	case compute.OpTypeExpm1:
		half := e.emit("Tanh", []string{e.emit("Mul", []string{x, e.number(op, 0.5)})})
		return e.emit("Mul", []string{half, e.emit("Add", []string{e.emit("Exp", in), e.number(op, 1)})})
	default: // Log1p
		one, zero := e.number(op, 1), e.number(op, 0)
		u := e.emit("Add", []string{x, one})
		d := e.emit("Sub", []string{u, one})
		log := e.emit("Log", []string{u})
		lost := e.emit("Equal", []string{d, zero}) // all of x
		ratio := e.emit("Div", []string{x, e.emit("Where", []string{lost, one, d})})
		curved := e.emit("Where", []string{lost, x, e.emit("Mul", []string{log, ratio})})
		return e.emit("Where", []string{e.emit("Equal", []string{d, x}), log, curved})
	}
}

// withoutLead are dimensions without those in front that are 1.
func withoutLead(dims []int) []int {
	for len(dims) > 0 && dims[0] == 1 {
		dims = dims[1:]
	}
	return dims
}

// broadcastInDim puts the axes of a value in their places, and leaves it to later operations to repeat it.
func (e *emitter) broadcastInDim(op *trace.Op) value {
	in := e.values[op.Inputs[0]]
	to := make([]int, len(op.Dims))
	for i := range to {
		to[i] = 1
	}
	rank := len(op.Inputs[0].Dims)
	for i, d := range in.dims {
		to[op.Axes[rank-len(in.dims)+i]] = d
	}
	to = withoutLead(to)
	if slices.Equal(withoutLead(in.dims), to) && len(in.dims) <= len(op.Dims) {
		return in
	}
	return value{e.reshaped(in.name, to), to}
}

// dotGeneral is a product of matrices where it is one, and else by Einstein's rule.
func (e *emitter) dotGeneral(op *trace.Op) (value, error) {
	a, b, dot := op.Inputs[0], op.Inputs[1], op.Dot
	left, right := e.whole(a), e.whole(b)
	if len(a.Dims) == 2 && len(b.Dims) == 2 && len(dot.LHSBatch) == 0 && len(dot.LHSContracting) == 1 {
		if dot.LHSContracting[0] == 0 {
			left = e.emit("Transpose", []string{left}, attribute{"perm", []int64{1, 0}})
		}
		if dot.RHSContracting[0] == 1 {
			right = e.emit("Transpose", []string{right}, attribute{"perm", []int64{1, 0}})
		}
		return value{e.emit("MatMul", []string{left, right}), op.Dims}, nil
	}
	next := byte('a')
	letters := func(n int) []byte {
		all := make([]byte, n)
		for i := range all {
			all[i] = next
			next++
		}
		return all
	}
	l, r := letters(len(a.Dims)), letters(len(b.Dims))
	if next > 'z'+1 {
		return value{}, fmt.Errorf("a product of %d and %d axes is beyond ONNX's Einsum", len(l), len(r))
	}
	var batch, rest []byte
	for i, axis := range dot.LHSBatch {
		r[dot.RHSBatch[i]] = l[axis]
		batch = append(batch, l[axis])
	}
	for i, axis := range dot.LHSContracting {
		r[dot.RHSContracting[i]] = l[axis]
	}
	for axis, letter := range l {
		if !slices.Contains(dot.LHSBatch, axis) && !slices.Contains(dot.LHSContracting, axis) {
			rest = append(rest, letter)
		}
	}
	for axis, letter := range r {
		if !slices.Contains(dot.RHSBatch, axis) && !slices.Contains(dot.RHSContracting, axis) {
			rest = append(rest, letter)
		}
	}
	rule := strings.Join([]string{string(l), ",", string(r), "->", string(batch), string(rest)}, "")
	return value{e.emit("Einsum", []string{left, right}, attribute{"equation", rule}), op.Dims}, nil
}

// slice takes what is asked for of the axes of which that is not all.
func (e *emitter) slice(op *trace.Op) value {
	in := op.Inputs[0]
	var starts, limits, axes, steps []int
	for axis, start := range op.Starts {
		if start == 0 && op.Limits[axis] == in.Dims[axis] && op.Strides[axis] == 1 {
			continue
		}
		starts, limits = append(starts, start), append(limits, op.Limits[axis])
		axes, steps = append(axes, axis), append(steps, op.Strides[axis])
	}
	if len(axes) == 0 {
		return value{e.whole(in), op.Dims}
	}
	return value{e.emit("Slice", []string{e.whole(in), e.int64s(starts...), e.shape(limits), e.int64s(axes...), e.int64s(steps...)}), op.Dims}
}

func (e *emitter) pad(op *trace.Op) (value, error) {
	var starts, ends []int
	for _, p := range op.Padding {
		if p.Interior != 0 {
			return value{}, fmt.Errorf("a Pad between the numbers has no form in ONNX")
		}
		starts, ends = append(starts, p.Start), append(ends, p.End)
	}
	return value{e.emit("Pad", []string{e.whole(op.Inputs[0]), e.int64s(append(starts, ends...)...), e.whole(op.Inputs[1])}), op.Dims}, nil
}

// iota counts along an axis.
func (e *emitter) iota(op *trace.Op) (value, error) {
	axis := op.Axes[0]
	n := op.Dims[axis]
	if n < 0 {
		return value{}, trace.NewBatchError("an Iota over the points has no form in ONNX for any number of them")
	}
	dims := append([]int{n}, slices.Repeat([]int{1}, len(op.Dims)-axis-1)...)
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = int64(i)
	}
	return value{e.emit("Cast", []string{e.constant(kindInt64, dims, numbers)}, attribute{"to", kinds[op.DType]}), dims}, nil
}
