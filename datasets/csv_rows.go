package datasets

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// CSVFormat holds the settings of how the text of a CSV file is cut into cells.
type CSVFormat struct {
	// Header says whether the first line names the columns. When left out, it does if it holds no number.
	Header *bool `yaml:"header"`

	// Delimiter is the character between two cells; tab is the one of that name.
	Delimiter string `yaml:"delimiter"`
}

// comma is the delimiter as a character. The error says what cannot be one.
func (f CSVFormat) comma() (rune, error) {
	delimiter := []rune(f.Delimiter)
	switch {
	case f.Delimiter == "":
		return ',', nil
	case f.Delimiter == "tab":
		return '\t', nil
	case len(delimiter) != 1 || strings.ContainsRune("\"\r\n\uFFFD", delimiter[0]):
		return 0, fmt.Errorf("%.20q is no delimiter, want one character such as \";\", or tab", f.Delimiter)
	}
	return delimiter[0], nil
}

// CSVRows reads the rows of a CSV file (RFC 4180; a byte order mark, any line ends and blank lines are accepted) one after
// the other, so that no more than one of them is in memory. Errors name file and line.
type CSVRows struct {
	name   string
	file   io.Closer
	text   *bufio.Reader
	bytes  *bounded
	reader *csv.Reader
	format CSVFormat

	columns []string // from the header; nil when there is none
	width   int
	first   int      // the line on which the first row starts, which may be the header
	waiting []string // the first row, where it is none and has not been asked for
	skipped int      // blank lines that the reader has not seen
	line    int

	separate string // what to do where another character than the delimiter separates the columns
}

// The most bytes of a row, and of the text that is looked at before it is cut into rows.
const (
	maxRow     = 1 << 26
	lookAhead  = 1 << 16
	lookAtText = 256
)

// OpenCSV opens a file to read its rows. A relative path refers to dir; builtin:NAME is a file in the program.
func OpenCSV(path, dir string, format CSVFormat) (*CSVRows, error) {
	file, _, name, err := openFile(path, dir)
	if err != nil {
		return nil, err
	}
	rows, err := newCSVRows(name, file, format)
	if err != nil {
		file.Close()
		return nil, err
	}
	rows.file = file
	return rows, nil
}

// newCSVRows reads up to the first row; name is what errors call the file.
func newCSVRows(name string, text io.Reader, format CSVFormat) (*CSVRows, error) {
	r := &CSVRows{name: name, bytes: &bounded{Reader: text, left: maxRow}, format: format, separate: "set delimiter to it"}
	r.text = bufio.NewReaderSize(r.bytes, lookAhead)
	delimiter, err := format.comma()
	if err != nil {
		return nil, fmt.Errorf("%s: delimiter: %w", name, err)
	}
	start, _ := r.text.Peek(lookAtText)
	if problem := noText(start); problem != "" {
		return nil, fmt.Errorf("%s: %s", name, problem)
	}
	if bytes.HasPrefix(start, []byte(byteOrderMark)) {
		r.text.Discard(len(byteOrderMark)) // cannot fail: it is there
	}
	r.reader = csv.NewReader(r.text)
	r.reader.Comma = delimiter
	r.reader.FieldsPerRecord = -1 // counted by Next, where the error can say more
	r.reader.TrimLeadingSpace = trimsSpace(delimiter)
	r.reader.ReuseRecord = true
	return r, r.readHeader()
}

// readHeader takes the first row for the names of the columns, if it is a header.
func (r *CSVRows) readHeader() error {
	row, line, err := r.Next()
	if err == io.EOF {
		return fmt.Errorf("%s: the file is empty, want rows of comma-separated numbers", r.name)
	} else if err != nil {
		return err
	}
	r.first, r.width = line, len(row)
	row = slices.Clone(row)
	isHeader := !slices.ContainsFunc(row, isNumber)
	if r.format.Header != nil {
		isHeader = *r.format.Header
	}
	if !isHeader {
		r.waiting = row
		return nil
	}
	index := make(map[string]int)
	for j, column := range row {
		if earlier, taken := index[column]; taken && column != "" {
			return fmt.Errorf("%s:%d: columns %d and %d are both called %.60q, want different names", r.name, line, earlier+1, j+1, column)
		}
		if problem := noCategory(column); problem != "" {
			return fmt.Errorf("%s:%d: the name of column %d: %s", r.name, line, j+1, problem)
		}
		index[column] = j
	}
	r.columns = row
	return nil
}

// Names are those of the columns, from the header, and whether there is one; otherwise they are x0, x1, ….
func (r *CSVRows) Names() (names []string, isNamed bool) {
	if r.columns == nil {
		return unnamed(r.width), false
	}
	return r.columns, true
}

// Next returns the cells of the next row, without white space around them, and the line on which it starts. They are good
// until the next call. At the end of the file the error is [io.EOF].
func (r *CSVRows) Next() (cells []string, line int, err error) {
	if r.waiting != nil {
		cells, r.waiting = r.waiting, nil
		return cells, r.line, nil
	}
	r.skipBlank()
	r.bytes.left = maxRow
	row, err := r.reader.Read()
	if problem, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, 0, fmt.Errorf("%s:%d:%d: %w", r.name, problem.Line+r.skipped, problem.Column, problem.Err)
	} else if errors.Is(err, errTooLong) {
		return nil, 0, fmt.Errorf("%s:%d: %w", r.name, r.line+1, err)
	} else if err == io.EOF {
		return nil, 0, err
	} else if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", r.name, err)
	}
	line, _ = r.reader.FieldPos(0)
	r.line = line + r.skipped
	if r.width > 0 && len(row) != r.width {
		return nil, 0, fmt.Errorf("%s:%d: the row has %d cells, want %d as on line %d", r.name, r.line, len(row), r.width, r.first)
	}
	for j := range row {
		row[j] = strings.TrimSpace(row[j])
	}
	return row, r.line, nil
}

// skipBlank passes over lines of white space: as rows they would have one empty cell.
func (r *CSVRows) skipBlank() {
	for {
		start, err := r.text.Peek(1)
		if err != nil || !isSpace(start[0], r.reader.Comma) {
			return
		}
		start, _ = r.text.Peek(lookAhead)
		end := slices.IndexFunc(start, func(b byte) bool { return !isSpace(b, r.reader.Comma) })
		if end < 0 {
			end = len(start)
		} else if start[end] == '\n' {
			end++
			r.skipped++
		} else {
			return
		}
		r.text.Discard(end) // cannot fail: it is there
	}
}

// trimsSpace says whether white space before a cell is none of it: not where it may be the delimiter.
func trimsSpace(delimiter rune) bool { return delimiter != ' ' && delimiter != '\t' }

// isSpace says whether a byte is white space within a line, and not the delimiter.
func isSpace(b byte, delimiter rune) bool {
	return (b == ' ' || b == '\t' || b == '\r' || b == '\v' || b == '\f') && rune(b) != delimiter
}

// Close closes the file.
func (r *CSVRows) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// errTooLong is what a row without end gives.
var errTooLong = fmt.Errorf("the row is longer than %d MiB: is a quote not closed?", maxRow>>20)

// bounded reads what is asked for in between two looks at what is left, and no more.
type bounded struct {
	io.Reader
	left int
}

func (b *bounded) Read(to []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLong
	}
	n, err := b.Reader.Read(to)
	b.left -= n
	return n, err
}

func isNumber(cell string) bool {
	_, err := strconv.ParseFloat(cell, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}
