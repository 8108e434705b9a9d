package datasets

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/google/renameio/v2"
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
	file, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer file.Cleanup()
	w := bufio.NewWriter(file) // keeps its first error and returns it from Flush
	w.WriteString(npyHeader(shape, dtype))
	var number [8]byte
	for _, v := range values {
		if dtype == Float32 {
			binary.LittleEndian.PutUint32(number[:], math.Float32bits(float32(v)))
			w.Write(number[:4])
		} else {
			binary.LittleEndian.PutUint64(number[:], math.Float64bits(v))
			w.Write(number[:])
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := file.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
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
