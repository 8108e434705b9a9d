package datasets

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// table is what is taken of the columns of a file.
type table struct {
	name    string // what errors call the file
	names   []string
	find    func(column string) (int, bool)
	rows    int
	columns []*tableColumn // in the order of the coordinates
	label   *tableColumn   // nil: none
	// why says what columns are asked for, and remedy what to do about a missing value that is an error, or unlabelled about a
	// missing class.
	why, remedy, unlabelled string
	// place names the row that is being read, as errors begin.
	place func() string
}

// tableColumn is a column as far as it has been read.
type tableColumn struct {
	name       string
	at         int         // in the file
	categories *categories // nil for numbers
	values     []float64   // one for each row: numbers, or the codes of categories; NaN where it is missing
	rows       int
	canMiss    bool // a missing value is no error
	// isSure says that the column is taken. Otherwise it is as soon as it holds a number, and until then problem is what is
	// wrong with the first cell that holds none.
	isSure  bool
	problem error
}

// layout makes the table that is read of a file with columns of these names, which it has itself or not.
type layout func(name string, names []string, isNamed bool) (*table, error)

// layout implements the type of that name: the columns that the settings take.
func (s *Table) layout(name string, names []string, isNamed bool) (*table, error) {
	t := &table{name: name, names: names, find: finder(names, isNamed),
		remedy: "missing says what to do about it: drop, mean or median", unlabelled: "missing: drop leaves out its row"}
	categorical := map[int]*categories{}
	for k, column := range s.Categorical {
		j, err := t.at(column)
		if err != nil {
			return nil, err
		}
		var given []string
		if k < len(s.Categories) {
			given = s.Categories[k]
		}
		categorical[j] = newCategories(given)
	}
	if s.Label != "" {
		j, err := t.at(s.Label)
		if err != nil {
			return nil, err
		}
		t.label = &tableColumn{name: names[j], at: j, categories: newCategories(nil), isSure: true, canMiss: s.Missing == missingDrop}
	}
	taken := map[int]bool{}
	t.columns = make([]*tableColumn, 0, len(names))
	for _, column := range s.Columns {
		j, err := t.at(column)
		if err != nil {
			return nil, err
		}
		if taken[j] {
			return nil, fmt.Errorf("%s: column %.60q is asked for twice", name, column)
		}
		t.columns, taken[j] = append(t.columns, &tableColumn{name: names[j], at: j, categories: categorical[j], isSure: true}), true
	}
	for j := range names {
		isTaken := categorical[j] != nil || names[j] != "" && (t.label == nil || t.label.at != j)
		if len(s.Columns) == 0 && isTaken {
			t.columns = append(t.columns, &tableColumn{name: names[j], at: j, categories: categorical[j], isSure: categorical[j] != nil})
		} else if categorical[j] != nil && !taken[j] {
			return nil, fmt.Errorf("%s: column %.60q is categorical, and not among the columns", name, names[j])
		}
	}
	for _, c := range t.columns {
		if c.canMiss = s.Missing != missingError; t.label != nil && c.at == t.label.at {
			return nil, fmt.Errorf("%s: column %.60q is the label, which is no coordinate", name, c.name)
		}
	}
	return t, nil
}

// at is where a column is in the file.
func (t *table) at(column string) (int, error) {
	j, found := t.find(column)
	if !found {
		return 0, fmt.Errorf("%s: there is no column %.60q%s%s", t.name, column, t.why, alternatives(column, t.names))
	}
	return j, nil
}

// finder returns what gives the index of a column, and whether there is such a one. Without names it is a number, or one
// after an x.
func finder(names []string, isNamed bool) func(column string) (int, bool) {
	if isNamed {
		index := make(map[string]int, len(names))
		for j, column := range slices.Backward(names) { // of several without a name the first counts
			index[column] = j
		}
		return func(column string) (int, bool) { j, found := index[column]; return j, found }
	}
	return func(column string) (int, bool) {
		j, err := strconv.Atoi(strings.TrimPrefix(column, "x"))
		return j, err == nil && 0 <= j && j < len(names)
	}
}

