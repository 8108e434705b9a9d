package datasets

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
)

// idxArray is an array of a file in the IDX format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
type idxArray struct {
	shape []int
	kind  idxKind
	data  []byte
}

// idxKind is a type of values, all big-endian.
type idxKind struct {
	name  string
	size  int // in bytes
	value func([]byte) float64
	white float64 // of the brightest pixel
}

var idxKinds = map[byte]idxKind{
	0x08: {"unsigned byte", 1, func(b []byte) float64 { return float64(b[0]) }, math.MaxUint8},
	0x09: {"signed byte", 1, func(b []byte) float64 { return float64(int8(b[0])) }, math.MaxUint8},
	0x0b: {"short", 2, func(b []byte) float64 { return float64(int16(binary.BigEndian.Uint16(b))) }, math.MaxUint8},
	0x0c: {"int", 4, func(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) }, math.MaxUint8},
	0x0d: {"float", 4, func(b []byte) float64 { return float64(math.Float32frombits(binary.BigEndian.Uint32(b))) }, 1},
	0x0e: {"double", 8, func(b []byte) float64 { return math.Float64frombits(binary.BigEndian.Uint64(b)) }, 1},
}

// idxMaxRank is that of images in color: number, height, width, channels.
const idxMaxRank = 4

// parseIDX returns the array of an IDX file, which may be compressed by gzip; name is what errors call the file.
func parseIDX(name string, content []byte) (idxArray, error) {
	r, err := unzipped(content)
	if err != nil {
		return idxArray{}, fmt.Errorf("%s: %w", name, err)
	}
	a, err := readIDX(r)
	if err != nil {
		return idxArray{}, fmt.Errorf("%s: %w", name, err)
	}
	return a, nil
}

func readIDX(r io.Reader) (a idxArray, err error) {
	start, err := readUpTo(r, 4)
	if err != nil {
		return a, err
	}
	if err := a.parseMagic(start); err != nil {
		return a, err
	}
	rank := int(start[3])
	lengths, err := readUpTo(r, 4*rank)
	if err != nil {
		return a, err
	}
	if len(lengths) < 4*rank {
		return a, fmt.Errorf("the file is truncated: it ends within the sizes of its %d axes", rank)
	}
	values := 1
	for i := range rank {
		n := int(binary.BigEndian.Uint32(lengths[4*i:]))
		a.shape = append(a.shape, n)
		if n == 0 {
			return a, fmt.Errorf("shape %s: it holds no values", shapeText(a.shape))
		}
		if n > maxArray/values {
			return a, fmt.Errorf("shape %s: more than %d values, for which there is no memory", shapeText(a.shape), maxArray)
		}
		values *= n
	}
	want := values * a.kind.size
	if a.data, err = readUpTo(r, want+1); err != nil {
		return a, err
	}
	switch n := len(a.data); {
	case n < want:
		return a, fmt.Errorf("the file is truncated: it holds %d of the %d bytes of %s values of type %s: copy or fetch it again",
			n, want, shapeText(a.shape), a.kind.name)
	case n > want:
		return a, fmt.Errorf("bytes follow the last of %s values of type %s, want none: the sizes in the file's header are wrong, or the file is",
			shapeText(a.shape), a.kind.name)
	}
	return a, nil
}

// parseMagic takes the first four bytes: two zeros, the type and the number of axes.
func (a *idxArray) parseMagic(start []byte) error {
	const want = "want an IDX file: two zero bytes, a type of values and a number of axes"
	if len(start) == 0 {
		return fmt.Errorf("the file is empty, %s", want)
	}
	if len(start) < 4 || start[0] != 0 || start[1] != 0 {
		return fmt.Errorf("the file starts with % x, %s", start, want)
	}
	var known bool
	if a.kind, known = idxKinds[start[2]]; !known {
		return fmt.Errorf("type 0x%02x of values (third byte), want 08, 09, 0b, 0c, 0d or 0e", start[2])
	}
	if rank := start[3]; rank < 1 || rank > idxMaxRank {
		return fmt.Errorf("%d axes (fourth byte), want 1 for labels, 3 or 4 for images", rank)
	}
	return nil
}

// shapeText writes sizes as 60000×28×28.
func shapeText(shape []int) string {
	text := make([]string, len(shape))
	for i, n := range shape {
		text[i] = fmt.Sprint(n)
	}
	return strings.Join(text, "×")
}
