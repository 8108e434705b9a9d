package suitepage

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"joule/results"
	"joule/results/analysis"
)

// cells are all that the page is about.
type cells struct {
	suites []Suite
	// axes are the keys by which cells differ, in the order of the suites; where nothing differs, all keys.
	axes []string
	// fixed are the keys that all cells have the same value of, with it.
	fixed []results.Setting
	cells []*cell // in the order in which they first occur
	// methods and data are the labels of the two sides of what is measured, in the order in which they first occur, and
	// methodKeys and dataKeys the axes that make them; empty: the kinds do.
	methods, data        []string
	methodKeys, dataKeys []string
}

// cell is what runs are that differ by their seeds alone.
type cell struct {
	suite   int
	label   string             // the values of axes
	axes    []string           // the same, one by one; empty: this suite has no such axis
	method  int                // number of its label
	at      int                // number of the label of its data
	rows    []*results.Row     // by seed
	figures map[string]summary // of the completed runs that have them
}

// The axes that are not the suite's own, in pages of several suites and in suites without any.
const (
	suiteAxis  = "suite"
	methodAxis = "method"
	dataAxis   = "data"
)

// collect makes cells of rows. The error is of rows that cannot be put together.
func collect(suites []Suite) (*cells, error) {
	all := &cells{suites: suites}
	var rows []*results.Row
	number := map[string]int{} // of the suite, by name
	for i, s := range suites {
		name := all.suiteName(s)
		number[name] = i
		for _, r := range lastOf(s.Rows) {
			own := *r
			if own.Suite = name; r.Key != "" {
				own.Key = name + "/" + r.Key
			}
			rows = append(rows, &own)
		}
	}
	rows, err := analysis.Prepare(rows)
	if err != nil {
		return nil, err
	}
	keys := keysOf(rows)
	if len(suites) > 1 {
		keys = append([]string{suiteAxis}, keys...)
	}
	if len(keys) == 0 {
		keys = []string{methodAxis, dataAxis}
	}
	known := map[string]*cell{}
	for _, r := range rows {
		values := make([]string, len(keys))
		for j, key := range keys {
			values[j], _ = r.Axis(key)
		}
		id := strings.Join(values, "\x00")
		c := known[id]
		if c == nil {
			c = &cell{suite: number[r.Suite], axes: values}
			known[id] = c
			all.cells = append(all.cells, c)
		}
		c.rows = append(c.rows, r)
	}
	if err := all.measure(rows, keys, known); err != nil {
		return nil, err
	}
	all.keepVarying(keys)
	for _, c := range all.cells {
		slices.SortStableFunc(c.rows, func(a, b *results.Row) int { return cmp.Compare(a.Seed, b.Seed) })
		c.label = strings.Join(c.axes, "/")
	}
	all.split()
	return all, nil
}

// lastOf are the rows of different runs. A journal that has a run twice, as after a change of the suite, has its last state last.
func lastOf(rows []*results.Row) []*results.Row {
	at := map[string]int{}
	var last []*results.Row
	for _, r := range rows {
		i, known := at[r.Run]
		switch {
		case r.Run == "" || !known:
			at[r.Run] = len(last)
			last = append(last, r)
		default:
			last[i] = r
		}
	}
	return last
}

// keysOf are the axes of rows in the order in which they first occur.
func keysOf(rows []*results.Row) []string {
	var keys labels
	for _, r := range rows {
		for _, a := range r.Axes {
			keys.of(a.Key)
		}
	}
	return keys.list
}

// measure gives the cells, by the values of all keys, their figures.
func (all *cells) measure(rows []*results.Row, keys []string, known map[string]*cell) error {
	var figures []results.Figure
	for _, f := range results.Figures {
		if slices.ContainsFunc(rows, func(r *results.Row) bool { _, ok := r.Metric(f.Name); return ok && r.Status == results.Completed }) {
			figures = append(figures, f)
		}
	}
	tables, err := analysis.Tables(rows, analysis.TableOptions{Rows: keys, Columns: []string{analysis.MetricKey}, Figures: figures})
	if err != nil {
		return err
	}
	t := tables[0]
	for i, values := range t.Rows {
		c := known[strings.Join(values, "\x00")]
		c.figures = map[string]summary{}
		for j, f := range figures {
			if sample := t.Samples[i][j]; sample.N > 0 {
				c.figures[f.Name] = summaryOf(sample, t.Best[i][j])
			}
		}
	}
	return nil
}

