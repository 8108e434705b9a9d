package results

import (
	"fmt"
	"io"
	"iter"
	"os"
	"reflect"
	"slices"

	"github.com/parquet-go/parquet-go"

	"joule/internal/atomicfile"
)

// rowsAtOnce is the number of rows that are in memory while a Parquet file is written.
const rowsAtOnce = 1000

// WriteParquet writes a table of rows, which are gone through twice: first for the columns.
func WriteParquet(path string, rows iter.Seq2[*Row, error]) error {
	c, err := columnsOf(rows)
	if err != nil {
		return err
	}
	names := c.names()
	line := lineOf(names)
	return atomicfile.Write(path, func(w io.Writer) error {
		table := parquet.NewWriter(w, parquet.SchemaOf(reflect.New(line).Interface()), parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(rowsAtOnce))
		for row, err := range rows {
			if err != nil {
				return err
			}
			value := reflect.New(line)
			for i, name := range names {
				field := value.Elem().Field(i)
				switch _, isFigure := FigureOf(name); {
				case isFigure:
					if x, ok := row.Metric(name); ok {
						field.Set(reflect.ValueOf(&x))
					}
				case slices.Contains(numbers, name):
					field.SetInt(row.number(name))
				default:
					field.SetString(row.text(name))
				}
			}
			if err := table.Write(value.Interface()); err != nil {
				return err
			}
		}
		return table.Close()
	})
}

// lineOf is a struct with a field a column, in their order.
func lineOf(names []string) reflect.Type {
	fields := make([]reflect.StructField, len(names))
	for i, name := range names {
		kind, option := reflect.TypeFor[string](), ",dict"
		switch _, isFigure := FigureOf(name); {
		case isFigure:
			kind, option = reflect.TypeFor[*float64](), ",optional"
		case slices.Contains(numbers, name):
			kind, option = reflect.TypeFor[int64](), ""
		}
		fields[i] = reflect.StructField{Name: fmt.Sprintf("Column%d", i), Type: kind, Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", name+option))}
	}
	return reflect.StructOf(fields)
}

// readParquet reads a table that WriteParquet has written.
func readParquet(path string) (rows []*Row, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	refuse := func(err error) ([]*Row, error) { return nil, fmt.Errorf("%s: %w", path, err) }
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	defer func() { // what the library does with a damaged file
		if r := recover(); r != nil {
			rows, err = refuse(fmt.Errorf("is no Parquet file that can be read: %v", r))
		}
	}()
	table, err := parquet.OpenFile(file, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return refuse(fmt.Errorf("is no Parquet file that can be read: %w", err))
	}
	var names []string
	for _, c := range table.Root().Columns() {
		names = append(names, c.Name())
	}
	if err := checkHeader(names); err != nil {
		return refuse(err)
	}
	reader := parquet.NewReader(table)
	defer reader.Close()
	lines := make([]parquet.Row, 256)
	for {
		n, err := reader.ReadRows(lines)
		for _, line := range lines[:n] {
			row := &Row{}
			for _, v := range line {
				if v.IsNull() {
					continue
				}
				if err := row.take(names[v.Column()], v); err != nil {
					return refuse(fmt.Errorf("row %d, column %.60q: %w", len(rows)+1, names[v.Column()], err))
				}
			}
			rows = append(rows, row)
		}
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return refuse(err)
		}
	}
}

// take puts a value of a Parquet file into the row.
func (r *Row) take(column string, v parquet.Value) error {
	_, isFigure := FigureOf(column)
	want := parquet.ByteArray
	switch {
	case isFigure:
		want = parquet.Double
	case slices.Contains(numbers, column):
		want = parquet.Int64
	}
	if v.Kind() != want {
		return fmt.Errorf("is of type %s; want %s", v.Kind(), want)
	}
	switch want {
	case parquet.Double:
		r.Put(column, v.Double())
	case parquet.Int64:
		r.setNumber(column, v.Int64())
	default:
		return r.set(column, string(v.ByteArray()))
	}
	return nil
}
