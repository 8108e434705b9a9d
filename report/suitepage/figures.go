package suitepage

import (
	"slices"

	"joule/results"
)

// qualities and costs are the figures that a reader sees at first, the most telling first, and so many of each.
var (
	qualities = []string{"kl", "nll_excess", "fisher", "test_nll", "ksd", "mmd", "accuracy", "mode_coverage", "auroc", "ais_nll"}
	costs     = []string{"seconds", "time_to_target", "gradient_evaluations", "steps_per_second"}
)

const (
	qualitiesAtFirst = 5
	costsAtFirst     = 2
)

// figures are those that some cell has.
type figures struct {
	list []results.Figure // in the order in which they are shown
	// first are the names of those shown at first, the most telling first.
	first []string
}

// figuresOf are those that some cell has.
func figuresOf(all *cells) (f figures) {
	having := func(name string) (n int) {
		for _, c := range all.cells {
			if _, ok := c.figures[name]; ok {
				n++
			}
		}
		return n
	}
	for _, figure := range results.Figures {
		if having(figure.Name) > 0 {
			f.list = append(f.list, figure)
		}
	}
	choose := func(names []string, most int) {
		for _, name := range names {
			switch {
			case most == 0 || !f.has(name):
			case name == "nll_excess" && having(name) <= having("kl"): // it says the same
			case name == "test_nll" && (f.isTelling("nll_excess") || having(name) <= having("kl")):
			default:
				f.first = append(f.first, name)
				most--
			}
		}
	}
	choose(qualities, qualitiesAtFirst)
	choose(costs, costsAtFirst)
	for _, figure := range f.list { // of suites that measure other things
		if len(f.first) < 3 && !f.isTelling(figure.Name) {
			f.first = append(f.first, figure.Name)
		}
	}
	return f
}

func (f figures) has(name string) bool {
	return slices.ContainsFunc(f.list, func(g results.Figure) bool { return g.Name == name })
}

func (f figures) isTelling(name string) bool { return slices.Contains(f.first, name) }

// within leaves out the least telling figures where a table of so many rows would have too many fields.
func (f figures) within(rows int) figures {
	most := max(len(f.first), maxFields/max(rows, 1))
	kept := figures{first: f.first}
	others := len(f.list) - len(f.first)
	for i := len(f.list) - 1; i >= 0; i-- {
		if !f.isTelling(f.list[i].Name) {
			if others > most-len(f.first) {
				others--
				continue
			}
		}
		kept.list = append(kept.list, f.list[i])
	}
	slices.Reverse(kept.list)
	return kept
}

// main is the figure that stands for how good a run is; false: there is none.
func (f figures) main() (results.Figure, bool) {
	for _, name := range f.first {
		if figure, _ := results.FigureOf(name); !figure.Cost {
			return figure, true
		}
	}
	if len(f.first) == 0 {
		return results.Figure{}, false
	}
	return results.FigureOf(f.first[0])
}
