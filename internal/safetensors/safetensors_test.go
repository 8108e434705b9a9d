package safetensors

import (
	"math"
	"slices"
	"testing"
)

func TestValuesReturnWhatNewWasGiven(t *testing.T) {
	floats := []float64{0, math.Copysign(0, -1), 1.5, -math.Pi, math.Inf(1), math.SmallestNonzeroFloat64, math.MaxFloat64}
	if got, err := Values[float64](New("x", []int{7}, floats)); err != nil || !slices.Equal(got, floats) {
		t.Errorf("float64: %v, %v", got, err)
	}
	if got, err := Values[int32](New("x", []int{2}, []int32{math.MinInt32, math.MaxInt32})); err != nil || !slices.Equal(got, []int32{math.MinInt32, math.MaxInt32}) {
		t.Errorf("int32: %v, %v", got, err)
	}
	if got, err := Values[int64](New("x", []int{1}, []int64{math.MinInt64})); err != nil || got[0] != math.MinInt64 {
		t.Errorf("int64: %v, %v", got, err)
	}
	if got, err := Values[uint64](New("x", nil, []uint64{math.MaxUint64})); err != nil || got[0] != math.MaxUint64 {
		t.Errorf("uint64: %v, %v", got, err)
	}
	nan, err := Values[float32](New("x", nil, []float32{float32(math.NaN())}))
	if err != nil || !math.IsNaN(float64(nan[0])) {
		t.Errorf("float32: %v, %v", nan, err)
	}
}

func TestDataAreLittleEndian(t *testing.T) {
	got := New("x", []int{2}, []int32{1, -2}).Data
	if want := []byte{1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff}; !slices.Equal(got, want) {
		t.Errorf("data %v, want %v", got, want)
	}
}

func TestFloatsWiden(t *testing.T) {
	third := float32(1) / 3
	for _, x := range []Tensor{New("x", nil, []float32{third}), New("x", nil, []float64{float64(third)})} {
		if got, err := Floats(x); err != nil || len(got) != 1 || got[0] != float64(third) {
			t.Errorf("%s: %v, %v", x.DType, got, err)
		}
	}
	if _, err := Floats(New("steps", nil, []int64{1})); err == nil || err.Error() != `tensor "steps" is I64, want F64` {
		t.Errorf("error %v", err)
	}
}

func TestByteSize(t *testing.T) {
	for _, test := range []struct {
		dtype DType
		shape []int
		want  int64
		err   string
	}{
		{F32, nil, 4, ""},
		{F64, []int{3, 5}, 120, ""},
		{I32, []int{3, 0, 5}, 0, ""},
		{F32, []int{-1}, 0, "shape [-1] has a negative dimension"},
		{F32, []int{math.MaxInt}, 0, "shape [9223372036854775807] has more values than a file can hold"},
		{F64, []int{1 << 31, 1 << 31}, 0, "shape [2147483648 2147483648] has more values than a file can hold"},
		{"BF16", []int{1}, 0, `dtype "BF16" is not supported; use F32, F64, I32, I64 or U64`},
		{F32, make([]int, 65), 0, "shape has 65 dimensions; at most 64 are supported"},
	} {
		got, err := byteSize(test.dtype, test.shape)
		if message(err) != test.err || got != test.want {
			t.Errorf("%s %v: %d, %v; want %d, %s", test.dtype, test.shape, got, err, test.want, test.err)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
