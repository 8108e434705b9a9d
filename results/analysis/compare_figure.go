package analysis

import (
	"slices"

	"joule/internal/statistics"
	"joule/results"
)

// FigureComparison is the comparison of one figure.
type FigureComparison struct {
	Metric string            `json:"metric"`
	Cells  []*CellDifference `json:"cells"`
	// Overall is over the seeds, each of which stands for its mean over OverallCells cells: of those cells and seeds that make up the
	// most pairs, every cell with every seed. It is nil where that is one cell.
	Overall      *Difference `json:"overall,omitempty"`
	OverallCells int         `json:"overall_cells,omitempty"`
	// Across is over the cells, each of which stands for the mean over its pairs; nil where there is one.
	Across *Across `json:"across_cells,omitempty"`
	figure results.Figure
}

// CellDifference is the difference in one cell.
type CellDifference struct {
	Cell string            `json:"cell"`
	Keys []results.Setting `json:"keys"`
	*Difference
	// MeasuredA and MeasuredB count, of the Joined runs that both have, those that are completed and have the figure.
	Joined    int `json:"joined"`
	MeasuredA int `json:"measured_a"`
	MeasuredB int `json:"measured_b"`
}

// Across is what the means of cells say.
type Across struct {
	Cells  int `json:"cells"`
	Higher int `json:"higher"` // in B
	Lower  int `json:"lower"`
	// P is that of Wilcoxon's signed-rank test; nil where no cell differs.
	P *float64 `json:"p,omitempty"`
}

// measuredCell are the pairs of a cell that both have a figure.
type measuredCell struct {
	seeds  []int64
	a, b   []float64
	shared bool
}

// measuredCellOf gathers the pairs of a cell that both have a figure.
func measuredCellOf(cell *matchedCell, f results.Figure) (m measuredCell, inA, inB int) {
	for _, p := range cell.pairs {
		x, hasA := valueOf(p.a, f)
		y, hasB := valueOf(p.b, f)
		if hasA {
			inA++
		}
		if hasB {
			inB++
		}
		if hasA && hasB {
			m.seeds, m.a, m.b = append(m.seeds, p.a.Seed), append(m.a, x), append(m.b, y)
			m.shared = m.shared || isShared(p.a, f) || isShared(p.b, f)
		}
	}
	return m, inA, inB
}

// compareFigure compares one figure, but for the verdicts.
func compareFigure(m *matched, f results.Figure) *FigureComparison {
	fc := &FigureComparison{Metric: f.Name, figure: f}
	var measured []measuredCell
	var means []float64
	for _, cell := range m.cells {
		values, inA, inB := measuredCellOf(cell, f)
		d := differenceOf(values.a, values.b, values.shared)
		fc.Cells = append(fc.Cells, &CellDifference{Cell: cell.name, Keys: cell.keys, Difference: d, Joined: len(cell.pairs), MeasuredA: inA, MeasuredB: inB})
		if d.Mean != nil {
			measured, means = append(measured, values), append(means, *d.Mean)
		}
	}
	if len(means) > 1 {
		fc.Overall, fc.OverallCells = overall(measured)
		fc.Across = across(means)
	}
	return fc
}

// overall compares means over cells, seed by seed; nil where no seed is in two cells.
func overall(cells []measuredCell) (*Difference, int) {
	cells, seeds := complete(cells)
	if len(cells) < 2 {
		return nil, 0
	}
	a, b, shared := make([]float64, len(seeds)), make([]float64, len(seeds)), false
	for _, c := range cells {
		for i, seed := range seeds {
			at, _ := slices.BinarySearch(c.seeds, seed)
			a[i] += c.a[at] / float64(len(cells))
			b[i] += c.b[at] / float64(len(cells))
		}
		shared = shared || c.shared
	}
	return differenceOf(a, b, shared), len(cells)
}

// complete chooses cells and the seeds that all of them have: of the cells with at least so many pairs, for the number that leaves
// the most pairs, and of these the smallest.
func complete(cells []measuredCell) (best []measuredCell, common []int64) {
	var sizes []int
	for _, c := range cells {
		sizes = append(sizes, len(c.seeds))
	}
	slices.Sort(sizes)
	for _, least := range slices.Compact(sizes) {
		var some []measuredCell
		in := map[int64]int{}
		for _, c := range cells {
			if len(c.seeds) >= least {
				some = append(some, c)
				for _, seed := range c.seeds {
					in[seed]++
				}
			}
		}
		var seeds []int64
		for seed, n := range in {
			if n == len(some) {
				seeds = append(seeds, seed)
			}
		}
		if len(some)*len(seeds) > len(best)*len(common) {
			slices.Sort(seeds)
			best, common = some, seeds
		}
	}
	return best, common
}

// across tests the means of cells.
func across(means []float64) *Across {
	x := &Across{Cells: len(means)}
	for _, mean := range means {
		if mean > 0 {
			x.Higher++
		}
		if mean < 0 {
			x.Lower++
		}
	}
	if _, p, _, ok := statistics.SignedRank(means); ok {
		x.P = &p
	}
	return x
}
