package datasets

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"joule/internal/atomicfile"
)

// Bytes is the type of numbers from 0 to 255 in an array.
const Bytes DType = "|u1"

// Array is one of the arrays of an .npz file.
type Array struct {
	Name string
	// Type is what the numbers are written as; of an array that was read, what they were.
	Type DType
	// Shape are the lengths of the axes; a number has none.
	Shape  []int
	Values []float64 // row-major
}

// WriteArrays writes an .npz file of arrays, whose names have to differ, as numpy.load reads it. The file appears whole or not at all.
func WriteArrays(path string, arrays []Array) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		archive := zip.NewWriter(w)
		for _, a := range arrays {
			// Stored, as numpy.savez does: parameters do not become smaller.
			file, err := archive.CreateHeader(&zip.FileHeader{Name: a.Name + npyEnding, Method: zip.Store})
			if err != nil {
				return err
			}
			data, err := a.encode()
			if err != nil {
				return fmt.Errorf("array %.60q: %w", a.Name, err)
			}
			if _, err := file.Write(data); err != nil {
				return err
			}
		}
		return archive.Close()
	})
}

// encode is the array as an .npy file.
func (a Array) encode() ([]byte, error) {
	lengths := make([]string, len(a.Shape))
	for i, n := range a.Shape {
		lengths[i] = strconv.Itoa(n)
	}
	shape := strings.Join(lengths, ", ")
	if len(lengths) == 1 {
		shape += ","
	}
	data := []byte(npyHeader("("+shape+")", a.Type))
	for _, v := range a.Values {
		switch a.Type {
		case Float32:
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
		case Float64:
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
		case Bytes:
			data = append(data, byte(v))
		default:
			return nil, fmt.Errorf("cannot write type %q", a.Type)
		}
	}
	return data, nil
}

// ReadArrays reads all the arrays of an .npz file, in its order. Numbers of any real type are accepted, in arrays of up to four axes.
// Errors name the file and the array.
func ReadArrays(path string) ([]Array, error) {
	file, err := openArrays(path, "")
	if err != nil {
		return nil, err
	}
	if file.members == nil {
		return nil, fmt.Errorf("%s: is no .npz file: it does not start as a zip file does", path)
	}
	all := make([]Array, 0, len(file.names))
	for _, name := range file.names {
		a, err := file.open(file.members[name], name, true)
		if err != nil {
			return nil, err
		}
		out := Array{Name: name, Type: DType(a.descr), Shape: append([]int{}, a.sizes...)}
		for data := a.data; len(data) > 0; data = data[a.size:] {
			out.Values = append(out.Values, a.value(data))
		}
		all = append(all, out)
	}
	return all, nil
}
