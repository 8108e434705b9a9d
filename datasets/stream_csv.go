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

// csvShard is a CSV file of a stream. A block of it is so many records.
type csvShard struct {
	path    string
	labels  []string // of all columns
	picked  []int    // the columns that are coordinates
	skipped []int    // those that are not, because no number was seen in them
	headed  bool     // the first row names the columns
	guessed bool     // that it does not
	comma   rune     // between two cells
	missing *tokens  // the numbers that stand for a missing value; nil: none do
}

const (
	// firstRecords is how many records are looked at to tell which columns hold numbers.
	firstRecords = 1000
	// maxRecord bounds a record, in bytes: a quote that is not closed makes one of all the rest of a file.
	maxRecord = 16 << 20
	// mend is what to do about a row.
	mend = "; correct the row, or take it out"
)

// openCSVShard looks at the beginning of a file, for the names of its columns and for those that hold numbers. See [CSV] for
// columns, format and tokens.
func openCSVShard(path string, columns []string, format CSVFormat, tokens []string) (*csvShard, error) {
	s := &csvShard{path: path, missing: numericTokens(tokens)}
	var err error
	if s.comma, err = format.comma(); err != nil {
		return nil, fmt.Errorf("%s: delimiter: %w", path, err)
	}
	var start []byte
	enough := errors.New("enough")
	err = s.cut(firstRecords, func(_ block, raw []byte) error {
		start = slices.Clone(raw)
		return enough
	})
	if err != nil && err != enough {
		return nil, err
	}
	rows, err := newCSVRows(path, bytes.NewReader(start), format)
	if err != nil {
		return nil, err
	}
	s.labels, s.headed = rows.Names()
	s.guessed = format.Header == nil && !s.headed
	return s, s.pick(rows, columns)
}

// pick finds the columns that are coordinates: those of the given names, or all that hold a number in some rows.
func (s *csvShard) pick(rows *CSVRows, columns []string) error {
	t, err := (&Table{Columns: columns}).layout(s.path, s.labels, s.headed)
	if err != nil {
		return rows.hint(err)
	}
	for {
		cells, _, err := rows.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("%w%s", err, mend)
		}
		for _, c := range t.columns {
			c.isSure = c.isSure || isNumber(cells[c.at])
		}
	}
	all := slices.Clone(t.columns)
	if err := t.finish(); err != nil {
		return rows.hint(err)
	}
	for _, c := range all {
		if c.isSure {
			s.picked = append(s.picked, c.at)
		} else {
			s.skipped = append(s.skipped, c.at)
		}
	}
	return nil
}

// numericTokens are the tokens that would pass for values; nil: there are none.
func numericTokens(given []string) *tokens {
	given = slices.DeleteFunc(slices.Clone(given), func(token string) bool {
		x, err := strconv.ParseFloat(strings.TrimSpace(token), 64)
		return err != nil || !representable(x)
	})
	if len(given) == 0 {
		return nil
	}
	return newTokens(given)
}

func (s *csvShard) name() string { return s.path }

func (s *csvShard) columns() []string { return namesAt(s.labels, s.picked) }

func (s *csvShard) place(b block) string { return fmt.Sprintf("what it holds from line %d on", b.line) }

// scan implements shard.
func (s *csvShard) scan(rows int, visit func(b block, values []float64) error) error {
	var values []float64
	return s.cut(rows, func(b block, raw []byte) (err error) {
		if values, err = s.parse(b, raw, values[:0]); err != nil {
			return err
		}
		return visit(b, values)
	})
}

// read implements shard.
func (s *csvShard) read(b block, values []float64) ([]float64, error) {
	raw, err := readBytes(s.path, b)
	if err != nil {
		return nil, err
	}
	return s.parse(b, raw, values)
}

