package datasets

import (
	"fmt"
	"io"
)

// npyShard is an NPY file of a stream. A block of it is so many rows of the array.
type npyShard struct {
	path   string
	array  npyArray
	data   int64 // where the array begins in the file
	labels []string
	picked []int // the columns that are coordinates
}

// openNPYShard reads the header of a file. See [NPY] for columns.
func openNPYShard(path string, columns []string) (*npyShard, error) {
	file, size, _, err := openFile(path, "")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	start := make([]byte, min(size, npyMaxHeader+64)) // what comes before the header takes 12 bytes
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
	if err := s.array.checkSize(path, size-s.data); err != nil {
		return nil, err
	}
	s.labels = unnamed(s.array.dim)
	t, err := (&Table{Columns: columns}).layout(path, s.labels, false)
	if err != nil {
		return nil, err
	}
	for _, c := range t.columns {
		s.picked = append(s.picked, c.at)
	}
	return s, nil
}

func (s *npyShard) name() string { return s.path }

func (s *npyShard) columns() []string { return namesAt(s.labels, s.picked) }

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
	width := s.array.dim * s.array.size
	for row := 0; row < len(raw); row += width {
		for _, j := range s.picked {
			x := s.array.value(raw[row+j*s.array.size:])
			if !representable(x) {
				return nil, fmt.Errorf("%s: row %d, column %q: %v is not a finite number of single precision%s",
					s.path, b.line+row/width, s.labels[j], x, mend)
			}
			values = append(values, x)
		}
	}
	return values, nil
}
