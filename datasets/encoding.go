package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Encoding is how the columns of a table become coordinates: a column of numbers as it is, a column of K categories as K
// coordinates, of which that of the row's category is 1 and the others are 0. A nil Encoding is that of coordinates that are
// columns themselves.
type Encoding struct {
	Columns []EncodedColumn `json:"columns"`
	// Tokens are what stands for a missing value in a text; none: those of [NewCSV].
	Tokens []string `json:"missing_tokens,omitempty"`
	// Delimiter is the character between the cells of the text; empty: a comma.
	Delimiter string `json:"delimiter,omitempty"`
}

// EncodedColumn is a column of the source.
type EncodedColumn struct {
	Name string `json:"name"`
	// Categories are the names of the categories, in the order of their coordinates; empty for a column of numbers.
	Categories []string `json:"categories,omitempty"`
	// Fill stands in for a missing value: the mean or median of the training part, or the number of its most frequent
	// category, from 0; nil: nothing does.
	Fill *float64 `json:"fill,omitempty"`
}

// Plain is the encoding of columns of numbers.
func Plain(columns []string) *Encoding {
	e := &Encoding{Columns: make([]EncodedColumn, len(columns))}
	for k, name := range columns {
		e.Columns[k].Name = name
	}
	return e
}

// width is the number of coordinates of a column.
func (c EncodedColumn) width() int { return max(1, len(c.Categories)) }

// Dim is the number of coordinates.
func (e *Encoding) Dim() (dim int) {
	for _, c := range e.Columns {
		dim += c.width()
	}
	return dim
}

// Coordinates are the names of the coordinates: that of the column, with = and the name of the category where it has some.
func (e *Encoding) Coordinates() []string {
	names := make([]string, 0, e.Dim())
	for _, c := range e.Columns {
		if c.Categories == nil {
			names = append(names, c.Name)
		}
		for _, category := range c.Categories {
			names = append(names, c.Name+"="+category)
		}
	}
	return names
}

// Names are those of the columns.
func (e *Encoding) Names() []string {
	names := make([]string, len(e.Columns))
	for k, c := range e.Columns {
		names[k] = c.Name
	}
	return names
}

// Validate reports an encoding that cannot be of points with these coordinates.
func (e *Encoding) Validate(coordinates []string) error {
	if e == nil {
		return nil
	}
	if !slices.Equal(e.Coordinates(), coordinates) {
		return fmt.Errorf("encoding: its %d columns are not those of the %d coordinates", len(e.Columns), len(coordinates))
	}
	for _, c := range e.Columns {
		if f := c.Fill; f != nil && (!representable(*f) || len(c.Categories) > 0 && !c.has(*f)) {
			return fmt.Errorf("encoding: column %.60q: fill: %v cannot stand in for a value", c.Name, *f)
		}
	}
	if _, err := (CSVFormat{Delimiter: e.Delimiter}).comma(); err != nil {
		return fmt.Errorf("encoding: delimiter: %w", err)
	}
	return nil
}

// has says whether a number is that of a category.
func (c EncodedColumn) has(code float64) bool {
	return code == math.Trunc(code) && code >= 0 && code < float64(len(c.Categories))
}

// encode gives the coordinates of some rows, whose values are given column by column. Those of a value that is missing are NaN
// where nothing stands in for it.
func (e *Encoding) encode(columns []*tableColumn, rows []int) Points {
	points := NewPoints(len(rows), e.Dim())
	at := 0
	for k, c := range e.Columns {
		values := columns[k].values
		for to, from := range rows {
			v := values[from]
			if math.IsNaN(v) && c.Fill != nil {
				v = *c.Fill
			}
			switch x := points.Row(to)[at : at+c.width()]; {
			case c.Categories == nil:
				x[0] = v
			case math.IsNaN(v):
				copy(x, slices.Repeat([]float64{v}, len(x)))
			default:
				x[int(v)] = 1
			}
		}
		at += c.width()
	}
	return points
}

// Spread gives all coordinates of a column what is given for the column: [N, columns] -> [N, dim].
func (e *Encoding) Spread(columns Points) Points {
	points := NewPoints(columns.N, e.Dim())
	for i := range columns.N {
		x := points.Row(i)
		for k, c := range e.Columns {
			for j := range c.width() {
				x[j] = columns.Row(i)[k]
			}
			x = x[c.width():]
		}
	}
	return points
}

// blur adds normal noise to the coordinates of categories.
func (e *Encoding) blur(points Points, std float64, r *rand.Rand) {
	for i := range points.N {
		x, at := points.Row(i), 0
		for _, c := range e.Columns {
			for j := range len(c.Categories) {
				x[at+j] += std * r.NormFloat64()
			}
			at += c.width()
		}
	}
}

// Decode is the way back: the values of the columns of points, [N, columns]. Of a column of categories it is the number of the
// one whose coordinate is largest, from 0.
func (e *Encoding) Decode(points Points) Points {
	if e == nil {
		return points
	}
	values := NewPoints(points.N, len(e.Columns))
	for i := range points.N {
		x := points.Row(i)
		for k, c := range e.Columns {
			values.Row(i)[k] = x[0]
			if c.Categories != nil {
				values.Row(i)[k] = float64(largest(x[:c.width()]))
			}
			x = x[c.width():]
		}
	}
	return values
}

// largest is the index of the largest value.
func largest(x []float64) (at int) {
	for j, v := range x {
		if v > x[at] {
			at = j
		}
	}
	return at
}

// Text is a value of column k as a cell: the name of a category, or a number as short as bits, 32 or 64, allow.
func (e *Encoding) Text(k int, value float64, bits int) string {
	if e != nil && e.Columns[k].Categories != nil {
		return e.Columns[k].Categories[int(value)]
	}
	return strconv.FormatFloat(value, 'g', -1, bits)
}

// Numbers are decoded values as an array has them, which holds no text: a category is its name where the names of all in its
// column are numbers, and its number elsewhere.
func (e *Encoding) Numbers(values Points) Points {
	if e == nil {
		return values
	}
	for k, c := range e.Columns {
		numbers, all := numbersOf(c.Categories)
		for i := 0; i < values.N && all && c.Categories != nil; i++ {
			values.Row(i)[k] = numbers[int(values.Row(i)[k])]
		}
	}
	return values
}

// HasCategories says whether a column is one of categories.
func (e *Encoding) HasCategories() bool {
	return slices.ContainsFunc(e.Columns, func(c EncodedColumn) bool { return c.Categories != nil })
}
