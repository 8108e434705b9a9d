package suitepage

import (
	"fmt"
	"strconv"
	"strings"

	"joule/results"
)

// table has a row for each cell.
type table struct {
	Axes    []string
	Filters []filter
	Figures []heading
	Rows    []row
	All     int // cells, of which some may be left out
	Filled  int // figures in a row
}

// filter are the values of an axis to choose from.
type filter struct {
	Axis   string
	Number int // of the axis
	Values []string
}

// heading is the head of a column of figures.
type heading struct {
	Name, Title, Unit, Meaning string
	Prefer                     string
	Telling                    bool
}

// row is a cell in the table.
type row struct {
	Cell, Method, Data int
	Label              string
	Axes               []string
	Completed, Runs    int
	Ending             string // how many runs failed, and how; empty: none
	Reason             string // of a cell without a completed run
	Instead            string // what stands in its fields
	Fields             []field
}

// field is a figure of a cell.
type field struct {
	Text, Interval string
	Value, Half    string // in full; empty: there is none
	Few            string // how many of the completed runs have it, where not all do
	Best           bool   // the best mean on its data
	Apart          bool   // it, or not told from it
}

// mostValues is the number of values up to which an axis is filtered by choosing one of them.
const mostValues = 200

func tableOf(all *cells, f figures) table {
	t := table{Axes: all.axes, All: len(all.cells)}
	for i, key := range all.axes {
		var values labels
		for _, c := range all.cells {
			values.of(c.axes[i])
		}
		if n := len(values.list); n > 1 && n <= mostValues {
			t.Filters = append(t.Filters, filter{key, i, values.list})
		}
	}
	for _, figure := range f.list {
		t.Figures = append(t.Figures, heading{figure.Name, figure.Title, figure.Unit, figure.Meaning, preferences[figure.Prefer], f.isTelling(figure.Name)})
	}
	best := make([][]bool, len(f.list))
	for i, figure := range f.list {
		best[i] = bestOf(all, figure)
	}
	for i, c := range all.cells[:min(len(all.cells), maxCells)] {
		r := row{Cell: i, Method: c.method, Data: c.at, Label: c.label, Axes: c.axes, Runs: len(c.rows)}
		r.Completed, r.Ending = ending(c.rows)
		if r.Completed == 0 {
			r.Reason, r.Instead = cut(c.rows[0].Reason, 160), words(c.rows[0].Status)
		}
		for j, figure := range f.list {
			var d field
			if s, ok := c.figures[figure.Name]; ok {
				d.Text, d.Interval = s.text(figure)
				d.Value, d.Best = strconv.FormatFloat(s.mean, 'g', 6, 64), best[j][i]
				d.Apart = s.isApart
				if s.half > 0 {
					d.Half = strconv.FormatFloat(s.half, 'g', 3, 64)
				}
				if s.n < r.Completed {
					d.Few = fmt.Sprintf("%d of %d", s.n, r.Completed)
				}
			}
			r.Fields = append(r.Fields, d)
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// bestOf says of each cell whether none on the same data has a better mean. What is written alike is equally good; where there
// is nothing to compare, or all are equally good, none is best.
func bestOf(all *cells, f results.Figure) []bool {
	best := make([]bool, len(all.cells))
	if f.Prefer == results.Neither {
		return best
	}
	type extreme struct {
		mean   float64
		text   string
		others bool // with a worse mean
	}
	of := map[int]extreme{}
	for _, c := range all.cells {
		s, ok := c.figures[f.Name]
		if !ok {
			continue
		}
		text, _ := s.text(f)
		e, known := of[c.at]
		switch isBetter := s.mean < e.mean == (f.Prefer == results.Least); {
		case !known:
			e = extreme{s.mean, text, false}
		case text == e.text:
		case isBetter:
			e = extreme{s.mean, text, true}
		default:
			e.others = true
		}
		of[c.at] = e
	}
	for i, c := range all.cells {
		if s, ok := c.figures[f.Name]; ok {
			text, _ := s.text(f)
			best[i] = of[c.at].others && text == of[c.at].text
		}
	}
	return best
}

// ending counts runs that are completed, and says how the others ended.
func ending(rows []*results.Row) (completed int, others string) {
	count := map[results.Status]int{}
	for _, r := range rows {
		count[r.Status]++
	}
	var parts []string
	for _, status := range results.Statuses {
		if n := count[status]; n > 0 && status != results.Completed {
			parts = append(parts, fmt.Sprintf("%d %s", n, words(status)))
		}
	}
	return count[results.Completed], strings.Join(parts, ", ")
}

// words are a status as text has it.
func words(s results.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// cut shortens a text to so many characters.
func cut(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return strings.TrimSpace(string(letters[:most-1])) + "…"
}
