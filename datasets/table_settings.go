package datasets

import (
	"fmt"
	"math"
	"slices"
)

// Table holds the settings of which columns of a file are taken, and how they become coordinates.
type Table struct {
	// Columns names the columns that are taken, in order. Where the file has no names they are called 0, 1, … or x0, x1, ….
	// When empty, all columns of numbers are taken, and those of categories, but for one without a name in the header: that is
	// how R and pandas write row numbers.
	Columns []string `yaml:"columns"`

	// Label names the column that says which class a row is of. It is no coordinate.
	Label string `yaml:"label"`

	// Categorical names the columns of categories: each becomes a coordinate that is 1 or 0.
	Categorical []string `yaml:"categorical"`

	// Categories lists the categories of each of them, in their order. Of a column that has no list, or an empty one, they are
	// those in the file, sorted.
	Categories [][]string `yaml:"categories"`

	// CategoryNoise is the standard deviation of noise on these coordinates, so that there is a density.
	CategoryNoise float64 `yaml:"category_noise" check:">= 0, <= 1"`

	// Missing says what is done about a value that is missing: it is an error, its row is dropped, or the column's mean or
	// median over the training part stands in for it, and in a column of categories the most frequent one.
	Missing string `yaml:"missing" check:"in error|drop|mean|median"`

	// Constant says what is done about a column of which all training points have the same value: where points are
	// standardised it is an error, or it is dropped.
	Constant string `yaml:"constant" check:"in error|drop"`
}

// What can be done about missing values and constant columns.
const (
	missingError  = "error"
	missingDrop   = "drop"
	missingMean   = "mean"
	missingMedian = "median"
	constantError = "error"
	constantDrop  = "drop"
)

var defaultTable = Table{Missing: missingError, Constant: constantError}

// Check reports what is wrong across the keys.
func (s *Table) Check(report func(key, problem string)) {
	if len(s.Categories) > len(s.Categorical) {
		report("categories", fmt.Sprintf("%d lists for %d categorical columns, want at most one each", len(s.Categories), len(s.Categorical)))
	}
	for k, list := range s.Categories {
		if len(list) > maxCategories {
			report("categories", fmt.Sprintf("list %d has %d categories, want at most %d", k+1, len(list), maxCategories))
		}
		for i, name := range list {
			if slices.Contains(list[:min(i, maxCategories)], name) {
				report("categories", fmt.Sprintf("list %d has %.60q twice", k+1, name))
				break
			}
		}
	}
	for i, column := range s.Categorical {
		if slices.Contains(s.Categorical[:i], column) {
			report("categorical", fmt.Sprintf("%.60q is there twice", column))
		}
		if column == s.Label {
			report("categorical", fmt.Sprintf("%.60q is the label, which is no coordinate", column))
		}
	}
	if s.Label != "" && slices.Contains(s.Columns, s.Label) {
		report("columns", fmt.Sprintf("%.60q is the label, which is no coordinate", s.Label))
	}
}