// all are the columns to be read.
func (t *table) all() []*tableColumn {
	if t.label == nil {
		return t.columns
	}
	return append(t.columns[:len(t.columns):len(t.columns)], t.label)
}

// errMissing is what is wrong with a value that is not there.
var errMissing = errors.New("the value is missing")

// fail is an error in the row that is being read.
func (t *table) fail(c *tableColumn, problem error) error {
	return fmt.Errorf("%scolumn %.60q: %w", t.place(), c.name, problem)
}

// addText adds the cell of a column in the next row, given what stands for a missing value.
func (t *table) addText(c *tableColumn, cell string, missing *tokens) error {
	if missing.has(cell) {
		if cell == "" {
			return t.addMissing(c, errors.New("the cell is empty"))
		}
		if isNumber(cell) { // such as NaN
			if err := c.ensure(); err != nil {
				return err
			}
		}
		return t.addMissing(c, fmt.Errorf("%.60q stands for a missing value", cell))
	}
	if c.categories != nil {
		code, err := c.categories.code(cell)
		if err != nil {
			return t.fail(c, err)
		}
		c.add(float64(code))
		return nil
	}
	x, err := strconv.ParseFloat(cell, 64)
	switch {
	case err == nil && representable(x):
		return c.addNumber(x)
	case isNumber(cell):
		return c.unfit(t.fail(c, fmt.Errorf("%.60s is not a finite number of single precision", cell)))
	}
	return c.unfit(t.fail(c, fmt.Errorf("%.60q is not a number", cell)))
}

// addValue adds the number of a column in the next row; NaN is a missing one.
func (t *table) addValue(c *tableColumn, x float64) error {
	switch {
	case math.IsNaN(x):
		return t.addMissing(c, errMissing)
	case c.categories != nil:
		return t.addText(c, strconv.FormatFloat(x, 'g', -1, 64), nil)
	case !representable(x):
		return c.unfit(t.fail(c, fmt.Errorf("%v is not a finite number of single precision", x)))
	}
	return c.addNumber(x)
}

// addMissing adds a value that is not there to a column, for a reason.
func (t *table) addMissing(c *tableColumn, reason error) error {
	if c.canMiss {
		c.add(math.NaN())
		return nil
	}
	remedy := t.remedy
	if c == t.label {
		remedy = t.unlabelled
	}
	return c.unfit(t.fail(c, fmt.Errorf("%w, want a value; %s", reason, remedy)))
}

// add adds a value, or what stands for it.
func (c *tableColumn) add(x float64) {
	if c.rows++; c.isSure {
		c.values = append(c.values, x)
	}
}

// addNumber adds a number, which makes sure that the column is one of numbers.
func (c *tableColumn) addNumber(x float64) error {
	if err := c.ensure(); err != nil {
		return err
	}
	c.add(x)
	return nil
}

// ensure makes sure that a column is taken. All of it has to be numbers, or missing where that is allowed.
func (c *tableColumn) ensure() error {
	if c.isSure || c.problem != nil {
		return c.problem
	}
	c.isSure = true
	for range c.rows {
		c.values = append(c.values, math.NaN())
	}
	return nil
}

// unfit adds a cell that is no number, which is an error in a column that is sure to be taken.
func (c *tableColumn) unfit(problem error) error {
	if c.isSure {
		return problem
	}
	if c.problem == nil {
		c.problem = problem
	}
	c.rows++
	return nil
}

// finish leaves out the columns without numbers, once all rows have been read.
func (t *table) finish() error {
	t.columns = slices.DeleteFunc(t.columns, func(c *tableColumn) bool { return !c.isSure })
	if len(t.columns) == 0 {
		return fmt.Errorf("%s: there is no column of numbers%s", t.name, alternatives("", t.names))
	}
	for _, c := range t.all() {
		t.rows = c.rows
		if c.categories != nil {
			c.categories.sort(c.values)
		}
	}
	return nil
}
