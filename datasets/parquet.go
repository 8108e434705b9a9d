package datasets

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Parquet reads points from a Parquet file: columns of numbers, booleans, which are 0 and 1, and text, for categories. A null
// and NaN are missing values. Times and dates are taken only where they are asked for by name, as the numbers that the file has
// for them; what is nested or repeated cannot be.
type Parquet struct {
	FileData    `yaml:",inline"`
	Preparation `yaml:",inline"`
	Table       `yaml:",inline"`
}

// NewParquet returns the default settings.
func NewParquet() *Parquet { return &Parquet{Preparation: defaultPreparation, Table: defaultTable} }

// Load reads the file.
func (s *Parquet) Load(env Env) (*Set, error) {
	t, err := readParquet(s.Path, env.Dir, s.layout)
	if err != nil {
		return nil, err
	}
	return s.Table.load(t, s.FileData, s.Preparation, env.Seed)
}

// readParquet opens and reads a file.
func readParquet(path, dir string, of layout) (*table, error) {
	file, size, name, err := openFile(path, dir)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readParquetFrom(name, file, size, of)
}

// readParquetFrom reads a file of a size in bytes; name is what errors call it.
func readParquetFrom(name string, file io.ReaderAt, size int64, of layout) (t *table, err error) {
	defer func() { // the package that reads it panics over some files that are malformed
		if problem := recover(); problem != nil {
			t, err = nil, fmt.Errorf("%s: the file is malformed: %.200q", name, fmt.Sprint(problem))
		}
	}()
	if err := checkFooter(file, size); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	opened, err := parquet.OpenFile(file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("%s: the file is no Parquet, or malformed: %.200q", name, err.Error())
	}
	var names []string
	columns := opened.Root().Columns()
	for _, c := range columns {
		if problem := noCategory(c.Name()); problem != "" {
			return nil, fmt.Errorf("%s: the name of column %d: %s", name, len(names)+1, problem)
		}
		names = append(names, c.Name())
	}
	if t, err = of(name, names, true); err != nil {
		return nil, err
	}
	for _, c := range t.all() {
		if err := t.addParquet(c, columns[c.at], opened.NumRows()); err != nil {
			return nil, err
		}
	}
	if opened.NumRows() == 0 {
		return nil, fmt.Errorf("%s: the file has no rows", name)
	}
	return t, t.finish()
}

// addParquet reads a column of so many rows.
func (t *table) addParquet(c *tableColumn, from *parquet.Column, rows int64) error {
	t.place = func() string { return fmt.Sprintf("%s: row %d, ", t.name, c.rows+1) }
	convert, problem := converter(from)
	if problem != "" {
		if c.isSure {
			return fmt.Errorf("%s: column %.60q is %s", t.name, c.name, problem)
		}
		return nil
	}
	if !c.isSure && (convert == nil || isTime(from)) {
		return nil
	}
	c.isSure = true
	pages := from.Pages()
	defer pages.Close()
	buffer := make([]parquet.Value, 1024)
	for {
		page, err := pages.ReadPage()
		if err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("%s: column %.60q after row %d: the file is malformed: %.200q", t.name, c.name, c.rows, err.Error())
		}
		if int64(c.rows)+page.NumValues() > rows {
			return fmt.Errorf("%s: column %.60q has more values than the file has rows, %d", t.name, c.name, rows)
		}
		values := page.Values()
		for {
			n, err := values.ReadValues(buffer)
			for _, v := range buffer[:n] {
				if err := t.addParquetValue(c, v, convert); err != nil {
					return err
				}
			}
			if err == io.EOF {
				break
			} else if err != nil {
				return fmt.Errorf("%s: column %.60q after row %d: the file is malformed: %.200q", t.name, c.name, c.rows, err.Error())
			}
		}
		parquet.Release(page)
	}
	if int64(c.rows) != rows {
		return fmt.Errorf("%s: column %.60q has %d values, and the file %d rows: it is malformed", t.name, c.name, c.rows, rows)
	}
	return nil
}

// addParquetValue adds a value to a column; convert is nil for text.
func (t *table) addParquetValue(c *tableColumn, v parquet.Value, convert func(parquet.Value) float64) error {
	switch {
	case v.IsNull():
		return t.addMissing(c, errors.New("the value is null"))
	case convert == nil && c.categories == nil:
		return t.fail(c, fmt.Errorf("%.60q is text, want a number; categorical takes columns of text", v.ByteArray()))
	case convert == nil:
		return t.addText(c, string(v.ByteArray()), nil)
	case c.categories != nil && v.Kind() == parquet.Boolean:
		return t.addText(c, fmt.Sprint(v.Boolean()), nil)
	}
	return t.addValue(c, convert(v))
}

// converter gives the number of a value of a column, nil for one of text, or says what of the column cannot be taken.
func converter(c *parquet.Column) (convert func(parquet.Value) float64, problem string) {
	if !c.Leaf() || c.Repeated() {
		return nil, "nested or repeated, and cannot be taken"
	}
	scale := 1.0
	isUnsigned, isDecimal := false, false
	if logical := c.Type().LogicalType(); logical != nil {
		switch own := logical.Value.(type) {
		case *format.IntType:
			isUnsigned = !own.IsSigned
		case *format.DecimalType:
			isDecimal, scale = true, math.Pow10(int(own.Scale))
		}
	}
	switch c.Type().Kind() {
	case parquet.Boolean:
		return func(v parquet.Value) float64 {
			if v.Boolean() {
				return 1
			}
			return 0
		}, ""
	case parquet.Int32:
		if isUnsigned {
			return func(v parquet.Value) float64 { return float64(v.Uint32()) }, ""
		}
		return func(v parquet.Value) float64 { return float64(v.Int32()) / scale }, ""
	case parquet.Int64:
		if isUnsigned {
			return func(v parquet.Value) float64 { return float64(v.Uint64()) }, ""
		}
		return func(v parquet.Value) float64 { return float64(v.Int64()) / scale }, ""
	case parquet.Float:
		return func(v parquet.Value) float64 { return float64(v.Float()) }, ""
	case parquet.Double:
		return parquet.Value.Double, ""
	case parquet.ByteArray:
		if !isDecimal {
			return nil, ""
		}
	}
	return nil, fmt.Sprintf("of type %s, which cannot be taken", c.Type())
}

// isTime says whether the numbers of a column stand for times or dates.
func isTime(c *parquet.Column) bool {
	if logical := c.Type().LogicalType(); logical != nil {
		switch logical.Value.(type) {
		case *format.DateType, *format.TimeType, *format.TimestampType:
			return true
		}
	}
	return false
}
