package datasets

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// ReadPoints reads the points of a file, .npy, .csv or .parquet by its ending, and the names of its columns. Of a file with
// names it takes the given columns in that order, or all numeric ones when none is given; see [Table] for how they are named.
func ReadPoints(path string, columns ...string) (Points, []string, error) {
	s := defaultTable
	if s.Columns = columns; endingOf(path) == npyEnding {
		s.Columns = nil
	}
	t, err := readTable(path, s.layout, CSVFormat{}, defaultTokens)
	if err != nil {
		return Points{}, nil, err
	}
	e := t.encoding()
	return e.encode(t.columns, t.whole(false)), e.Names(), nil
}

// Read reads the rows of a file, .npy, .csv or .parquet by its ending, and gives them the coordinates that they would have had
// in the data, before any standardising. Columns are found by name, in whichever order, and others are left alone; an array
// has those of the data, in order.
//
// An error names file and line: of a column that is not there, of a category that the data did not have, and of a missing
// value where nothing stands in for one.
func (e *Encoding) Read(path string) (Points, error) {
	tokens := e.Tokens
	if tokens == nil {
		tokens = defaultTokens
	}
	t, err := readTable(path, e.layout, CSVFormat{Delimiter: e.Delimiter}, tokens)
	if err != nil {
		return Points{}, err
	}
	if len(t.columns) != len(e.Columns) {
		return Points{}, e.misfit(t.name, len(t.columns))
	}
	return e.encode(t.columns, t.whole(false)), nil
}

// ofRun says which columns new rows need to have.
const ofRun = ", which the run was trained on"

// layout implements the type of that name: the columns of the encoding.
func (e *Encoding) layout(name string, names []string, isNamed bool) (*table, error) {
	t := &table{name: name, names: names, find: finder(names, isNamed), why: ofRun, remedy: "the run has nothing that stands in for one"}
	wanted := e.Names()
	isThere := !slices.ContainsFunc(wanted, func(column string) bool { _, found := t.find(column); return !found })
	add := func(at int, c EncodedColumn) {
		column := &tableColumn{name: names[at], at: at, isSure: true, canMiss: c.Fill != nil}
		if c.Categories != nil {
			column.categories = newCategories(c.Categories)
			column.categories.known = "is none of the categories that the run was trained on"
		}
		t.columns = append(t.columns, column)
	}
	switch {
	case !(isNamed && isThere) && e.isPlain():
		for at, column := range names {
			if column != "" {
				t.columns = append(t.columns, &tableColumn{name: column, at: at})
			}
		}
	case !isNamed && endingOf(name) == npyEnding && len(names) == len(wanted):
		for at, c := range e.Columns {
			add(at, c)
		}
	case !isNamed && !isThere && endingOf(name) == npyEnding:
		return nil, e.misfit(name, len(names))
	case !isNamed && !isThere:
		return nil, fmt.Errorf("%s: there is no header, want one that names the columns%s: %.200s", name, ofRun, strings.Join(wanted, ", "))
	default:
		for _, c := range e.Columns {
			at, err := t.at(c.Name)
			if err != nil {
				return nil, err
			}
			add(at, c)
		}
	}
	return t, nil
}

// isPlain says whether the columns are numbers without names of their own, which are then taken as they come.
func (e *Encoding) isPlain() bool {
	return slices.Equal(e.Names(), unnamed(len(e.Columns))) &&
		!slices.ContainsFunc(e.Columns, func(c EncodedColumn) bool { return c.Categories != nil || c.Fill != nil })
}

// misfit says that a file has another number of columns.
func (e *Encoding) misfit(name string, columns int) error {
	return fmt.Errorf("%s: points of %d coordinates, and the model was trained on %d (%.200s)", name, columns, len(e.Columns), strings.Join(e.Names(), " "))
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
