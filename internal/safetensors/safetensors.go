// Package safetensors reads and writes files of named tensors in the safetensors format.
//
// A file is an 8-byte little-endian length, a JSON header of that length and the values of all the tensors, little-endian
// and row-major. The header maps each name to a dtype, a shape and the range of bytes that its values take, counted from
// the end of the header; "__metadata__" maps to an object of strings. https://github.com/huggingface/safetensors
//
// The reader takes nothing on trust: the tensors have to follow each other in the order of the header and fill the file
// exactly, so that a damaged length, offset or shape is an error and never a wrong value.
package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// DType is the type of a tensor's values, by its name in the format.
type DType string

// The types that this package reads and writes.
const (
	F32 DType = "F32"
	F64 DType = "F64"
	I32 DType = "I32"
	I64 DType = "I64"
	U64 DType = "U64"
)

// width is the number of bytes of a value.
var width = map[DType]int{F32: 4, F64: 8, I32: 4, I64: 8, U64: 8}

// Tensor is a named array.
type Tensor struct {
	Name  string
	DType DType
	// Shape are the dimensions; a scalar has none.
	Shape []int
	// Data are the values, row-major and little-endian.
	Data []byte
}

// Value is a Go type that a DType stands for.
type Value interface {
	float32 | float64 | int32 | int64 | uint64
}

// New returns a tensor with a copy of the values, given row-major.
func New[T Value](name string, shape []int, values []T) Tensor {
	// Append fails only for types without a fixed size.
	data, _ := binary.Append(make([]byte, 0, binary.Size(values)), binary.LittleEndian, values)
	return Tensor{Name: name, DType: dtypeOf[T](), Shape: append([]int{}, shape...), Data: data}
}

func dtypeOf[T Value]() DType {
	var zero T
	switch any(zero).(type) {
	case float32:
		return F32
	case float64:
		return F64
	case int32:
		return I32
	case int64:
		return I64
	default:
		return U64
	}
}

// Values returns the values of a tensor whose type is exactly T; any other type is an error.
func Values[T Value](t Tensor) ([]T, error) {
	if want := dtypeOf[T](); t.DType != want {
		return nil, fmt.Errorf("tensor %.80q is %s, want %s", t.Name, t.DType, want)
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	values := make([]T, len(t.Data)/width[t.DType])
	// Decode fails only when the data are too short, which check has excluded.
	_, _ = binary.Decode(t.Data, binary.LittleEndian, values)
	return values, nil
}

// Floats returns the values of an F32 or F64 tensor in double precision, which is exact for both.
func Floats(t Tensor) ([]float64, error) {
	if t.DType != F32 {
		return Values[float64](t)
	}
	narrow, err := Values[float32](t)
	if err != nil {
		return nil, err
	}
	values := make([]float64, len(narrow))
	for i, v := range narrow {
		values[i] = float64(v)
	}
	return values, nil
}

// Equal reports whether two tensors agree in name, type, shape and every bit of the values.
func (t Tensor) Equal(u Tensor) bool {
	return t.Name == u.Name && t.DType == u.DType && slices.Equal(t.Shape, u.Shape) && bytes.Equal(t.Data, u.Data)
}

// check reports a tensor whose data do not fit its type and shape.
func (t Tensor) check() error {
	size, err := byteSize(t.DType, t.Shape)
	if err != nil {
		return fmt.Errorf("tensor %.80q: %w", t.Name, err)
	}
	if size != int64(len(t.Data)) {
		return fmt.Errorf("tensor %.80q: %s %v takes %d bytes, and its data are %d", t.Name, t.DType, t.Shape, size, len(t.Data))
	}
	return nil
}

// maxRank is the largest number of dimensions; NumPy has the same bound.
const maxRank = 64

// byteSize is the number of bytes of a tensor.
func byteSize(dtype DType, shape []int) (int64, error) {
	w, known := width[dtype]
	if !known {
		return 0, fmt.Errorf("dtype %.20q is not supported; use F32, F64, I32, I64 or U64", dtype)
	}
	if len(shape) > maxRank {
		return 0, fmt.Errorf("shape has %d dimensions; at most %d are supported", len(shape), maxRank)
	}
	size := int64(w)
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("shape %v has a negative dimension", shape)
		}
		if d > 0 && size > math.MaxInt64/int64(d) {
			return 0, fmt.Errorf("shape %v has more values than a file can hold", shape)
		}
		size *= int64(d)
	}
	return size, nil
}
