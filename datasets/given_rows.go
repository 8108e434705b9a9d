package datasets

import "fmt"

// GivenRows takes rows that come cell by cell, as those of a request do, and gives them the coordinates that they would have had
// in the data, before any standardising. Errors name row and column. Every row gets one cell of each column, in any order, and
// then [GivenRows.End]; after an error nothing more can be added.
type GivenRows struct {
	e *Encoding
	t *table
}

// GivenRows makes ready for rows.
func (e *Encoding) GivenRows() *GivenRows {
	r := &GivenRows{e: e, t: &table{remedy: "the run has nothing that stands in for one"}}
	of := rowLayout{e: e}
	r.t.names = e.Names()
	for at, c := range e.Columns {
		of.add(r.t, at, c)
	}
	r.t.place = func() string { return fmt.Sprintf("row %d, ", r.t.rows+1) }
	return r
}

// Number adds a number to a column, by its place in the encoding. In a column of categories it is the name of one.
func (r *GivenRows) Number(column int, x float64) error {
	return r.t.addValue(r.t.columns[column], x)
}

// Text adds the name of a category to a column. It is an error that the column is one of numbers.
func (r *GivenRows) Text(column int, text string) error {
	c := r.t.columns[column]
	if c.categories == nil {
		return r.t.fail(c, fmt.Errorf("%.60q is text; want a number", text))
	}
	return r.t.addText(c, text, nil)
}

// Missing adds a missing value to a column. It is an error that nothing stands in for it.
func (r *GivenRows) Missing(column int) error {
	return r.t.addMissing(r.t.columns[column], errMissing)
}

// End ends a row. It is an error that it has no cell of a column.
func (r *GivenRows) End() error {
	for _, c := range r.t.columns {
		if c.rows != r.t.rows+1 {
			return r.t.fail(c, errMissing)
		}
	}
	r.t.rows++
	return nil
}

// N is the number of rows that have ended.
func (r *GivenRows) N() int { return r.t.rows }

// Points are the coordinates of all rows, [N, dim].
func (r *GivenRows) Points() Points { return r.e.encode(r.t.columns, r.t.whole(false)) }

// ParseNPY is [Encoding.Read] for the content of an NPY file; name, which ends in .npy, is what errors call it.
func (e *Encoding) ParseNPY(name string, content []byte) (Points, error) {
	t, err := readNPY(name, content, rowLayout{e: e}.layout)
	if err != nil {
		return Points{}, err
	}
	if n := len(t.columns); n != len(e.Columns) {
		return Points{}, e.misfit(name, n)
	}
	return e.encode(t.columns, t.whole(false)), nil
}
