package trace

import (
	"errors"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
)

// Identity implements compute.StandardOps.
func (f *function) Identity(x compute.Value) (compute.Value, error) { return x, nil }

// OptimizationBarrier implements compute.StandardOps: it is about speed alone.
func (f *function) OptimizationBarrier(x ...compute.Value) ([]compute.Value, error) { return x, nil }

// ConvertDType implements compute.StandardOps.
func (f *function) ConvertDType(x compute.Value, dtype dtypes.DType) (compute.Value, error) {
	in, err := shapesOf(x)
	if err != nil {
		return nil, err
	}
	return f.add(&Op{Type: compute.OpTypeConvertDType}, shapes.Make(dtype, in[0].Dimensions...), nil, x)
}

// Where implements compute.StandardOps.
func (f *function) Where(condition, a, b compute.Value) (compute.Value, error) {
	in, err := shapesOf(condition, a, b)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Where(in[0], in[1], in[2])
	return f.add(&Op{Type: compute.OpTypeWhere}, shape, err, condition, a, b)
}

// Iota implements compute.StandardOps.
func (f *function) Iota(shape shapes.Shape, axis int) (compute.Value, error) {
	return f.add(&Op{Type: compute.OpTypeIota, Axes: []int{axis}}, shape, nil)
}

// Reshape implements compute.StandardOps.
func (f *function) Reshape(x compute.Value, dims ...int) (compute.Value, error) {
	in, err := shapesOf(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Reshape(in[0], dims)
	return f.add(&Op{Type: compute.OpTypeReshape}, shape, err, x)
}

// Transpose implements compute.StandardOps.
func (f *function) Transpose(x compute.Value, permutation ...int) (compute.Value, error) {
	in, err := shapesOf(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Transpose(in[0], permutation)
	return f.add(&Op{Type: compute.OpTypeTranspose, Axes: slices.Clone(permutation)}, shape, err, x)
}

// BroadcastInDim implements compute.StandardOps.
func (f *function) BroadcastInDim(x compute.Value, shape shapes.Shape, axes []int) (compute.Value, error) {
	in, err := shapesOf(x)
	if err != nil {
		return nil, err
	}
	return f.add(&Op{Type: compute.OpTypeBroadcastInDim, Axes: slices.Clone(axes)}, shapes.Make(in[0].DType, shape.Dimensions...), nil, x)
}

// ReduceSum implements compute.StandardOps.
func (f *function) ReduceSum(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceSum, x, axes)
}

// ReduceMax implements compute.StandardOps.
func (f *function) ReduceMax(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceMax, x, axes)
}

// ReduceMin implements compute.StandardOps.
func (f *function) ReduceMin(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceMin, x, axes)
}

// ReduceProduct implements compute.StandardOps.
func (f *function) ReduceProduct(x compute.Value, axes ...int) (compute.Value, error) {
	return f.reduce(compute.OpTypeReduceProduct, x, axes)
}

func (f *function) reduce(kind compute.OpType, x compute.Value, axes []int) (compute.Value, error) {
	in, err := shapesOf(x)
	if err != nil {
		return nil, err
	}
	if axes = slices.Clone(axes); len(axes) == 0 {
		for k := range in[0].Rank() {
			axes = append(axes, k)
		}
	}
	shape, err := shapeinference.Reduce(in[0], axes)
	return f.add(&Op{Type: kind, Axes: axes}, shape, err, x)
}

// DotGeneral implements compute.StandardOps.
func (f *function) DotGeneral(lhs compute.Value, lhsContracting, lhsBatch []int, rhs compute.Value, rhsContracting, rhsBatch []int,
	config compute.DotGeneralConfig) (compute.Value, error) {
	in, err := shapesOf(lhs, rhs)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.DotGeneral(in[0], lhsContracting, lhsBatch, in[1], rhsContracting, rhsBatch, config)
	if err == nil && (shape.DType != in[0].DType || in[0].DType != in[1].DType) {
		err = errors.New("a product of numbers of several types cannot be exported")
	}
	dot := &Dot{slices.Clone(lhsContracting), slices.Clone(lhsBatch), slices.Clone(rhsContracting), slices.Clone(rhsBatch)}
	return f.add(&Op{Type: compute.OpTypeDotGeneral, Dot: dot}, shape, err, lhs, rhs)
}

// Slice implements compute.StandardOps.
func (f *function) Slice(x compute.Value, starts, limits, strides []int) (compute.Value, error) {
	in, err := shapesOf(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Slice(in[0], starts, limits, strides)
	if strides = slices.Clone(strides); len(strides) == 0 {
		for range starts {
			strides = append(strides, 1)
		}
	}
	return f.add(&Op{Type: compute.OpTypeSlice, Starts: slices.Clone(starts), Limits: slices.Clone(limits), Strides: strides}, shape, err, x)
}

// Pad implements compute.StandardOps.
func (f *function) Pad(x, fill compute.Value, padding ...compute.PadAxis) (compute.Value, error) {
	in, err := shapesOf(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Pad(in[0], padding...)
	all := make([]compute.PadAxis, in[0].Rank())
	copy(all, padding)
	return f.add(&Op{Type: compute.OpTypePad, Padding: all}, shape, err, x, fill)
}

// Concatenate implements compute.StandardOps.
func (f *function) Concatenate(axis int, x ...compute.Value) (compute.Value, error) {
	in, err := shapesOf(x...)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Concatenate(in, axis)
	return f.add(&Op{Type: compute.OpTypeConcatenate, Axes: []int{axis}}, shape, err, x...)
}

// Reverse implements compute.StandardOps.
func (f *function) Reverse(x compute.Value, axes ...int) (compute.Value, error) {
	in, err := shapesOf(x)
	if err != nil {
		return nil, err
	}
	return f.add(&Op{Type: compute.OpTypeReverse, Axes: slices.Clone(axes)}, in[0], nil, x)
}
