package datasets

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
)

// ReadPoints reads the points of a file, .npy, .csv or .parquet by its ending, and the names of its columns. Of a file with
// names it takes the given columns in that order, or all numeric ones when none is given; see [Table] for how they are named.
func ReadPoints(path string, columns ...string) (Points, []string, error) {
	points, names, _, err := ReadLabelled(path, "", columns...)
	return points, names, err
}

// ReadLabelled is [ReadPoints] with the class of each point, which is what one more column holds.
func ReadLabelled(path, label string, columns ...string) (points Points, names, classes []string, err error) {
	s := defaultTable
	if s.Label, s.Columns = label, columns; endingOf(path) == npyEnding {
		s.Columns = nil
	}
	t, err := readTable(path, s.layout, CSVFormat{}, defaultTokens)
	if err != nil {
		return Points{}, nil, nil, err
	}
	e := t.encoding()
	return e.encode(t.columns, t.whole(false)), e.Names(), t.classes(), nil
}

// classes are those of the rows; nil where there is no label.
func (t *table) classes() []string {
	if t.label == nil {
		return nil
	}
	classes := make([]string, t.rows)
	for i, code := range t.label.values {
		classes[i] = t.label.categories.names[int(code)]
	}
	return classes
}

// Read reads the rows of a file, .npy, .csv or .parquet by its ending, and gives them the coordinates that they would have had
// in the data, before any standardising. Columns are found by name, in whichever order, and others are left alone; an array
// has those of the data, in order.
//
// An error names file and line: of a column that is not there, of a category that the data did not have, and of a missing
// value where nothing stands in for one.
func (e *Encoding) Read(path string) (Points, error) {
	points, _, err := e.ReadLabelled(path, "")
	return points, err
}

// ReadLabelled is Read with the class of each row, which is what one more column holds.
func (e *Encoding) ReadLabelled(path, label string) (Points, []string, error) {
	t, err := e.read(path, rowLayout{e: e, label: label})
	if err != nil {
		return Points{}, nil, err
	}
	return e.encode(t.columns, t.whole(false)), t.classes(), nil
}

// ReadIncomplete is Read for rows that may miss any of their values: coordinates of those are NaN. The columns that are absent
// miss all of them, and need not be in the file.
func (e *Encoding) ReadIncomplete(path string, absent ...string) (Points, error) {
	unfilled := Encoding{Tokens: e.Tokens, Delimiter: e.Delimiter}
	for _, c := range e.Columns {
		c.Fill = nil
		unfilled.Columns = append(unfilled.Columns, c)
	}
	of := rowLayout{e: &unfilled, canMiss: true, absent: absent}
	t, err := unfilled.read(path, of)
	if err != nil {
		return Points{}, err
	}
	there, all := e.Columns, make([]*tableColumn, len(e.Columns))
	if len(t.columns) < len(there) {
		there = of.wanted()
	}
	for k, c := range e.Columns {
		at := slices.IndexFunc(there, func(other EncodedColumn) bool { return other.Name == c.Name })
		if at >= 0 && !slices.Contains(absent, c.Name) {
			all[k] = t.columns[at]
		} else {
			all[k] = &tableColumn{values: slices.Repeat([]float64{math.NaN()}, t.rows)}
		}
	}
	return unfilled.encode(all, t.whole(false)), nil
}

// read reads a file that has as many columns as the layout wants.
func (e *Encoding) read(path string, of rowLayout) (*table, error) {
	tokens := e.Tokens
	if tokens == nil {
		tokens = defaultTokens
	}
	t, err := readTable(path, of.layout, CSVFormat{Delimiter: e.Delimiter}, tokens)
	if err != nil {
		return nil, err
	}
	if n := len(t.columns); n != len(e.Columns) && n != len(of.wanted()) {
		return nil, e.misfit(t.name, n)
	}
	return t, nil
}

// The endings of files of points.
const (
	csvEnding     = ".csv"
	npyEnding     = ".npy"
	parquetEnding = ".parquet"
)

func endingOf(path string) string { return strings.ToLower(filepath.Ext(path)) }

// readTable reads a file by its ending.
func readTable(path string, of layout, format CSVFormat, tokens []string) (*table, error) {
	switch ending := endingOf(path); ending {
	case csvEnding:
		rows, err := OpenCSV(path, "", format)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		rows.separate = fmt.Sprintf("put %q there", rows.reader.Comma)
		if format.Delimiter != "" {
			rows.separate += ", as in the data of the run"
		}
		return readCSV(rows, of, tokens)
	case npyEnding:
		content, name, err := readFile(path, "")
		if err != nil {
			return nil, err
		}
		return readNPY(name, content, of)
	case parquetEnding:
		return readParquet(path, "", of)
	default:
		return nil, fmt.Errorf("%s: the name ends in %q, want .csv, .npy or .parquet", path, ending)
	}
}
