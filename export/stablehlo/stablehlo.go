// Package stablehlo writes recorded computations as a module of StableHLO, the operations that XLA compiles, in the text of MLIR.
//
// Each computation is a function of the module. The function main has the values of the parameters and calls the others.
package stablehlo

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	shlo "github.com/gomlx/go-xla/stablehlo"
	"github.com/gomlx/go-xla/types"
	"github.com/gomlx/go-xla/types/shapes"

	"joule/export/trace"
)

// Function is a computation of points and further inputs, which are the same for all functions of a module.
type Function struct {
	Name  string
	Trace *trace.Trace // its first parameter is the points, and it has one output
}

// Module is what is written: a function main of the points, whose results are those of the functions, in order, and the functions.
type Module struct {
	Name      string
	Functions []Function
	// Values are the numbers of the parameters after the first, by their names.
	Values map[string][]float32
}

// Encode is the text of the module. An operation that is not known is an error that names it.
func (m Module) Encode() ([]byte, error) {
	b := shlo.New(m.Name)
	functions := make([]*shlo.Function, len(m.Functions))
	for i, f := range m.Functions {
		functions[i] = b.NewFunction(f.Name)
		if err := write(functions[i], f.Trace); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	main := b.Main()
	points := m.Functions[0].Trace.Parameters[0]
	x, err := main.NamedInput(points.Name, shapeOf(points))
	if err != nil {
		return nil, err
	}
	arguments := []*shlo.Value{x}
	for _, p := range m.Functions[0].Trace.Parameters[1:] {
		value, err := main.ConstantFromFlatAndShape(m.Values[p.Name], shapeOf(p))
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		arguments = append(arguments, value)
	}
	var results []*shlo.Value
	for _, f := range functions {
		out, err := shlo.Call(f, arguments...)
		if err != nil {
			return nil, err
		}
		results = append(results, out...)
	}
	if err := main.Return(results...); err != nil {
		return nil, err
	}
	return b.Build()
}

func shapeOf(op *trace.Op) shapes.Shape { return shapes.Make(op.DType, op.Dims...) }

// write fills a function with the operations of a trace.
func write(f *shlo.Function, t *trace.Trace) error {
	w := &writer{f: f, values: map[*trace.Op]*shlo.Value{}}
	for i, p := range t.Parameters {
		// By number: names are those of the file, and these may have dots.
		value, err := f.NamedInput(fmt.Sprintf("p%d", i), shapeOf(p))
		if err != nil {
			return err
		}
		w.values[p] = value
	}
	for _, op := range t.Ops {
		if op.Type == compute.OpTypeParameter {
			continue
		}
		value, err := w.value(op)
		if err != nil {
			return fmt.Errorf("%s: %w", op.Type, err)
		}
		w.values[op] = value
	}
	return f.Return(w.values[t.Outputs[0]])
}

type writer struct {
	f      *shlo.Function
	values map[*trace.Op]*shlo.Value
}

type (
	unary  = func(*shlo.Value) (*shlo.Value, error)
	binary = func(a, b *shlo.Value) (*shlo.Value, error)
)

var unaries = map[compute.OpType]unary{
	compute.OpTypeAbs: shlo.Abs, compute.OpTypeCeil: shlo.Ceil, compute.OpTypeCos: shlo.Cosine, compute.OpTypeErf: shlo.Erf,
	compute.OpTypeExp: shlo.Exponential, compute.OpTypeExpm1: shlo.ExponentialMinusOne, compute.OpTypeFloor: shlo.Floor,
	compute.OpTypeLog: shlo.Log, compute.OpTypeLog1p: shlo.LogPlusOne, compute.OpTypeLogicalNot: shlo.Not,
	compute.OpTypeLogistic: shlo.Logistic, compute.OpTypeNeg: shlo.Negate, compute.OpTypeRound: shlo.RoundNearestEven,
	compute.OpTypeRsqrt: shlo.Rsqrt, compute.OpTypeSign: shlo.Sign, compute.OpTypeSin: shlo.Sine, compute.OpTypeSqrt: shlo.Sqrt,
	compute.OpTypeTanh: shlo.Tanh,
}

var binaries = map[compute.OpType]binary{
	compute.OpTypeAdd: shlo.Add, compute.OpTypeDiv: shlo.Divide, compute.OpTypeLogicalAnd: shlo.And, compute.OpTypeLogicalOr: shlo.Or,
	compute.OpTypeLogicalXor: shlo.Xor, compute.OpTypeMax: shlo.Maximum, compute.OpTypeMin: shlo.Minimum, compute.OpTypeMul: shlo.Multiply,
	compute.OpTypePow: shlo.Power, compute.OpTypeRem: shlo.Remainder, compute.OpTypeSub: shlo.Subtract,
}

var comparisons = map[compute.OpType]types.ComparisonDirection{
	compute.OpTypeEqual: types.CompareEQ, compute.OpTypeNotEqual: types.CompareNE, compute.OpTypeGreaterOrEqual: types.CompareGE,
	compute.OpTypeGreaterThan: types.CompareGT, compute.OpTypeLessOrEqual: types.CompareLE, compute.OpTypeLessThan: types.CompareLT,
}

// value writes an operation.
func (w *writer) value(op *trace.Op) (*shlo.Value, error) {
	in := make([]*shlo.Value, len(op.Inputs))
	for i, x := range op.Inputs {
		in[i] = w.values[x]
	}
	if f, ok := unaries[op.Type]; ok {
		return f(in[0])
	}
	_, isBinary := binaries[op.Type]
	direction, isComparison := comparisons[op.Type]
	if isBinary || isComparison || op.Type == compute.OpTypeWhere {
		for i, x := range op.Inputs {
			var err error
			if in[i], err = spread(in[i], x, op); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case isBinary:
		return binaries[op.Type](in[0], in[1])
	case isComparison:
		return shlo.Compare(in[0], in[1], direction, comparisonOf(op.Inputs[0].DType))
	}
	switch op.Type {
	case compute.OpTypeConstant:
		return w.f.ConstantFromFlatAndShape(op.Flat, shapeOf(op))
	case compute.OpTypeIota:
		return w.f.Iota(shapeOf(op), op.Axes[0])
	case compute.OpTypeWhere:
		return shlo.Select(in[0], in[1], in[2])
	case compute.OpTypeConvertDType:
		return shlo.Convert(in[0], op.DType)
	case compute.OpTypeReshape:
		return shlo.Reshape(in[0], shapeOf(op))
	case compute.OpTypeTranspose:
		return shlo.Transpose(in[0], op.Axes...)
	case compute.OpTypeBroadcastInDim:
		return shlo.BroadcastInDim(in[0], shapeOf(op), op.Axes)
	case compute.OpTypeConcatenate:
		return shlo.Concatenate(op.Axes[0], in...)
	case compute.OpTypeSlice:
		return shlo.Slice(in[0], op.Starts, op.Limits, op.Strides)
	case compute.OpTypeReverse:
		return shlo.Reverse(in[0], op.Axes...)
	case compute.OpTypePad:
		var starts, ends, between []int
		for _, p := range op.Padding {
			starts, ends, between = append(starts, p.Start), append(ends, p.End), append(between, p.Interior)
		}
		return shlo.Pad(in[0], in[1], starts, ends, between)
	case compute.OpTypeDotGeneral:
		product := shlo.DotGeneral(in[0], op.Dot.LHSContracting, op.Dot.LHSBatch, in[1], op.Dot.RHSContracting, op.Dot.RHSBatch)
		return product.Precision(types.DotGeneralPrecisionHighest, types.DotGeneralPrecisionHighest).Done()
	case compute.OpTypeReduceSum, compute.OpTypeReduceMax, compute.OpTypeReduceMin, compute.OpTypeReduceProduct:
		return w.reduce(op, in[0])
	}
	return nil, fmt.Errorf("there is no way to write this operation in StableHLO")
}

// spread repeats an input of an operation by element, so that it has the shape of the result.
func spread(v *shlo.Value, in, op *trace.Op) (*shlo.Value, error) {
	shape := shapes.Make(in.DType, op.Dims...)
	if shapeOf(in).Equal(shape) {
		return v, nil
	}
	axes := make([]int, len(in.Dims))
	for i := range axes {
		axes[i] = i
	}
	return shlo.BroadcastInDim(v, shape, axes)
}

func comparisonOf(dtype dtypes.DType) types.ComparisonType {
	switch {
	case dtype.IsFloat():
		return types.CompareFloat
	case dtype == dtypes.Bool:
		return types.CompareUnsigned
	}
	return types.CompareSigned
}

// reduce writes a reduction, with the function that it reduces by.
func (w *writer) reduce(op *trace.Op, x *shlo.Value) (*shlo.Value, error) {
	by := map[compute.OpType]binary{
		compute.OpTypeReduceSum: shlo.Add, compute.OpTypeReduceMax: shlo.Maximum, compute.OpTypeReduceMin: shlo.Minimum, compute.OpTypeReduceProduct: shlo.Multiply,
	}[op.Type]
	var first any // what changes nothing
	switch op.Type {
	case compute.OpTypeReduceSum:
		first = 0
	case compute.OpTypeReduceProduct:
		first = 1
	case compute.OpTypeReduceMax:
		first = op.DType.LowestValue()
	default:
		first = op.DType.HighestValue()
	}
	start, err := w.f.ConstantFromScalar(shapes.CastAsDType(first, op.DType))
	if err != nil {
		return nil, err
	}
	closure := w.f.Closure()
	a, errA := closure.NamedInput("a", shapes.Make(op.DType))
	b, errB := closure.NamedInput("b", shapes.Make(op.DType))
	if err := cmp.Or(errA, errB); err != nil {
		return nil, err
	}
	out, err := by(a, b)
	if err != nil {
		return nil, err
	}
	if err := closure.Return(out); err != nil {
		return nil, err
	}
	return shlo.Reduce(x, start, closure, op.Axes...)
}