// cut cuts the file into blocks of so many records, blank lines not counted. A record ends where a line does, unless a quote
// is open there.
func (s *csvShard) cut(records int, visit func(b block, raw []byte) error) error {
	file, size, _, err := openFile(s.path, "")
	if err != nil {
		return err
	}
	defer file.Close()
	r := bufio.NewReaderSize(io.NewSectionReader(file, 0, size), 1<<20)
	if start, _ := r.Peek(lookAtText); noText(start) != "" {
		return fmt.Errorf("%s: %s", s.path, noText(start))
	}
	b, raw := block{line: 1}, []byte(nil)
	lines, complete := 0, 0 // in raw
	begun, first := 0, 0    // where in raw the last record begins, and the number of lines before it
	open := false           // a quote
	for {
		piece, err := r.ReadSlice('\n')
		raw = append(raw, piece...)
		if bytes.Count(piece, []byte{'"'})%2 == 1 {
			open = !open
		}
		if len(raw)-begun > maxRecord {
			return fmt.Errorf("%s:%d: a row of more than %d bytes, as where a quote is opened and not closed%s", s.path, b.line+first, maxRecord, mend)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && err != io.EOF {
			return named(s.path, err)
		}
		lines++
		if !open {
			if !s.isBlank(raw[begun:]) {
				complete++
			}
			begun, first = len(raw), lines
		}
		if complete == records || err == io.EOF && len(raw) > 0 {
			b.size = len(raw)
			if err := visit(b, raw); err != nil {
				return err
			}
			b = block{offset: b.offset + int64(len(raw)), line: b.line + lines}
			raw, lines, complete, begun, first = raw[:0], 0, 0, 0, 0
		}
		if err == io.EOF {
			return nil
		}
	}
}

// parse appends the numbers of a block's records.
func (s *csvShard) parse(b block, raw []byte, values []float64) ([]float64, error) {
	if b.offset == 0 {
		raw = bytes.TrimPrefix(raw, []byte(byteOrderMark))
	}
	r := csv.NewReader(bytes.NewReader(raw))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = s.comma, -1, true
	r.TrimLeadingSpace = trimsSpace(s.comma)
	isHeader, isFirst := b.offset == 0 && s.headed, b.offset == 0
	for {
		start := r.InputOffset()
		row, err := r.Read()
		if err == io.EOF {
			return values, nil
		}
		if problem, ok := errors.AsType[*csv.ParseError](err); ok {
			return nil, fmt.Errorf("%s:%d:%d: %w%s", s.path, b.line-1+problem.Line, problem.Column, problem.Err, mend)
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", s.path, err)
		}
		if s.isBlank(raw[start:r.InputOffset()]) {
			continue
		}
		if isHeader {
			isHeader = false
			continue
		}
		line, _ := r.FieldPos(0)
		if values, err = s.numbers(row, values); err != nil {
			hint := mend
			if isFirst && s.guessed {
				hint = "; if this line names the columns, set header to true"
			}
			return nil, fmt.Errorf("%s:%d: %w%s", s.path, b.line-1+line, err, hint)
		}
		isFirst = false
	}
}

// numbers appends those of a row.
func (s *csvShard) numbers(row []string, values []float64) ([]float64, error) {
	if len(row) != len(s.labels) {
		return nil, fmt.Errorf("the row has %d cells, want %d as in the first row", len(row), len(s.labels))
	}
	for _, j := range s.picked {
		cell := strings.TrimSpace(row[j])
		x, err := strconv.ParseFloat(cell, 64)
		if err != nil || !representable(x) || s.missing.has(cell) {
			return nil, fmt.Errorf("column %.60q: %w", s.labels[j], s.unfit(cell))
		}
		values = append(values, x)
	}
	for _, j := range s.skipped {
		if isNumber(strings.TrimSpace(row[j])) {
			return nil, fmt.Errorf("column %.60q: %.60q is a number, and the first %d rows have none there: name the columns to be taken (columns)", s.labels[j], row[j], firstRecords)
		}
	}
	return values, nil
}

// unfit says why a cell holds no number that can be trained on.
func (s *csvShard) unfit(cell string) error {
	switch {
	case cell == "":
		return errors.New("the cell is empty, want a number")
	case s.missing.has(cell):
		return fmt.Errorf("%.60q stands for a missing value, want a number", cell)
	case !isNumber(cell):
		return fmt.Errorf("%.60q is not a number", cell)
	}
	return fmt.Errorf("%.60s is not a finite number of single precision", cell)
}

// isBlank says whether there is nothing in a line: as a row it would have one empty cell.
func (s *csvShard) isBlank(line []byte) bool {
	return !slices.ContainsFunc(line, func(b byte) bool { return b != '\n' && !isSpace(b, s.comma) })
}
