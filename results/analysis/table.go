package analysis

import (
	"slices"

	"joule/results"
)

// MetricKey stands for the figures as columns of a table.
const MetricKey = "metric"

// TableOptions are what a table has as its rows and columns.
type TableOptions struct {
	// Rows and Columns are keys of rows of results. Where Rows is empty, it is what is most like a method, and what else is needed so
	// that runs in one cell differ by their seeds alone; where Columns is, the data. [MetricKey] as the only column is for the figures:
	// also where Columns is empty, several figures are asked for, and there is one data set.
	Rows, Columns []string
	// Figures are those of [Figures].
	Figures []results.Figure
}

// Table has what runs have come to, by rows and columns.
type Table struct {
	RowKeys, ColumnKeys []string
	// Rows and Columns are values of the keys.
	Rows, Columns [][]string
	// Figures has the figure of each column.
	Figures []results.Figure
	// Samples are by row and column; nil where there is no run.
	Samples [][]*Sample
	// Best marks the samples with the best mean of their column, and those that are not told apart from it, in columns with one that is.
	Best [][]bool
}

// Tables makes a table a figure, or one of all with figures as columns.
func Tables(rows []*results.Row, o TableOptions) ([]*Table, error) {
	byMetric := slices.Equal(o.Columns, []string{MetricKey})
	columns := o.Columns
	if byMetric {
		columns = nil
	}
	rowKeys, columnKeys, err := layout(rows, o.Rows, columns, "rows", "columns")
	if err != nil {
		return nil, err
	}
	byMetric = byMetric || len(o.Columns) == 0 && len(o.Figures) > 1 && len(groupBy(rows, columnKeys)) == 1
	if byMetric || len(columnKeys) == 0 {
		if len(o.Rows) == 0 && len(groupBy(rows, columnKeys)) > 1 {
			rowKeys = append(rowKeys, columnKeys...)
		} else if err := checkMixed(rows, rowKeys, "rows"); err != nil {
			return nil, err
		}
		return []*Table{tableOf(rows, rowKeys, nil, o.Figures)}, nil
	}
	var tables []*Table
	for _, f := range o.Figures {
		tables = append(tables, tableOf(rows, rowKeys, columnKeys, []results.Figure{f}))
	}
	return tables, nil
}

// tableOf makes a table of one figure by keys of columns, or of figures as columns where there are no such keys.
func tableOf(rows []*results.Row, rowKeys, columnKeys []string, figures []results.Figure) *Table {
	t := &Table{RowKeys: rowKeys, ColumnKeys: columnKeys}
	if columnKeys == nil {
		t.ColumnKeys, t.Figures = []string{MetricKey}, figures
		for _, f := range figures {
			t.Columns = append(t.Columns, []string{f.Name})
		}
	}
	place := map[string]int{}
	if columnKeys != nil {
		for k, g := range groupBy(rows, columnKeys) {
			place[joined(g.values)] = k
			t.Columns, t.Figures = append(t.Columns, g.values), append(t.Figures, figures[0])
		}
	}
	for _, g := range groupBy(rows, rowKeys) {
		samples := make([]*Sample, len(t.Columns))
		if columnKeys == nil {
			for k, f := range figures {
				samples[k] = sampleOf(g.rows, f)
			}
		} else {
			for _, cell := range groupBy(g.rows, columnKeys) {
				samples[place[joined(cell.values)]] = sampleOf(cell.rows, figures[0])
			}
		}
		t.Rows, t.Samples, t.Best = append(t.Rows, g.values), append(t.Samples, samples), append(t.Best, make([]bool, len(samples)))
	}
	for k := range t.Columns {
		t.mark(k)
	}
	return t
}

// mark finds the best of a column: of those on the same data the one with the best mean, and those that a paired test on the seeds in
// common, corrected for their number, does not tell from it. Where it tells none, there is no best.
func (t *Table) mark(column int) {
	f := t.Figures[column]
	if f.Prefer == results.Neither {
		return
	}
	best := map[string]int{} // by problem
	for i := range t.Rows {
		s := t.Samples[i][column]
		if s == nil || s.N == 0 {
			continue
		}
		first, known := best[s.problem]
		if !known || f.Prefer == results.Least && *s.Mean < *t.Samples[first][column].Mean || f.Prefer == results.Most && *s.Mean > *t.Samples[first][column].Mean {
			best[s.problem] = i
		}
	}
	for problem, i := range best {
		t.markBeside(i, column, problem)
	}
}

// markBeside marks the best sample of a column on some data, and what is not told from it.
func (t *Table) markBeside(best, column int, problem string) {
	first := t.Samples[best][column]
	var family []*Difference
	var figures []results.Figure
	var others []int
	for i := range t.Rows {
		if s := t.Samples[i][column]; i != best && s != nil && s.N > 0 && s.problem == problem {
			x, y := paired(first, s)
			family = append(family, differenceOf(x, y, first.shared || s.shared))
			figures, others = append(figures, t.Figures[column]), append(others, i)
		}
	}
	judge(family, figures)
	apart := slices.ContainsFunc(family, func(d *Difference) bool { return d.Verdict == Worse })
	t.Best[best][column] = apart
	for k, i := range others {
		t.Best[i][column] = apart && family[k].Verdict != Worse
	}
}
