package datasets

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// CSV reads points from a file of comma-separated numbers, a row a point (RFC 4180; a byte order mark, any line ends
// and blank lines are accepted).
type CSV struct {
	FileData    `yaml:",inline"`
	Preparation `yaml:",inline"`

	// Columns names the coordinates, in order. Where there is no header the columns are called 0, 1, … or x0, x1, ….
	// When empty, all columns of numbers are taken, but for one without a name in the header: that is how R and pandas
	// write row numbers.
	Columns []string `yaml:"columns"`

	// Header says whether the first line names the columns. When left out, it does if it holds no number.
	Header *bool `yaml:"header"`

	// Stream reads the file while it is trained on; nil reads all of it into memory.
	Stream *Streaming `yaml:"stream"`
}

// Load reads the file.
func (s *CSV) Load(env Env) (*Set, error) {
	if s.Stream != nil {
		return s.Stream.load(env, s.FileData, s.Preparation, func(path string, columns []string) (shard, error) {
			if columns == nil {
				columns = s.Columns
			}
			return openCSVShard(path, columns, s.Header)
		})
	}
	content, name, err := readFile(s.Path, env.Dir)
	if err != nil {
		return nil, err
	}
	points, columns, err := parseCSV(name, content, s.Columns, s.Header)
	if err != nil {
		return nil, err
	}
	return s.FileData.load(name, points, columns, s.Preparation, env.Seed)
}

// parseCSV returns the points and the names of their columns; name is what errors call the file.
func parseCSV(name string, content []byte, columns []string, header *bool) (Points, []string, error) {
	t, err := parseTable(name, content)
	if err != nil {
		return Points{}, nil, err
	}
	if err := t.takeHeader(header); err != nil {
		return Points{}, nil, err
	}
	picked, err := t.pick(columns)
	if err != nil {
		return Points{}, nil, err
	}
	points, names, labels := NewPoints(len(t.rows), len(picked)), make([]string, len(picked)), t.labels()
	for to, from := range picked {
		names[to] = labels[from]
		for i, row := range t.rows {
			if points.Row(i)[to], err = number(row[from]); err != nil {
				if i == 0 && t.columns == nil && header == nil {
					err = fmt.Errorf("%w; if this line names the columns, set header to true", err)
				}
				return Points{}, nil, fmt.Errorf("%s:%d: column %.60q: %w", name, t.lines[i], names[to], err)
			}
		}
	}
	return points, names, nil
}

// table holds the cells of a CSV file: rows of the same width, without the header once that is taken.
type table struct {
	name    string
	rows    [][]string
	lines   []int    // line on which each row starts, from 1
	columns []string // names from the header; nil when there is none
}

func parseTable(name string, content []byte) (*table, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord = -1 // counted below, where the error can say more
	r.TrimLeadingSpace = true
	t := &table{name: name}
	for {
		start := r.InputOffset()
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if problem, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, fmt.Errorf("%s:%d:%d: %w", name, problem.Line, problem.Column, problem.Err)
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(bytes.TrimSpace(content[start:r.InputOffset()])) == 0 {
			continue
		}
		for j := range row {
			row[j] = strings.TrimSpace(row[j])
		}
		line, _ := r.FieldPos(0)
		if len(t.rows) > 0 && len(row) != len(t.rows[0]) {
			return nil, fmt.Errorf("%s:%d: the row has %d cells, want %d as on line %d",
				name, line, len(row), len(t.rows[0]), t.lines[0])
		}
		t.rows, t.lines = append(t.rows, row), append(t.lines, line)
	}
	if len(t.rows) == 0 {
		return nil, fmt.Errorf("%s: the file is empty, want rows of comma-separated numbers", name)
	}
	return t, nil
}

// takeHeader moves the first row to the column names if it is a header, which nil leaves to its looks.
func (t *table) takeHeader(header *bool) error {
	first := t.rows[0]
	if header == nil {
		guess := !slices.ContainsFunc(first, isNumber)
		header = &guess
	}
	if !*header {
		return nil
	}
	index := make(map[string]int)
	for j, column := range first {
		if earlier, taken := index[column]; taken && column != "" {
			return fmt.Errorf("%s:%d: columns %d and %d are both called %.60q, want different names",
				t.name, t.lines[0], earlier+1, j+1, column)
		}
		index[column] = j
	}
	t.columns, t.rows, t.lines = first, t.rows[1:], t.lines[1:]
	if len(t.rows) == 0 {
		return fmt.Errorf("%s: there is only a header, want rows of numbers below it", t.name)
	}
	return nil
}

// pick returns the indices of the columns with the given names, or of all columns of numbers when none is given.
func (t *table) pick(columns []string) (picked []int, err error) {
	find, taken := t.finder(), map[int]bool{}
	for _, column := range columns {
		j, found := find(column)
		if !found {
			return nil, fmt.Errorf("%s: there is no column %.60q%s", t.name, column, alternatives(column, t.labels()))
		}
		if taken[j] {
			return nil, fmt.Errorf("%s: column %.60q is asked for twice", t.name, column)
		}
		picked, taken[j] = append(picked, j), true
	}
	if len(columns) > 0 {
		return picked, nil
	}
	for j := range t.rows[0] {
		holdsNumber := slices.ContainsFunc(t.rows, func(row []string) bool { return isNumber(row[j]) })
		if holdsNumber && (t.columns == nil || t.columns[j] != "") {
			picked = append(picked, j)
		}
	}
	if picked == nil {
		return nil, fmt.Errorf("%s: there is no column of numbers%s", t.name, alternatives("", t.labels()))
	}
	return picked, nil
}

// finder returns what gives the index of a column, and whether there is such a one.
func (t *table) finder() func(column string) (int, bool) {
	if t.columns != nil {
		index := make(map[string]int, len(t.columns))
		for j, column := range slices.Backward(t.columns) { // of several without a name the first counts
			index[column] = j
		}
		return func(column string) (int, bool) { j, found := index[column]; return j, found }
	}
	return func(column string) (int, bool) {
		j, err := strconv.Atoi(strings.TrimPrefix(column, "x"))
		return j, err == nil && 0 <= j && j < len(t.rows[0])
	}
}

// labels returns the names of all columns.
func (t *table) labels() []string {
	if t.columns != nil {
		return t.columns
	}
	return unnamed(len(t.rows[0]))
}

func isNumber(cell string) bool {
	_, err := strconv.ParseFloat(cell, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// number reads a cell.
func number(cell string) (float64, error) {
	if cell == "" {
		return 0, errors.New("the cell is empty, want a number")
	}
	if !isNumber(cell) {
		return 0, fmt.Errorf("%.60q is not a number", cell)
	}
	x, err := strconv.ParseFloat(cell, 64)
	if err != nil || !representable(x) {
		return 0, fmt.Errorf("%.60s is not a finite number of single precision", cell)
	}
	return x, nil
}
