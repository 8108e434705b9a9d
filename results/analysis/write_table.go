package analysis

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"joule/results"
)

// WriteTables writes tables one after the other; as CSV and JSON all of their samples together, one a line.
func WriteTables(w io.Writer, tables []*Table, f Format) error {
	switch f {
	case CSV:
		return writeSamples(w, tables)
	case JSON:
		return encode(w, samplesOf(tables))
	}
	for i, t := range tables {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := t.write(w, f); err != nil {
			return err
		}
	}
	return nil
}

// write writes a table as text or as Markdown.
func (t *Table) write(w io.Writer, f Format) error {
	byMetric := slices.Equal(t.ColumnKeys, []string{MetricKey})
	if !byMetric {
		if err := title(w, f, "%s by %s and %s", describe(t.Figures[0]), strings.Join(t.RowKeys, ", "), strings.Join(t.ColumnKeys, ", ")); err != nil {
			return err
		}
	}
	g := &grid{header: slices.Clone(t.RowKeys), left: len(t.RowKeys)}
	for k, values := range t.Columns {
		name := label(values)
		if byMetric {
			name = describe(t.Figures[k])
		}
		g.header = append(g.header, name)
	}
	for _, values := range t.Rows {
		row := make([]string, len(values))
		for k, v := range values {
			row[k] = label([]string{v})
		}
		g.rows = append(g.rows, row)
	}
	marked, several, shared := false, false, false
	for k := range t.Columns {
		for i, text := range t.columnText(k, f) {
			g.rows[i] = append(g.rows[i], text)
			marked = marked || t.Best[i][k]
			if s := t.Samples[i][k]; s != nil {
				several, shared = several || s.HalfWidth != nil, shared || s.shared
			}
		}
	}
	if err := g.write(w, f); err != nil {
		return err
	}
	var words []string
	if several {
		words = append(words, "±: 95 % interval of the mean over seeds")
	}
	if marked {
		words = append(words, map[bool]string{true: "bold", false: "*"}[f == Markdown]+": best of its column, or not told apart from it")
	}
	if shared {
		words = append(words, "no ±: runs that were trained in one program share its time and memory")
	}
	if len(words) > 0 {
		if err := note(w, f, "%s.", strings.Join(words, "; ")); err != nil {
			return err
		}
	}
	return t.writeDoubts(w, f)
}

// writeDoubts says how many figures are doubtful, and why one is.
func (t *Table) writeDoubts(w io.Writer, f Format) error {
	figures, doubtful, doubt := 0, 0, ""
	for _, samples := range t.Samples {
		for k, s := range samples {
			if s != nil && !t.Figures[k].Cost {
				figures, doubtful, doubt = figures+s.N, doubtful+s.Doubtful, cmp.Or(doubt, s.doubt)
			}
		}
	}
	if doubtful == 0 {
		return nil
	}
	return note(w, f, "Of %d figures %d are of runs with warnings, such as %s", figures, doubtful, shortened(doubt))
}

// columnText are the cells of a column, in plain text as wide as each other up to what follows the numbers, so that these are in line.
func (t *Table) columnText(column int, f Format) []string {
	cells, ends := make([]string, len(t.Rows)), make([]string, len(t.Rows))
	widest := 0
	for i := range t.Rows {
		var lacks string
		cells[i], lacks = t.Samples[i][column].text(t.Figures[column])
		switch {
		case t.Best[i][column] && f == Markdown:
			cells[i] = "**" + cells[i] + "**"
		case t.Best[i][column]:
			ends[i] = " *"
		}
		ends[i] += lacks
		widest = max(widest, width(ends[i]))
	}
	for i := range cells {
		cells[i] += ends[i]
		if f == Text {
			cells[i] += strings.Repeat(" ", widest-width(ends[i]))
		}
	}
	return cells
}

// describe is a figure with its unit, and which values are good.
func describe(f results.Figure) string {
	text := f.Title
	if f.Unit != "" {
		text += " (" + f.Unit + ")"
	}
	switch f.Prefer {
	case results.Least:
		return text + " ↓"
	case results.Most:
		return text + " ↑"
	}
	return text
}

// cellRecord is a sample with where it is.
type cellRecord struct {
	Metric string            `json:"metric"`
	Row    map[string]string `json:"row"`
	Column map[string]string `json:"column,omitempty"`
	*Sample
	Best bool `json:"best"`
}

// samplesOf are all samples of tables; empty rather than nil.
func samplesOf(tables []*Table) []cellRecord {
	all := []cellRecord{}
	for _, t := range tables {
		for i, samples := range t.Samples {
			for k, s := range samples {
				if s == nil {
					continue
				}
				record := cellRecord{t.Figures[k].Name, named(t.RowKeys, t.Rows[i]), nil, s, t.Best[i][k]}
				if !slices.Equal(t.ColumnKeys, []string{MetricKey}) {
					record.Column = named(t.ColumnKeys, t.Columns[k])
				}
				all = append(all, record)
			}
		}
	}
	return all
}

func named(keys, values []string) map[string]string {
	m := make(map[string]string, len(keys))
	for i, key := range keys {
		m[key] = values[i]
	}
	return m
}

// writeSamples writes a line a sample.
func writeSamples(w io.Writer, tables []*Table) error {
	keys := slices.Clone(tables[0].RowKeys)
	if !slices.Equal(tables[0].ColumnKeys, []string{MetricKey}) {
		keys = append(keys, tables[0].ColumnKeys...)
	}
	header := append([]string{"metric"}, keys...)
	header = append(header, "runs", "n", "mean", "standard_deviation", "half_width")
	for _, status := range results.Statuses[1:] {
		header = append(header, string(status))
	}
	header = append(header, "unmeasured", "doubtful", "best")
	var lines [][]string
	for _, c := range samplesOf(tables) {
		line := []string{c.Metric}
		for _, key := range keys {
			value, ok := c.Row[key]
			if !ok {
				value = c.Column[key]
			}
			line = append(line, value)
		}
		line = append(line, strconv.Itoa(c.Runs), strconv.Itoa(c.N), digits(c.Mean), digits(c.StdDev), digits(c.HalfWidth))
		for _, status := range results.Statuses[1:] {
			line = append(line, strconv.Itoa(c.Failures[status]))
		}
		lines = append(lines, append(line, strconv.Itoa(c.Unmeasured), strconv.Itoa(c.Doubtful), strconv.FormatBool(c.Best)))
	}
	return records(w, header, lines)
}