// load makes a set of a table that was read.
func (s *Table) load(t *table, f FileData, p Preparation, seed int64) (*Set, error) {
	set, err := s.prepare(t, f, p, seed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	return set, nil
}

func (s *Table) prepare(t *table, f FileData, p Preparation, seed int64) (*Set, error) {
	rows := t.whole(s.Missing == missingDrop)
	if len(rows) < 2 {
		if len(rows) < t.rows {
			return nil, fmt.Errorf("%d of %d rows have no missing value, want at least 2: missing can be mean or median instead of drop", len(rows), t.rows)
		}
		return nil, fmt.Errorf("%d row of numbers, want at least 2", len(rows))
	}
	dealt, err := p.deal(len(rows), seed)
	if err != nil {
		return nil, err
	}
	for _, part := range [][]int{dealt.train, dealt.validation, dealt.test} {
		for i, place := range part {
			part[i] = rows[place]
		}
	}
	e := t.encoding()
	for k, c := range t.columns {
		if e.Columns[k].Fill, err = s.fill(c, dealt.train); err != nil {
			return nil, fmt.Errorf("column %.60q: %w", c.name, err)
		}
	}
	if err := s.leaveOutConstants(t, e, dealt.train, p.Standardize); err != nil {
		return nil, err
	}
	if dim := e.Dim(); dim > 0 && len(rows) > math.MaxInt/8/dim {
		return nil, fmt.Errorf("%d rows of %d coordinates are more than there is memory for", len(rows), dim)
	}
	set := &Set{
		Train: e.encode(t.columns, dealt.train), Validation: e.encode(t.columns, dealt.validation), Test: e.encode(t.columns, dealt.test),
		Columns: e.Coordinates(), Encoding: e, Labels: t.labels(dealt),
	}
	if s.CategoryNoise > 0 {
		r := newRand(seed, streamCategories)
		for _, part := range []Points{set.Train, set.Validation, set.Test} {
			e.blur(part, s.CategoryNoise, r)
		}
	}
	if p.Standardize {
		set.Transform = e.standardizer(set.Train)
		set.standardize()
	}
	return set, f.fit(set, seed)
}

// encoding is that of the columns as they are.
func (t *table) encoding() *Encoding {
	e := &Encoding{Columns: make([]EncodedColumn, 0, len(t.columns))}
	for _, c := range t.columns {
		column := EncodedColumn{Name: c.name}
		if c.categories != nil {
			column.Categories = c.categories.names
		}
		e.Columns = append(e.Columns, column)
	}
	return e
}

// whole lists the rows, or those without a missing value.
func (t *table) whole(only bool) []int {
	rows := make([]int, 0, t.rows)
	columns := t.all()
	for i := range t.rows {
		if !only || !slices.ContainsFunc(columns, func(c *tableColumn) bool { return math.IsNaN(c.values[i]) }) {
			rows = append(rows, i)
		}
	}
	return rows
}

// fill is what stands in for a missing value of a column, given the rows of the training part.
func (s *Table) fill(c *tableColumn, train []int) (*float64, error) {
	if s.Missing != missingMean && s.Missing != missingMedian {
		return nil, nil
	}
	var there []float64
	for _, i := range train {
		if v := c.values[i]; !math.IsNaN(v) {
			there = append(there, v)
		}
	}
	if len(there) == 0 {
		return nil, fmt.Errorf("all %d training points miss the value, so that nothing can stand in for it: leave the column out", len(train))
	}
	var fill float64
	switch {
	case c.categories != nil:
		counts := make([]float64, len(c.categories.names))
		for _, code := range there {
			counts[int(code)]++
		}
		fill = float64(largest(counts))
	case s.Missing == missingMean:
		for _, v := range there {
			fill += v / float64(len(there))
		}
	default:
		slices.Sort(there)
		fill = there[len(there)/2]/2 + there[(len(there)-1)/2]/2
	}
	return &fill, nil
}

// leaveOutConstants takes the columns that are constant over the training part out of table and encoding, or says that they
// cannot be standardised.
func (s *Table) leaveOutConstants(t *table, e *Encoding, train []int, standardize bool) error {
	if s.Constant != constantDrop && !standardize {
		return nil
	}
	var columns []*tableColumn
	var encoded []EncodedColumn
	for k, c := range t.columns {
		value, isConstant := c.constant(train, e.Columns[k].Fill)
		switch {
		case !isConstant:
			columns, encoded = append(columns, c), append(encoded, e.Columns[k])
		case s.Constant != constantDrop:
			shown := fmt.Sprint(value)
			if c.categories != nil {
				shown = fmt.Sprintf("%.60q", c.categories.names[int(value)])
			}
			return fmt.Errorf("column %.60q is constant (%s in all %d training points), so it cannot be standardised: "+
				"leave the column out, as constant: drop does, or set standardize to false", c.name, shown, len(train))
		}
	}
	if t.columns, e.Columns = columns, encoded; len(columns) == 0 {
		return fmt.Errorf("all columns are constant over the training part, and constant is %s: nothing is left", constantDrop)
	}
	return nil
}

// constant is the value that some rows have, and whether all have the same.
func (c *tableColumn) constant(rows []int, fill *float64) (value float64, isConstant bool) {
	value = math.NaN()
	for _, i := range rows {
		v := c.values[i]
		if math.IsNaN(v) {
			v = *fill
		}
		if v != value && !math.IsNaN(value) {
			return 0, false
		}
		value = v
	}
	return value, true
}

// standardizer fits the map of the columns of numbers; the coordinates of categories stay as they are.
func (e *Encoding) standardizer(train Points) *Standardizer {
	mean, std := train.Moments()
	at := 0
	for _, c := range e.Columns {
		for j := range c.width() {
			if c.Categories != nil || std[at+j] == 0 { // of two neighbours among numbers the rounding may leave nothing
				mean[at+j], std[at+j] = 0, 1
			}
		}
		at += c.width()
	}
	return &Standardizer{Mean: mean, Std: std}
}

// labels are the classes of the rows of each part.
func (t *table) labels(of split) *Labels {
	if t.label == nil {
		return nil
	}
	classes := func(rows []int) []int {
		list := make([]int, len(rows))
		for to, from := range rows {
			list[to] = int(t.label.values[from])
		}
		return list
	}
	return &Labels{Classes: t.label.categories.names, Train: classes(of.train), Validation: classes(of.validation), Test: classes(of.test)}
}
