package tensor

import (
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Values come back as they went in, rounded to the type of the tensor; the tensor has its own copy.
func TestFromValues(t *testing.T) {
	values := []float64{0.1, -2, 1e-30, 1 << 30, 0, 0.5}
	rounded := make([]float64, len(values))
	for i, v := range values {
		rounded[i] = float64(float32(v))
	}
	for dtype, want := range map[dtypes.DType][]float64{dtypes.Float64: slices.Clone(values), dtypes.Float32: rounded} {
		in := slices.Clone(values)
		made := From(in, dtype, 3, 2)
		in[0] = 7
		if shape := shapes.Make(dtype, 3, 2); !made.Shape().Equal(shape) {
			t.Errorf("the tensor is %s, want %s", made.Shape(), shape)
		}
		got, err := Values(made)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, error %v; want %v", dtype, got, err, want)
		}
		Free(made, made) // twice is no harm
	}
}

func TestValuesOfOtherTypes(t *testing.T) {
	_, err := Values(tensors.FromScalar(int32(1)))
	if want := "a tensor of Int32 holds no float32 or float64 numbers"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}
