package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// cell is one field of the table.
type cell struct {
	Text   string
	Best   bool // of the runs it is compared with
	Number bool
}

// preference says which figures of a column are good.
type preference int

const (
	neither preference = iota
	least
	most
)

// column is a column of figures.
type column struct {
	title string
	// value is the figure of a run; false where it has none.
	value  func(r Run) (x float64, known bool)
	format func(x float64) string
	prefer preference
	// everywhere says that runs on different data are compared too.
	everywhere bool
	// ofDensity says that the figure refers to the density of the data, which may be a fitted one.
	ofDensity bool
	// ofLogZ says that the figure follows from log Z, which may be a bound.
	ofLogZ bool
	// rare says that the column is left out where no run has the figure.
	rare bool
}

// isBound says whether the figure of a run is a bound.
func (c column) isBound(r Run) bool { return c.ofLogZ && r.Evaluation.IsBound() }

// of is the figure of a run; false where it has none, or none to be trusted.
func (c column) of(r Run) (float64, bool) {
	x, known := c.value(r)
	return x, known && !(c.isBound(r) && !r.Evaluation.AIS.IsTrusted())
}

var columns = []column{
	{title: "test NLL", ofLogZ: true, prefer: least, format: decimals(4), value: func(r Run) (float64, bool) { return known(r.Evaluation.TestNLL) }},
	{title: "entropy", ofDensity: true, format: decimals(4), value: func(r Run) (float64, bool) { return known(r.Evaluation.Entropy) }},
	{title: "KL", ofDensity: true, prefer: least, format: decimals(4), value: func(r Run) (float64, bool) { return known(r.Evaluation.KL) }},
	{title: "Fisher", ofDensity: true, prefer: least, format: decimals(4), value: func(r Run) (float64, bool) { return known(r.Evaluation.Fisher) }},
	{title: "accuracy", rare: true, prefer: most, format: decimals(4), value: Run.accuracy},
	{title: "log Z", ofLogZ: true, format: decimals(3), value: func(r Run) (float64, bool) { return known(r.Evaluation.LogZ) }},
	{title: "steps", format: decimals(0), value: func(r Run) (float64, bool) { return float64(r.Step), true }},
	{title: "seconds", prefer: least, everywhere: true, format: decimals(1), value: func(r Run) (float64, bool) {
		if r.Result == nil {
			return 0, false
		}
		return r.Result.Seconds, true
	}},
	{title: "steps/s", prefer: most, everywhere: true, format: decimals(0), value: Run.stepsPerSecond},
}

// accuracy is the share of held-out points whose class the model has right.
func (r Run) accuracy() (float64, bool) {
	if c := r.Evaluation.TestClasses; c != nil {
		return c.Accuracy, true
	}
	return 0, false
}

// stepsPerSecond is the speed of the training once it was compiled.
func (r Run) stepsPerSecond() (float64, bool) {
	if r.Result == nil {
		return 0, false
	}
	seconds := r.Result.Seconds - r.Result.CompileSeconds
	return float64(r.Result.Step) / seconds, seconds > 0 && r.Result.Step > 0
}

func known(x *float64) (float64, bool) {
	if x == nil {
		return 0, false
	}
	return *x, true
}

// decimals formats a number with n digits after the point, thousands apart, and a true minus sign.
func decimals(n int) func(float64) string {
	return func(x float64) string {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Sprint(x)
		}
		whole, fraction, _ := strings.Cut(fmt.Sprintf("%.*f", n, math.Abs(x)), ".")
		negative := x < 0 && strings.Trim(whole+fraction, "0") != ""
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "\u202f" + whole[i:] // a narrow space that does not break
		}
		if fraction != "" {
			whole += "." + fraction
		}
		if negative {
			return "−" + whole
		}
		return whole
	}
}

// table makes a row of each run: name, method, data, the figures, backend.
func table(runs []Run) (header []cell, rows []row) {
	header = []cell{{Text: "run"}, {Text: "method"}, {Text: "data"}}
	for i, r := range runs {
		rows = append(rows, row{Anchor: anchor(i), Name: r.Name, Cells: []cell{{Text: r.Method}, {Text: r.Data}}})
	}
	for _, c := range columns {
		if c.rare && !slices.ContainsFunc(runs, func(r Run) bool { _, known := c.of(r); return known }) {
			continue
		}
		header = append(header, cell{Text: c.title, Number: true})
		best := c.best(runs)
		for i, r := range runs {
			text := "–"
			if x, known := c.of(r); known {
				text = c.format(x)
				if c.isBound(r) {
					text = "≥\u00a0" + text
				}
				if c.ofDensity && r.Fitted {
					text += "\u00a0†"
				}
			}
			rows[i].Cells = append(rows[i].Cells, cell{Text: text, Best: best[i], Number: true})
		}
	}
	header = append(header, cell{Text: "backend"})
	for i, r := range runs {
		rows[i].Cells = append(rows[i].Cells, cell{Text: r.Environment.Backend.Spec})
	}
	return header, rows
}

// best says for each run whether none of those it is compared with is better. What is written alike is equally good;
// where there is nothing to compare, or all are equally good, none is best, and neither is a bound.
func (c column) best(runs []Run) []bool {
	best := make([]bool, len(runs))
	for i, r := range runs {
		x, known := c.of(r)
		if c.prefer == neither || !known || math.IsNaN(x) || c.isBound(r) {
			continue
		}
		worse := false
		best[i] = !slices.ContainsFunc(runs, func(other Run) bool {
			y, known := c.of(other)
			if !known || !c.everywhere && (other.Group != r.Group || c.ofDensity && other.Fitted != r.Fitted) || c.format(x) == c.format(y) {
				return false
			}
			worse = worse || c.prefer == least && !(y < x) || c.prefer == most && !(y > x)
			return c.prefer == least && y < x || c.prefer == most && y > x
		}) && worse
	}
	return best
}
