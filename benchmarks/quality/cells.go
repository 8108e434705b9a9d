package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"joule/internal/kept"
	"joule/metrics"
)

// cell is what a method has reached on a density.
type cell struct {
	Method  string `json:"method"`
	Density string `json:"density"`
	Key     string `json:"key"` // of the settings
	// Backend is what it was computed on; empty: the one that auto chooses.
	Backend string `json:"backend,omitempty"`
	// Refused says why the method cannot be trained on this density.
	Refused string `json:"refused,omitempty"`
	// KL, NLL and Entropy are in nats, a value for each seed that did not diverge and could be measured.
	KL       []float64 `json:"kl"`
	NLL      []float64 `json:"test_nll"`
	Entropy  []float64 `json:"entropy"`
	Diverged int       `json:"diverged,omitempty"`
	// Unmeasured is the number of seeds whose models have no figures, and Doubts say why, and what makes the others doubtful.
	Unmeasured int      `json:"unmeasured,omitempty"`
	Doubts     []string `json:"doubts,omitempty"`
	// Seconds is the processor's time of training for each seed, all of its cores together; the seeds are trained at once.
	Seconds float64 `json:"seconds"`
}

// add notes the evaluation of a seed. The divergence from the true density is the same in the data's own units.
func (c *cell) add(e *metrics.Evaluation) {
	warnings := e.Warnings()
	if e.KL == nil || e.TestNLL == nil || e.Entropy == nil {
		c.unmeasured(warnings...)
		return
	}
	c.Doubts = append(c.Doubts, warnings...)
	c.KL, c.NLL, c.Entropy = append(c.KL, *e.KL), append(c.NLL, *e.TestNLL), append(c.Entropy, *e.Entropy)
}

// unmeasured notes a seed whose model has no figures.
func (c *cell) unmeasured(why ...string) {
	c.Unmeasured++
	c.Doubts = append(c.Doubts, why...)
}

func (c cell) summary() string {
	if c.Refused != "" {
		return c.Refused
	}
	return fmt.Sprintf("KL %s, NLL %s (entropy %.4f), %.0f s a seed%s%s", spreadOf(c.KL, 4), spreadOf(c.NLL, 4), mean(c.Entropy), c.Seconds, c.failures(), strings.Join(append([]string{""}, c.Doubts...), "; "))
}

// failures says how many seeds have no figures.
func (c cell) failures() (text string) {
	for _, f := range []struct {
		n    int
		what string
	}{{c.Diverged, "diverged"}, {c.Unmeasured, "unmeasured"}} {
		if f.n > 0 {
			text += fmt.Sprintf(", %d %s", f.n, f.what)
		}
	}
	return text
}

// cells are those that are finished.
type cells []cell

func readCells(path string) (*cells, error) {
	all, err := kept.Read[cell](path)
	return (*cells)(&all), err
}

// find is the cell of a job, if it was computed with the same settings.
func (c *cells) find(j *job) (cell, bool) {
	i := slices.IndexFunc(*c, func(x cell) bool {
		return x.Method == j.method && x.Density == j.density && x.Key == j.key && x.Backend == j.backend
	})
	if i < 0 {
		return cell{}, false
	}
	return (*c)[i], true
}

// add keeps a cell, in the place of one with other settings.
func (c *cells) add(path string, new cell) error {
	*c = slices.DeleteFunc(*c, func(x cell) bool { return x.Method == new.Method && x.Density == new.Density })
	*c = append(*c, new)
	return kept.Write(path, *c)
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// spreadOf is the mean of some values, and the standard deviation where there are several.
func spreadOf(values []float64, decimals int) string {
	if len(values) == 0 {
		return "–"
	}
	m, squares := mean(values), 0.0
	for _, v := range values {
		squares += (v - m) * (v - m)
	}
	if len(values) == 1 {
		return fmt.Sprintf("%.*f", decimals, m)
	}
	return fmt.Sprintf("%.*f ± %.*f", decimals, m, decimals, math.Sqrt(squares/float64(len(values)-1)))
}

// entropyOf is the entropy of a density, and whether there is a cell that tells.
func (c cells) entropyOf(density string) (nats float64, known bool) {
	for _, x := range c {
		if x.Density == density && len(x.Entropy) > 0 {
			return mean(x.Entropy), true
		}
	}
	return 0, false
}

// doubtful is the footnote of figures with a star.
const doubtful = "\\* The grid that the figures are from warns of some of them: see `doubts` in the file of the cells."

// having are the names that some cell has.
func (c cells) having(names []string, of func(cell) string) (had []string) {
	for _, name := range names {
		if slices.ContainsFunc(c, func(x cell) bool { return of(x) == name }) {
			had = append(had, name)
		}
	}
	return had
}

// tables are the divergences, the likelihoods and the times, a row a method and a column a density, of those that were run.
func tables(all *cells) string {
	var b strings.Builder
	starred := false
	densities := all.having(densities, func(c cell) string { return c.Density })
	methods := all.having(methods(), func(c cell) string { return c.Method })
	table := func(title string, value func(c cell) string) {
		fmt.Fprintf(&b, "\n%s\n\n| method | %s |\n|---|%s\n", title, strings.Join(densities, " | "), strings.Repeat("---|", len(densities)))
		for _, method := range methods {
			row := "| `" + method + "` |"
			for _, density := range densities {
				text := ""
				for _, c := range *all {
					switch {
					case c.Method != method || c.Density != density:
					case c.Refused != "":
						text = "refused"
					default:
						text = value(c)
						if failures := c.failures(); failures != "" {
							text += " (" + failures[2:] + ")"
						}
						if len(c.Doubts) > 0 {
							text += ` \*`
							starred = true
						}
					}
				}
				row += " " + text + " |"
			}
			b.WriteString(row + "\n")
		}
	}
	table("KL divergence from the density, in nats: mean ± standard deviation over the seeds.", func(c cell) string { return spreadOf(c.KL, 3) })
	table("Negative log likelihood of held-out points, in nats.", func(c cell) string { return spreadOf(c.NLL, 3) })
	b.WriteString("| entropy |")
	for _, density := range densities {
		text := ""
		if nats, known := all.entropyOf(density); known {
			text = fmt.Sprintf("%.3f", nats)
		}
		b.WriteString(" " + text + " |")
	}
	b.WriteString("\n")
	table("Processor seconds of training for each seed.", func(c cell) string { return fmt.Sprintf("%.0f", c.Seconds) })
	if starred {
		b.WriteString("\n" + doubtful + "\n")
	}
	return b.String()
}
