package analysis

import (
	"joule/internal/statistics"
	"joule/results"
)

// Cost is what runs take in B, as a multiple of A.
type Cost struct {
	Metric string `json:"metric"`
	Pairs  int    `json:"pairs"`
	Cells  int    `json:"cells"`
	// Ratio is the geometric mean over the cells, each of which stands for the geometric mean over its pairs.
	Ratio float64 `json:"ratio"`
	// Least and Most are the extremes of the cells.
	Least     float64 `json:"least"`
	Most      float64 `json:"most"`
	LeastCell string  `json:"least_cell"`
	MostCell  string  `json:"most_cell"`
}

// smallest is what a cost is above of which ratios are taken: zero but for rounding.
const smallest = 1e-12

// costOf is the ratio of a figure that is a cost; false where it is none, or no pair has it.
func costOf(m *matched, f results.Figure) (Cost, bool) {
	c := Cost{Metric: f.Name}
	if !f.Cost || f.Prefer == results.Neither {
		return c, false
	}
	var cells []float64
	for _, cell := range m.cells {
		var ratios []float64
		for _, p := range cell.pairs {
			a, inA := valueOf(p.a, f)
			b, inB := valueOf(p.b, f)
			if inA && inB && min(a, b) > smallest {
				ratios = append(ratios, b/a)
			}
		}
		if len(ratios) == 0 {
			continue
		}
		ratio := statistics.GeometricMean(ratios)
		if c.Cells == 0 || ratio < c.Least {
			c.Least, c.LeastCell = ratio, cell.name
		}
		if c.Cells == 0 || ratio > c.Most {
			c.Most, c.MostCell = ratio, cell.name
		}
		c.Pairs, c.Cells, cells = c.Pairs+len(ratios), c.Cells+1, append(cells, ratio)
	}
	c.Ratio = statistics.GeometricMean(cells)
	return c, c.Cells > 0
}
