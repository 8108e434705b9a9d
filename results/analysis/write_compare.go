package analysis

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"joule/results"
)

// most is the number of runs that a text lists.
const most = 10

// Write writes a comparison. As CSV it has the differences of the cells and over all, and the costs; as JSON everything.
func (c *Comparison) Write(w io.Writer, f Format) error {
	switch f {
	case CSV:
		return c.writeCSV(w)
	case JSON:
		return encode(w, c)
	}
	if err := c.writeSides(w, f); err != nil {
		return err
	}
	for _, figure := range c.Figures {
		fmt.Fprintln(w)
		if err := c.writeFigure(w, f, figure); err != nil {
			return err
		}
	}
	return errors.Join(c.writeCosts(w, f), c.writeChanges(w, f), c.writeRest(w, f))
}

// names are what the sides are called in columns: values where these are compared.
func (c *Comparison) names() (a, b string) {
	if c.Between != "" {
		return c.A.Name, c.B.Name
	}
	return "A", "B"
}

func (c *Comparison) writeSides(w io.Writer, f Format) error {
	a, b := c.names()
	text := fmt.Sprintf("%s beside %s: %s of runs; verdicts are on %s", b, a, Counted(c.Pairs, "pair"), b)
	if c.Between != "" {
		text = c.Between + ": " + text
	}
	if err := title(w, f, "%s", text); err != nil {
		return err
	}
	g := &grid{header: []string{"", "runs", "completed", "joule", "backend"}, left: 1, words: true}
	for _, side := range []Side{c.A, c.B} {
		name := side.Name
		if c.Between == "" {
			name = map[bool]string{true: "A", false: "B"}[len(g.rows) == 0] + ": " + name
		}
		g.rows = append(g.rows, []string{name, strconv.Itoa(side.Runs), strconv.Itoa(side.Completed), strings.Join(side.Joule, ", "), strings.Join(side.Backend, ", ")})
	}
	return g.write(w, f)
}

func (c *Comparison) writeFigure(w io.Writer, f Format, fc *FigureComparison) error {
	if err := title(w, f, "%s", describe(fc.figure)); err != nil {
		return err
	}
	a, b := c.names()
	g := &grid{header: []string{"", "pairs", a, b, b + " − " + a, "p", "p (Holm)", "verdict"}, left: 1, words: true}
	for _, d := range fc.Cells {
		pairs := strconv.Itoa(d.Pairs)
		if d.Pairs < d.Joined {
			pairs = fmt.Sprintf("%d of %d", d.Pairs, d.Joined)
		}
		g.rows = append(g.rows, append(append([]string{d.Cell, pairs}, d.cells(fc.figure)...), d.verdict(fc.figure)))
	}
	if d := fc.Overall; d != nil {
		g.rows = append(g.rows, append(append([]string{fc.overallName(), Counted(d.Pairs, "seed")}, d.cells(fc.figure)...), d.verdict(fc.figure)))
	}
	if err := g.write(w, f); err != nil {
		return err
	}
	if fc.Across == nil {
		return nil
	}
	return note(w, f, "%s.", fc.Across.text(b, fc.figure))
}

// overallName is what the row over all cells is called.
func (fc *FigureComparison) overallName() string {
	if fc.OverallCells == len(fc.Cells) {
		return "over all cells"
	}
	return fmt.Sprintf("over %d of %d cells", fc.OverallCells, len(fc.Cells))
}

// Counted writes 1 run and 2 runs.
func Counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// text says in how many cells a side is better.
func (x *Across) text(name string, f results.Figure) string {
	first, second, in, and := "better", "worse", x.Lower, x.Higher
	switch f.Prefer {
	case results.Most:
		in, and = and, in
	case results.Neither:
		first, second = "lower", "higher"
	}
	text := fmt.Sprintf("By the means of the cells %s is %s in %d and %s in %d of %d", name, first, in, second, and, x.Cells)
	if x.P != nil {
		text += fmt.Sprintf(", p of their signed ranks %s", chance(*x.P))
	}
	return text
}

