package goloop

import (
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"joule/internal/vector"
)

// The operations on numbers in the same place, by the type of the numbers.

var binaryOps = map[compute.OpType]vector.Op{
	compute.OpTypeAdd: vector.Add, compute.OpTypeSub: vector.Sub, compute.OpTypeMul: vector.Mul, compute.OpTypeDiv: vector.Div,
	compute.OpTypeMax: vector.Max, compute.OpTypeMin: vector.Min,
}

var comparisons = map[compute.OpType]vector.Op{
	compute.OpTypeEqual: vector.Equal, compute.OpTypeNotEqual: vector.NotEqual,
	compute.OpTypeLessThan: vector.Less, compute.OpTypeLessOrEqual: vector.LessOrEqual,
	compute.OpTypeGreaterThan: vector.Greater, compute.OpTypeGreaterOrEqual: vector.GreaterOrEqual,
}

var functions = map[compute.OpType]func(dst, a []float32){
	compute.OpTypeNeg: vector.Negate, compute.OpTypeSign: vector.Sign, compute.OpTypeAbs: vector.Abs, compute.OpTypeSqrt: vector.Sqrt,
	compute.OpTypeExp: vector.Exp, compute.OpTypeLog: vector.Log, compute.OpTypeLogistic: vector.Logistic,
	compute.OpTypeTanh: vector.Tanh, compute.OpTypeLog1p: vector.Log1p,
	compute.OpTypeExpm1: inDouble(math.Expm1), compute.OpTypeErf: vector.Erf,
	compute.OpTypeCos: inDouble(math.Cos), compute.OpTypeSin: inDouble(math.Sin), compute.OpTypeFloor: inDouble(math.Floor),
}

func inDouble(f func(float64) float64) func(dst, a []float32) {
	return func(dst, a []float32) {
		a = a[:len(dst)]
		for i, x := range a {
			dst[i] = float32(f(float64(x)))
		}
	}
}

// wordOps are for int32 and uint32.
var wordOps = map[compute.OpType]vector.Op{
	compute.OpTypeAdd: vector.AddWords, compute.OpTypeSub: vector.SubWords, compute.OpTypeMul: vector.MulWords,
	compute.OpTypeBitwiseAnd: vector.And, compute.OpTypeBitwiseOr: vector.Or, compute.OpTypeBitwiseXor: vector.Xor,
	compute.OpTypeShiftLeft: vector.ShiftLeft,
}

var logicalOps = map[compute.OpType]vector.Op{compute.OpTypeLogicalAnd: vector.And, compute.OpTypeLogicalOr: vector.Or}

// doubleOps are for float64.
var doubleOps = map[compute.OpType]vector.Op{
	compute.OpTypeAdd: vector.Add, compute.OpTypeSub: vector.Sub, compute.OpTypeMul: vector.Mul, compute.OpTypeDiv: vector.Div,
}

// conversions are by the types from which and to which.
var conversions = map[[2]dtypes.DType]func(dst, a []float32){
	{dtypes.Bool, dtypes.Float32}:    vector.FromTruth,
	{dtypes.Int32, dtypes.Float32}:   vector.FromInts,
	{dtypes.Uint32, dtypes.Float32}:  vector.FromWords,
	{dtypes.Int32, dtypes.Float64}:   vector.DoubleFromInts,
	{dtypes.Float64, dtypes.Int32}:   vector.IntsFromDouble,
	{dtypes.Float32, dtypes.Float64}: vector.ToDouble,
	{dtypes.Float64, dtypes.Float32}: vector.FromDouble,
}

func isWord(v *value) bool {
	return v.Shape.DType == dtypes.Int32 || v.Shape.DType == dtypes.Uint32
}

// findElement tells whether the value is computed in place, and how; nil if not. If it may, the value becomes one number
// that stands for all where its operands are such.
func (v *value) findElement(mayStandForAll bool) *element {
	e := &element{}
	if !v.findOperation(e) || !e.settle(v.Shape.Dimensions) {
		return nil
	}
	if mayStandForAll && v.size > 1 && e.code != spread && e.ofSingles() {
		v.stored = 1
		e.outer, e.width = 0, 0
		for i := range e.operands {
			e.operands[i].pattern = each
		}
	}
	for _, o := range e.operands {
		if o.words() == 2 && o.pattern != each && !(o.pattern == single && e.code == double) {
			return nil // float64 is not spread
		}
	}
	return e
}

// findOperation fills in the operation and the operands; false if there is none.
func (v *value) findOperation(e *element) bool {
	dtype, dims := v.Shape.DType, v.Shape.Dimensions
	in, from := v.inputs[0], v.inputs[0].Shape.DType
	operands := func(of dtypes.DType, inputs ...*value) bool {
		for _, in := range inputs {
			if in.Shape.DType != of || in.words() == 0 || in.class == turned {
				return false
			}
			e.operands = append(e.operands, operand{value: in, from: pad(in.Shape.Dimensions, len(dims))})
		}
		return true
	}
	isBool := dtype == dtypes.Bool
	found := func(code code, op vector.Op) bool {
		e.code, e.op = code, op
		return operands(from, v.inputs...)
	}
	apply := func(f func(dst, a []float32)) bool {
		e.code, e.function = unary, f
		return operands(from, in) && in.size == v.size
	}
	if op, ok := comparisons[v.OpType]; ok && isBool && in.isFloat() {
		return found(binary, op)
	}
	if op, ok := logicalOps[v.OpType]; ok && isBool {
		return found(binary, op)
	}
	if op, ok := doubleOps[v.OpType]; ok && dtype == dtypes.Float64 && from == dtype {
		return found(double, op)
	}
	if op, ok := binaryOps[v.OpType]; ok && v.isFloat() && from == dtype {
		return found(binary, op)
	}
	if op, ok := wordOps[v.OpType]; ok && isWord(v) && from == dtype {
		if v.rotation {
			op = vector.Rotate
		}
		return found(binary, op)
	}
	if f, ok := functions[v.OpType]; ok && v.isFloat() && from == dtype {
		return apply(f)
	}
	switch v.OpType {
	case compute.OpTypeEqual:
		return isBool && isWord(in) && found(binary, vector.EqualWords)
	case compute.OpTypeShiftRightLogical:
		return dtype == dtypes.Uint32 && found(binary, vector.ShiftRight)
	case compute.OpTypeFloor:
		return dtype == dtypes.Float64 && apply(vector.FloorDouble)
	case compute.OpTypeConvertDType:
		f := conversions[[2]dtypes.DType{from, dtype}]
		return f != nil && apply(f)
	case compute.OpTypeIsFinite:
		return in.isFloat() && apply(vector.IsFinite)
	case compute.OpTypeLogicalNot:
		return apply(vector.Not)
	case compute.OpTypeWhere:
		if in.stored == 1 && !in.isTruth() { // a truth of the Go backend's
			e.code = chooseAll
			e.operands = append(e.operands, operand{value: in, from: pad(nil, len(dims))})
		} else if e.code = choose; !operands(dtypes.Bool, in) {
			return false
		}
		return v.words() == 1 && operands(dtype, v.inputs[1:]...)
	case compute.OpTypeBroadcastInDim:
		axes := setting(v.node, "")
		if e.code = spread; len(axes) != in.Shape.Rank() || from != dtype || !operands(dtype, in) {
			return false
		}
		spreadFrom := pad(nil, len(dims))
		for i, axis := range axes {
			spreadFrom[axis] = in.Shape.Dimensions[i]
		}
		e.operands[0].from = spreadFrom
		return in.words() == 1
	}
	return false
}