// suiteName tells suites apart: by the name, or where several have it, by the directory.
func (all *cells) suiteName(s Suite) string {
	name := nameOf(s)
	for _, other := range all.suites {
		if other.Dir != s.Dir && nameOf(other) == name {
			return s.Dir
		}
	}
	return name
}

func nameOf(s Suite) string {
	if len(s.Rows) > 0 && s.Rows[0].Suite != "" {
		return s.Rows[0].Suite
	}
	return filepath.Base(s.Dir)
}

// keepVarying leaves the axes on which cells differ.
func (all *cells) keepVarying(keys []string) {
	var kept []int
	for j, key := range keys {
		first := all.cells[0].axes[j]
		if slices.ContainsFunc(all.cells, func(c *cell) bool { return c.axes[j] != first }) {
			kept = append(kept, j)
		} else {
			all.fixed = append(all.fixed, results.Setting{Key: key, Value: first})
		}
	}
	if len(kept) == 0 { // a single cell
		all.axes, all.fixed = keys, nil
		return
	}
	for _, j := range kept {
		all.axes = append(all.axes, keys[j])
	}
	for _, c := range all.cells {
		values := make([]string, len(kept))
		for i, j := range kept {
			values[i] = c.axes[j]
		}
		c.axes = values
	}
}

// split gives each cell the labels of its method and of its data. What belongs to the data is called so by its key.
func (all *cells) split() {
	for _, key := range all.axes {
		if isOfData(key) {
			all.dataKeys = append(all.dataKeys, key)
		} else {
			all.methodKeys = append(all.methodKeys, key)
		}
	}
	if len(all.dataKeys) == 0 && all.kindsAreEnough() { // such as an axis of configs, each of one method on one data
		all.methodKeys = nil
	}
	methods, data := labels{}, labels{}
	for _, c := range all.cells {
		r := c.rows[0]
		method, label := all.join(c, all.methodKeys), all.join(c, all.dataKeys)
		if len(all.methodKeys) == 0 {
			method = cmp.Or(r.Method, "–")
		}
		if len(all.dataKeys) == 0 {
			label = cmp.Or(r.Data, "–")
		}
		c.method, c.at = methods.of(method), data.of(label)
	}
	all.methods, all.data = methods.list, data.list
}

func isOfData(key string) bool { return key == dataAxis || strings.HasPrefix(key, dataAxis+".") }

// kindsAreEnough reports whether no two cells have the kinds of method and data in common.
func (all *cells) kindsAreEnough() bool {
	seen := map[[2]string]bool{}
	for _, c := range all.cells {
		kinds := [2]string{c.rows[0].Method, c.rows[0].Data}
		if seen[kinds] || kinds[0] == "" {
			return false
		}
		seen[kinds] = true
	}
	return true
}

// join writes the values of a cell on some axes.
func (all *cells) join(c *cell, keys []string) string {
	var values []string
	for i, key := range all.axes {
		if slices.Contains(keys, key) {
			values = append(values, cmp.Or(c.axes[i], "–"))
		}
	}
	return strings.Join(values, " · ")
}

// labels are different texts with their numbers.
type labels struct {
	list []string
	at   map[string]int
}

// of is the number of a text, which is added where it is new.
func (l *labels) of(text string) int {
	i, known := l.at[text]
	if !known {
		if l.at == nil {
			l.at = map[string]int{}
		}
		i = len(l.list)
		l.list, l.at[text] = append(l.list, text), i
	}
	return i
}

// rows are all of them, cell by cell.
func (all *cells) rows() (rows []*results.Row) {
	for _, c := range all.cells {
		rows = append(rows, c.rows...)
	}
	return rows
}
