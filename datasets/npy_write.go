package datasets

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"joule/internal/atomicfile"
)

// DType is the type of the numbers in an NPY file, as its header writes it.
type DType string

// The types that can be written.
const (
	Float32 DType = "<f4"
	Float64 DType = "<f8"
)

// WriteNPY writes the points as an NPY array of shape [N, Dim]. The file appears whole or not at all.
func WriteNPY(path string, points Points, dtype DType) error {
	return writeNPY(path, fmt.Sprintf("(%d, %d)", points.N, points.Dim), points.Values, dtype)
}

// WriteNPYVector writes the values as an NPY array of shape [N]. The file appears whole or not at all.
func WriteNPYVector(path string, values []float64, dtype DType) error {
	return writeNPY(path, fmt.Sprintf("(%d,)", len(values)), values, dtype)
}

func writeNPY(path, shape string, values []float64, dtype DType) error {
	if dtype != Float32 && dtype != Float64 {
		return fmt.Errorf("%s: cannot write type %q, want %s or %s", path, dtype, Float32, Float64)
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, npyHeader(shape, dtype)); err != nil {
			return err
		}
		var number []byte
		for _, v := range values {
			if dtype == Float32 {
				number = binary.LittleEndian.AppendUint32(number[:0], math.Float32bits(float32(v)))
			} else {
				number = binary.LittleEndian.AppendUint64(number[:0], math.Float64bits(v))
			}
			if _, err := w.Write(number); err != nil {
				return err
			}
		}
		return nil
	})
}

// npyHeader returns everything before the data: version 1.0, padded so that the data start at a multiple of 64 bytes.
func npyHeader(shape string, dtype DType) string {
	const alignment = 64
	entries := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", dtype, shape)
	before := len(npyMagic) + 4 // version and length
	padding := alignment - 1 - (before+len(entries))%alignment
	entries += strings.Repeat(" ", padding) + "\n"
	length := len(entries)
	return npyMagic + string([]byte{1, 0, byte(length), byte(length >> 8)}) + entries
}
