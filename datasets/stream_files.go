package datasets

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// shard is one file of a stream: another kind of file can be streamed once it has these.
type shard interface {
	// name is what errors call the file.
	name() string
	// columns are the names of the coordinates.
	columns() []string
	// scan reads the file through, and visits block after block of about so many rows, each with its values
	// [rows·coordinates], which are the visitor's only until it returns. An error names the file, and the row at fault.
	scan(rows int, visit func(b block, values []float64) error) error
	// read appends the values of a block that was scanned before.
	read(b block, values []float64) ([]float64, error)
	// place says where a block is in the file.
	place(b block) string
}

// block is where to find rows that are read together.
type block struct {
	offset int64 // of its first byte in the file
	size   int   // in bytes
	line   int   // where its first row is in the file: a line, or the number of the row, from 1

	// What follows is the same for all kinds of file.

	shard int    // of which it is
	rows  int    // of numbers
	held  []int  // those of them, counted from 0, that are not in the training part, ascending
	sum   uint64 // of its values: see sumOf
}

// training are the rows of a block that are in the training part, counted from 0.
func (b block) training() []int {
	rows, held := make([]int, 0, b.rows-len(b.held)), b.held
	for row := range b.rows {
		if len(held) > 0 && held[0] == row {
			held = held[1:]
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

// sumOf tells values from others: FNV-1a of their bits, a number at a time. Values that differ in one number differ in it.
func sumOf(values []float64) uint64 {
	sum := uint64(14695981039346656037)
	for _, v := range values {
		sum = (sum ^ math.Float64bits(v)) * 1099511628211
	}
	return sum
}

// namesAt are the names at some places.
func namesAt(names []string, places []int) []string {
	some := make([]string, len(places))
	for i, at := range places {
		some[i] = names[at]
	}
	return some
}

// named is an error of the operating system with the path in front.
func named(path string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", path, e.Err)
	}
	return err
}

// readBytes reads the bytes of a block again.
func readBytes(path string, b block) ([]byte, error) {
	file, size, _, err := openFile(path, "")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw := make([]byte, b.size)
	if n, err := file.ReadAt(raw, b.offset); n < b.size {
		if err == io.EOF {
			return nil, fmt.Errorf("%s: has changed since the training began: it ends after %d bytes", path, size)
		}
		return nil, named(path, err)
	}
	return raw, nil
}

// Files are those that a path stands for: one, or, where it is a pattern of package path/filepath with *, ? or [ and no file
// itself, all that match it, in the order of their names. A relative path refers to dir.
func Files(path, dir string) ([]string, error) {
	if strings.HasPrefix(path, builtin) {
		return []string{path}, nil
	}
	if path == "" {
		return nil, errors.New("path: it is empty, want the path of a file or a pattern")
	}
	path, err := resolve(path, dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err == nil || !strings.ContainsAny(path, "*?[") {
		return []string{path}, nil
	}
	files, err := filepath.Glob(path)
	if err != nil {
		return nil, fmt.Errorf("%s: is no pattern: %w", path, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no file matches this pattern", path)
	}
	slices.Sort(files)
	return files, nil
}
