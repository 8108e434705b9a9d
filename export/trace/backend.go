package trace

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/notimplemented"
	"github.com/gomlx/compute/shapes"
)

// backend is one on which graphs can be built, and nothing else.
type backend struct {
	notimplemented.Backend
	main *function
}

func (*backend) Name() string                          { return "trace" }
func (b *backend) String() string                      { return b.Name() }
func (b *backend) Builder(string) compute.Builder      { return &builder{main: b.main} }
func (*backend) Capabilities() compute.Capabilities    { return compute.Capabilities{} }
func firstLine(text string) string                     { line, _, _ := strings.Cut(text, "\n"); return line }
func (*executable) Finalize()                          {}
func (*executable) Inputs() ([]string, []shapes.Shape) { return nil, nil }
func (*executable) Outputs() []shapes.Shape            { return nil }

type executable struct{}

// Execute implements compute.Executable.
func (*executable) Execute([]compute.Buffer, []bool, compute.DeviceNum) ([]compute.Buffer, error) {
	return nil, errors.New("a recorded graph is not computed")
}

type builder struct {
	notimplemented.Builder
	main *function
}

func (*builder) Name() string                                    { return "trace" }
func (b *builder) Main() compute.Function                        { return b.main }
func (b *builder) OpShape(v compute.Value) (shapes.Shape, error) { return b.main.Shape(v) }
func (*builder) Compile() (compute.Executable, error)            { return &executable{}, nil }
func (*builder) NewFunction(string) (compute.Function, error) {
	return nil, errors.New("functions within a graph cannot be recorded")
}

// function records what is asked of it.
type function struct {
	notimplemented.Function
	ops, outputs []*Op
	missing      []compute.OpType // that were asked for in vain
}

func newFunction() *function {
	f := &function{}
	f.ErrFn = func(op compute.OpType) error {
		f.missing = append(f.missing, op)
		return fmt.Errorf("%s: %w", op, compute.ErrNotImplemented) // GoMLX then tries without a fused operation
	}
	return f
}

// Builder implements compute.Function.
func (f *function) Builder() compute.Builder { return &builder{main: f} }

// Shape implements compute.Function.
func (f *function) Shape(v compute.Value) (shapes.Shape, error) {
	op, err := opOf(v)
	if err != nil {
		return shapes.Invalid(), err
	}
	return op.shape(), nil
}

// Parameter implements compute.Function.
func (f *function) Parameter(name string, shape shapes.Shape, _ *compute.ShardingSpec) (compute.Value, error) {
	return f.add(&Op{Type: compute.OpTypeParameter, Name: name}, shape, nil)
}

// Constant implements compute.Function.
func (f *function) Constant(flat any, dims ...int) (compute.Value, error) {
	flat, dtype, err := cloned(flat)
	if err != nil {
		return nil, err
	}
	return f.add(&Op{Type: compute.OpTypeConstant, Flat: flat}, shapes.Make(dtype, dims...), nil)
}

// cloned copies the numbers of a constant.
func cloned(flat any) (copied any, dtype dtypes.DType, err error) {
	switch v := flat.(type) {
	case []float32:
		return slices.Clone(v), dtypes.Float32, nil
	case []float64:
		return slices.Clone(v), dtypes.Float64, nil
	case []int32:
		return slices.Clone(v), dtypes.Int32, nil
	case []int64:
		return slices.Clone(v), dtypes.Int64, nil
	case []bool:
		return slices.Clone(v), dtypes.Bool, nil
	}
	return nil, dtypes.InvalidDType, fmt.Errorf("a constant of type %T cannot be exported", flat)
}

// Return implements compute.Function.
func (f *function) Return(outputs []compute.Value, _ []*compute.ShardingSpec) error {
	for _, v := range outputs {
		op, err := opOf(v)
		if err != nil {
			return err
		}
		f.outputs = append(f.outputs, op)
	}
	return nil
}

// add records an operation whose shape is known, or could not be had.
func (f *function) add(op *Op, shape shapes.Shape, err error, inputs ...compute.Value) (compute.Value, error) {
	if err != nil {
		return nil, err
	}
	for _, v := range inputs {
		in, err := opOf(v)
		if err != nil {
			return nil, err
		}
		op.Inputs = append(op.Inputs, in)
	}
	op.DType, op.Dims = shape.DType, slices.Clone(shape.Dimensions)
	f.ops = append(f.ops, op)
	return op, nil
}

func opOf(v compute.Value) (*Op, error) {
	op, ok := v.(*Op)
	if !ok {
		return nil, fmt.Errorf("%T is no recorded value", v)
	}
	return op, nil
}

func (op *Op) shape() shapes.Shape { return shapes.Make(op.DType, op.Dims...) }

// shapesOf are the shapes of values, which have to be recorded ones.
func shapesOf(values ...compute.Value) ([]shapes.Shape, error) {
	all := make([]shapes.Shape, len(values))
	for i, v := range values {
		op, err := opOf(v)
		if err != nil {
			return nil, err
		}
		all[i] = op.shape()
	}
	return all, nil
}
