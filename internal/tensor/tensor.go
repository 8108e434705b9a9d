// Package tensor moves numbers between the host, where they are float64, and GoMLX tensors of any float type.
package tensor

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// From makes a float32 or float64 tensor of row-major values.
func From(values []float64, dtype dtypes.DType, shape ...int) *tensors.Tensor {
	if dtype == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(values, shape...)
	}
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(narrow, shape...)
}

// Values copies a float tensor's values to the host, row-major.
func Values(t *tensors.Tensor) ([]float64, error) {
	if t.DType() == dtypes.Float64 {
		return tensors.CopyFlatData[float64](t)
	}
	if t.DType() != dtypes.Float32 {
		return nil, fmt.Errorf("a tensor of %s holds no float32 or float64 numbers", t.DType())
	}
	narrow, err := tensors.CopyFlatData[float32](t)
	if err != nil {
		return nil, err
	}
	values := make([]float64, len(narrow))
	for i, v := range narrow {
		values[i] = float64(v)
	}
	return values, nil
}

// Free releases tensors at once, on the host and on the device, instead of when the collector finds them.
func Free(all ...*tensors.Tensor) {
	for _, t := range all {
		// A tensor that cannot be released is left to the collector: there is nothing better to do with the error.
		_ = t.FinalizeAll()
	}
}