func (c *Comparison) writeCosts(w io.Writer, f Format) error {
	if len(c.Costs) == 0 {
		return nil
	}
	a, b := c.names()
	fmt.Fprintln(w)
	if err := title(w, f, "Costs, %s / %s", b, a); err != nil {
		return err
	}
	g := &grid{header: []string{"", "pairs", "ratio", "least", "most", "in"}, left: 1, words: true}
	several := false
	for _, cost := range c.Costs {
		figure, _ := results.FigureOf(cost.Metric)
		row := []string{figure.Title, strconv.Itoa(cost.Pairs), fmt.Sprintf("%.3f", cost.Ratio), "", "", ""}
		if cost.Most > 1.001*cost.Least {
			row[3], row[4], row[5] = fmt.Sprintf("%.3f", cost.Least), fmt.Sprintf("%.3f", cost.Most), cost.LeastCell+", "+cost.MostCell
			several = true
		}
		g.rows = append(g.rows, row)
	}
	if !several {
		g.header, g.words = g.header[:3], false
		for i := range g.rows {
			g.rows[i] = g.rows[i][:3]
		}
	}
	return g.write(w, f)
}

func (c *Comparison) writeChanges(w io.Writer, f Format) error {
	if len(c.Changes) == 0 {
		return nil
	}
	a, b := c.names()
	losses := 0
	for _, x := range c.Changes {
		if x.isLoss() {
			losses++
		}
	}
	fmt.Fprintln(w)
	if err := title(w, f, "Runs that ended in another way: %d; no longer completed with their figures: %d", len(c.Changes), losses); err != nil {
		return err
	}
	g := &grid{header: []string{"run", a, b, "reason"}, left: 3, words: true}
	for _, x := range slices.SortedStableFunc(slices.Values(c.Changes), byLoss) {
		if len(g.rows) == most {
			g.rows = append(g.rows, []string{fmt.Sprintf("… and %d more", len(c.Changes)-most), "", "", ""})
			break
		}
		g.rows = append(g.rows, []string{x.Run, string(x.A), x.b(), shortened(x.Reason)})
	}
	return g.write(w, f)
}

// byLoss orders losses first.
func byLoss(a, b Change) int {
	switch {
	case a.isLoss() == b.isLoss():
		return 0
	case a.isLoss():
		return -1
	}
	return 1
}

// shortened is the beginning of a reason.
func shortened(reason string) string {
	if runes := []rune(reason); len(runes) > 100 {
		return string(runes[:99]) + "…"
	}
	return reason
}

func (c *Comparison) writeRest(w io.Writer, f Format) error {
	a, b := c.names()
	var lines []string
	for _, only := range []struct {
		name string
		runs []string
	}{{a, c.OnlyA}, {b, c.OnlyB}} {
		if n := len(only.runs); n > most {
			lines = append(lines, fmt.Sprintf("In %s alone: %d runs, such as %s", only.name, n, strings.Join(only.runs[:most], ", ")))
		} else if n > 0 {
			lines = append(lines, fmt.Sprintf("In %s alone: %s", only.name, strings.Join(only.runs, ", ")))
		}
	}
	for _, n := range c.Notes {
		lines = append(lines, strings.ToUpper(n[:1])+n[1:])
	}
	if len(lines) > 0 {
		fmt.Fprintln(w)
	}
	for _, line := range lines {
		if err := note(w, f, "%s.", line); err != nil {
			return err
		}
	}
	return nil
}

// writeCSV writes a line a difference or cost.
func (c *Comparison) writeCSV(w io.Writer) error {
	header := []string{"metric", "scope", "cell", "pairs", "a", "b", "difference", "half_width", "test", "p", "p_holm", "verdict", "excluded", "ratio", "joined", "measured_a", "measured_b", "reason"}
	var lines [][]string
	line := func(metric, scope, cell string, d *Difference) []string {
		return []string{metric, scope, cell, strconv.Itoa(d.Pairs), digits(d.A), digits(d.B), digits(d.Mean), digits(d.HalfWidth), d.Test, digits(d.P), digits(d.Corrected),
			string(d.Verdict), digits(d.Excluded), "", "", "", "", d.Reason}
	}
	for _, fc := range c.Figures {
		for _, d := range fc.Cells {
			cells := line(fc.Metric, "cell", d.Cell, d.Difference)
			cells[14], cells[15], cells[16] = strconv.Itoa(d.Joined), strconv.Itoa(d.MeasuredA), strconv.Itoa(d.MeasuredB)
			lines = append(lines, cells)
		}
		if fc.Overall != nil {
			lines = append(lines, line(fc.Metric, "all", "", fc.Overall))
		}
	}
	for _, cost := range c.Costs {
		cells := line(cost.Metric, "cost", "", &Difference{Pairs: cost.Pairs})
		cells[13] = digits(&cost.Ratio)
		lines = append(lines, cells)
	}
	return records(w, header, lines)
}
