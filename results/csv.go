package results

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"

	"joule/internal/atomicfile"
)

// WriteCSV writes a table of rows to a file, as EncodeCSV does.
func WriteCSV(path string, rows iter.Seq2[*Row, error]) error {
	return atomicfile.Write(path, func(w io.Writer) error { return EncodeCSV(w, rows) })
}

// EncodeCSV writes a table of rows, which are gone through twice: first for the columns.
func EncodeCSV(w io.Writer, rows iter.Seq2[*Row, error]) error {
	c, err := columnsOf(rows)
	if err != nil {
		return err
	}
	lines := csv.NewWriter(w)
	names := c.names()
	if err := lines.Write(names); err != nil {
		return err
	}
	cells := make([]string, len(names))
	for row, err := range rows {
		if err != nil {
			return err
		}
		for i, name := range names {
			switch _, isFigure := FigureOf(name); {
			case isFigure:
				cells[i] = ""
				if x, ok := row.Metric(name); ok {
					cells[i] = strconv.FormatFloat(x, 'g', -1, 64)
				}
			case slices.Contains(numbers, name):
				cells[i] = strconv.FormatInt(row.number(name), 10)
			default:
				cells[i] = row.text(name)
			}
		}
		if err := lines.Write(cells); err != nil {
			return err
		}
	}
	lines.Flush()
	return lines.Error()
}

// readCSV reads a table that WriteCSV has written.
func readCSV(path string) (rows []*Row, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := csv.NewReader(file)
	names, err := lines.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: is empty; a table of results has a header", path)
	}
	if err == nil {
		err = checkHeader(names)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		row := &Row{}
		for i, name := range names {
			if err := row.parse(name, cells[i]); err != nil {
				line, _ := lines.FieldPos(i)
				return nil, fmt.Errorf("%s:%d: column %.60q: %w", path, line, name, err)
			}
		}
		rows = append(rows, row)
	}
}

// parse puts a cell of a CSV file into the row.
func (r *Row) parse(column, cell string) error {
	_, isFigure := FigureOf(column)
	switch isNumber := slices.Contains(numbers, column); {
	case !isFigure && !isNumber:
		return r.set(column, cell)
	case cell == "":
	case isFigure:
		x, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			return fmt.Errorf("%.40q is no number", cell)
		}
		r.Put(column, x)
	default:
		n, err := strconv.ParseInt(cell, 10, 64)
		if err != nil {
			return fmt.Errorf("%.40q is no whole number", cell)
		}
		r.setNumber(column, n)
	}
	return nil
}
