package analysis

import (
	"fmt"
	"slices"

	"joule/results"
)

// Comparison is what is different in B, pair by pair of runs with the same seed and settings. The verdicts are on B.
type Comparison struct {
	A Side `json:"a"`
	B Side `json:"b"`
	// Between is the key in which A and B differ; empty for two sets of results.
	Between string              `json:"between,omitempty"`
	Pairs   int                 `json:"pairs"`
	Figures []*FigureComparison `json:"figures"`
	Costs   []Cost              `json:"costs,omitempty"`
	Changes []Change            `json:"changes,omitempty"`
	OnlyA   []string            `json:"only_a,omitempty"` // names of runs
	OnlyB   []string            `json:"only_b,omitempty"`
	Notes   []string            `json:"notes,omitempty"`
}

// Side is one of what is compared.
type Side struct {
	Name      string   `json:"name"`
	Runs      int      `json:"runs"`
	Completed int      `json:"completed"`
	Joule     []string `json:"joule"` // versions
	Backend   []string `json:"backend"`
}

// Beside compares two sets of results, by axes and seed of their runs.
func Beside(nameA string, a []*results.Row, nameB string, b []*results.Row, figures []results.Figure) (*Comparison, error) {
	m, err := matchBeside(a, b)
	if err != nil {
		return nil, err
	}
	c := compare(m, figures)
	c.A, c.B = sideOf(nameA, a), sideOf(nameB, b)
	differ := 0
	for _, cell := range m.cells {
		for _, p := range cell.pairs {
			if p.a.Config != "" && p.b.Config != "" && p.a.Config != p.b.Config {
				differ++
			}
		}
	}
	if differ > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("the configs of %d of %d pairs differ", differ, c.Pairs))
	}
	return c, c.check(figures)
}

// Between compares two values of a key within results: runs that are alike in the other axes and in the seed.
func Between(rows []*results.Row, key, valueA, valueB string, figures []results.Figure) (*Comparison, error) {
	if err := checkKeys("between", []string{key}, rows); err != nil {
		return nil, err
	}
	if key == "seed" || isSame(valueA, valueB) {
		return nil, refuse("between", "%s=%s,%s: want a key other than seed, and two values", key, valueA, valueB)
	}
	a, err := matching("between", rows, key, valueA)
	if err != nil {
		return nil, err
	}
	b, err := matching("between", rows, key, valueB)
	if err != nil {
		return nil, err
	}
	m, with, err := matchBetween(a, b, key)
	if err != nil {
		return nil, err
	}
	c := compare(m, figures)
	c.Between, c.A, c.B = key, sideOf(valueA, a), sideOf(valueB, b)
	for _, k := range with {
		if k != "method" { // which a config is for
			c.Notes = append(c.Notes, fmt.Sprintf("they differ in %s as well: %s; %s", k, list(valuesOf(a, k)), list(valuesOf(b, k))))
		}
	}
	return c, c.check(figures)
}

// check reports a figure that no pair has.
func (c *Comparison) check(figures []results.Figure) error {
	for i, f := range c.Figures {
		if !slices.ContainsFunc(f.Cells, func(d *CellDifference) bool { return d.Pairs > 0 }) {
			return fmt.Errorf("no run has %s both in %s and in %s: of %d pairs of runs", figures[i].Name, c.A.Name, c.B.Name, c.Pairs)
		}
	}
	return nil
}

func sideOf(name string, rows []*results.Row) Side {
	s := Side{Name: name, Runs: len(rows), Joule: []string{}, Backend: []string{}}
	for _, r := range rows {
		if r.Status == results.Completed {
			s.Completed++
		}
		if r.Joule != "" && !slices.Contains(s.Joule, r.Joule) {
			s.Joule = append(s.Joule, r.Joule)
		}
		if r.Backend != "" && !slices.Contains(s.Backend, r.Backend) {
			s.Backend = append(s.Backend, r.Backend)
		}
	}
	return s
}

// compare makes all but the names. Of the p values those of the cells, of all figures, are one family, and those over all cells
// another.
func compare(m *matched, figures []results.Figure) *Comparison {
	c := &Comparison{OnlyA: runsOf(m.onlyA), OnlyB: runsOf(m.onlyB)}
	var cells, overall []*Difference
	var ofCells, ofOverall []results.Figure
	for _, f := range figures {
		fc := compareFigure(m, f)
		for _, d := range fc.Cells {
			cells, ofCells = append(cells, d.Difference), append(ofCells, f)
		}
		if fc.Overall != nil {
			overall, ofOverall = append(overall, fc.Overall), append(ofOverall, f)
		}
		c.Figures = append(c.Figures, fc)
	}
	judge(cells, ofCells)
	judge(overall, ofOverall)
	for _, cell := range m.cells {
		c.Pairs += len(cell.pairs)
		for _, p := range cell.pairs {
			change := Change{Run: p.a.Run, A: p.a.Status, B: p.b.Status, Reason: p.b.Reason}
			for _, f := range figures {
				_, had := valueOf(p.a, f)
				if _, has := valueOf(p.b, f); had && !has && p.b.Status == results.Completed {
					change.Lost = append(change.Lost, f.Name)
				}
			}
			if change.A != change.B || change.Lost != nil {
				c.Changes = append(c.Changes, change)
			}
		}
	}
	for _, f := range results.Figures {
		if cost, ok := costOf(m, f); ok && !has(figures, f) {
			c.Costs = append(c.Costs, cost)
		}
	}
	return c
}

func runsOf(rows []*results.Row) (names []string) {
	for _, r := range rows {
		names = append(names, r.Run)
	}
	return names
}
