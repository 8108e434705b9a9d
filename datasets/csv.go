package datasets

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// CSV reads points from a file of numbers separated by commas, or another character, a row a point: see [CSVRows].
type CSV struct {
	FileData    `yaml:",inline"`
	Preparation `yaml:",inline"`
	Table       `yaml:",inline"`
	CSVFormat   `yaml:",inline"`

	// MissingTokens are the cells that stand for a missing value, in upper or lower case.
	MissingTokens []string `yaml:"missing_tokens"`

	// Stream reads the file while it is trained on; nil reads all of it into memory.
	Stream *Streaming `yaml:"stream"`
}

// defaultTokens stand for a missing value in what other programs write.
var defaultTokens = []string{"", "NA", "NaN", "null", "?"}

// NewCSV returns the default settings.
func NewCSV() *CSV {
	return &CSV{Preparation: defaultPreparation, Table: defaultTable, CSVFormat: CSVFormat{Delimiter: ","}, MissingTokens: slices.Clone(defaultTokens)}
}

// Check reports what is wrong across the keys, and a delimiter that is none.
func (s *CSV) Check(report func(key, problem string)) {
	s.Table.Check(report)
	s.Stream.suits(s.Table, report)
	if _, err := s.comma(); err != nil {
		report("delimiter", err.Error())
	}
}

// Load reads the file.
func (s *CSV) Load(env Env) (*Set, error) {
	if s.Stream != nil {
		return s.stream(env)
	}
	rows, err := OpenCSV(s.Path, env.Dir, s.CSVFormat)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	t, err := readCSV(rows, s.layout, s.MissingTokens)
	if err != nil {
		return nil, err
	}
	set, err := s.Table.load(t, s.FileData, s.Preparation, env.Seed)
	if err != nil {
		return nil, err
	}
	s.encode(set)
	return set, nil
}

// stream is Load of files that are read while they are trained on.
func (s *CSV) stream(env Env) (*Set, error) {
	set, err := s.Stream.load(env, s.FileData, s.Preparation, func(path string, columns []string) (shard, error) {
		if columns == nil {
			columns = s.Columns
		}
		return openCSVShard(path, columns, s.CSVFormat, s.MissingTokens)
	})
	if err != nil {
		return nil, err
	}
	s.encode(set)
	return set, nil
}

// encode completes the encoding of a set by what is the file's.
func (s *CSV) encode(set *Set) {
	if set.Encoding.Delimiter = s.Delimiter; len(s.MissingTokens) > 0 {
		set.Encoding.Tokens = s.MissingTokens
	}
}

// readCSV reads a file to its end, given what stands for a missing value.
func readCSV(rows *CSVRows, of layout, tokens []string) (*table, error) {
	names, isNamed := rows.Names()
	t, err := of(rows.name, names, isNamed)
	if err != nil {
		return nil, rows.hint(err)
	}
	missing, columns, line, isEmpty := newTokens(tokens), t.all(), 0, true
	t.place = func() string { return fmt.Sprintf("%s:%d: ", rows.name, line) }
	for {
		var cells []string
		if cells, line, err = rows.Next(); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		isEmpty = false
		for _, c := range columns {
			if err := t.addText(c, cells[c.at], missing); err != nil {
				return nil, rows.hint(err)
			}
		}
	}
	if isEmpty {
		return nil, fmt.Errorf("%s: there is only a header, want rows of numbers below it", rows.name)
	}
	return t, rows.hint(t.finish())
}

// hint adds to an error what may be the cause of it in the way that the file is cut into cells.
func (r *CSVRows) hint(err error) error {
	if err == nil {
		return nil
	}
	if r.format.Header == nil && r.columns == nil && strings.HasPrefix(err.Error(), fmt.Sprintf("%s:%d: ", r.name, r.first)) {
		return fmt.Errorf("%w; if this line names the columns, set header to true", err)
	}
	for _, delimiter := range []string{";", "\t", "|", ","} {
		if r.width == 1 && r.columns != nil && strings.Contains(r.columns[0], delimiter) {
			return fmt.Errorf("%w; if %q separates the columns, %s", err, delimiter, r.separate)
		}
	}
	return err
}
