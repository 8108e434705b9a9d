package datasets

import (
	"fmt"
	"io"
)

// npyShard is an NPY file of a stream. A block of it is so many rows of the array.
type npyShard struct {
	path  string
	array npyArray
	data  int64 // where the array begins in the file
}

// openNPYShard reads the header of a file.
func openNPYShard(path string) (*npyShard, error) {
	file, err := openSource(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	start := make([]byte, min(file.size, npyMaxHeader+64)) // what comes before the header takes 12 bytes
	if _, err := file.ReadAt(start, 0); err != nil && err != io.EOF {
		return nil, named(path, err)
	}
	header, rest, err := splitNPY(start)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &npyShard{path: path, data: int64(len(start) - len(rest))}
	if s.array, err = parseNPYHeader(header); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if s.array.fortran && s.array.dim > 1 {
		return nil, fmt.Errorf("%s: the array is in Fortran order, column by column, and cannot be read in rows: "+
			"save numpy.ascontiguousarray of it, or leave out stream", path)
	}
	return s, s.array.checkSize(path, file.size-s.data)
}

func (s *npyShard) name() string      { return s.path }
func (s *npyShard) columns() []string { return unnamed(s.array.dim) }

func (s *npyShard) place(b block) string {
	return fmt.Sprintf("what it holds in rows %d to %d", b.line, b.line+b.rows-1)
}

// scan implements shard.
func (s *npyShard) scan(rows int, visit func(b block, values []float64) error) error {
	var values []float64
	width := s.array.dim * s.array.size
	for row := 0; row < s.array.n; row += rows {
		n := min(rows, s.array.n-row)
		b := block{offset: s.data + int64(row)*int64(width), size: n * width, line: row + 1}
		var err error
		if values, err = s.read(b, values[:0]); err != nil {
			return err
		}
		if err := visit(b, values); err != nil {
			return err
		}
	}
	return nil
}

// read implements shard.
func (s *npyShard) read(b block, values []float64) ([]float64, error) {
	raw, err := readBytes(s.path, b)
	if err != nil {
		return nil, err
	}
	for k := 0; k < len(raw); k += s.array.size {
		x := s.array.value(raw[k:])
		if !representable(x) {
			i := k / s.array.size
			return nil, fmt.Errorf("%s: row %d, column x%d: %v is not a finite number of single precision%s",
				s.path, b.line+i/s.array.dim, i%s.array.dim, x, mend)
		}
		values = append(values, x)
	}
	return values, nil
}
