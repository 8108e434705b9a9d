package analysis

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// WriteRankings writes rankings one after the other; as CSV with a line a method, as JSON in an array.
func WriteRankings(w io.Writer, rankings []*Ranking, f Format) error {
	switch f {
	case CSV:
		return writeRanked(w, rankings)
	case JSON:
		return encode(w, rankings)
	}
	for i, r := range rankings {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := r.write(w, f); err != nil {
			return err
		}
	}
	return nil
}

// write writes a ranking as text or as Markdown.
func (r *Ranking) write(w io.Writer, f Format) error {
	if err := title(w, f, "%s: ranks of %d methods over %d data sets", describe(r.figure), len(r.Methods), len(r.Over)); err != nil {
		return err
	}
	g := &grid{header: []string{strings.Join(r.MethodKeys, " "), "mean rank", "wins", "runs"}, left: 1}
	letters := r.letters()
	if letters != nil {
		g.header, g.words = append(g.header, "group"), true
	}
	for i, m := range r.Methods {
		runs := strconv.Itoa(m.Runs)
		if m.Measured < m.Runs {
			runs = fmt.Sprintf("%d of %d", m.Measured, m.Runs)
		}
		row := []string{m.Name, fmt.Sprintf("%.2f", m.MeanRank), strings.TrimSuffix(fmt.Sprintf("%.1f", m.Wins), ".0"), runs}
		if letters != nil {
			row = append(row, letters[i])
		}
		g.rows = append(g.rows, row)
	}
	if err := g.write(w, f); err != nil {
		return err
	}
	for _, line := range r.Words() {
		if err := note(w, f, "%s.", line); err != nil {
			return err
		}
	}
	for _, line := range r.LeftOut {
		if err := note(w, f, "Left out: %s.", line); err != nil {
			return err
		}
	}
	return nil
}

// letters are, for each method, those of the groups that it belongs to; nil where there is no test.
func (r *Ranking) letters() []string {
	if r.Friedman == nil {
		return nil
	}
	letters := make([]string, len(r.Methods))
	for k, g := range r.Groups {
		for i := g[0]; i <= g[1]; i++ {
			letters[i] += letter(k)
		}
	}
	return letters
}

// letter is a to z, and then a2, b2 and so on.
func letter(k int) string {
	text := string(rune('a' + k%26))
	if k >= 26 {
		text += strconv.Itoa(k/26 + 1)
	}
	return text
}

// Words say what the tests find, a sentence each without its point.
func (r *Ranking) Words() []string {
	if r.Friedman == nil {
		return []string{"One data set does not tell whether methods differ"}
	}
	f := fmt.Sprintf("F = %.2f", r.Friedman.F)
	if math.IsInf(r.Friedman.F, 0) {
		f = "the same ranks everywhere"
	}
	words := []string{fmt.Sprintf("Friedman: χ² = %.2f, %s, p = %s", r.Friedman.ChiSquare, f, chance(*r.P))}
	if *r.P > Alpha {
		return append(words, "No difference is seen between the methods")
	}
	return append(words, fmt.Sprintf("Methods differ whose mean ranks are %.2f apart or more (Nemenyi, 0.05); those with a letter in common are not told apart", *r.Critical))
}

// writeRanked writes a line a method.
func writeRanked(w io.Writer, rankings []*Ranking) error {
	header := append([]string{"metric"}, rankings[0].MethodKeys...)
	header = append(header, "mean_rank", "wins", "runs", "measured", "groups", "data_sets", "f", "p", "critical_difference")
	over := rankings[0].Over
	sameOver := !slices.ContainsFunc(rankings, func(r *Ranking) bool { return !slices.Equal(r.Over, over) })
	if sameOver {
		for _, name := range over {
			header = append(header, "rank "+name)
		}
	}
	var lines [][]string
	for _, r := range rankings {
		letters := r.letters()
		for i, m := range r.Methods {
			line := []string{r.Metric}
			for _, key := range r.MethodKeys {
				line = append(line, m.Keys[key])
			}
			group := ""
			if letters != nil {
				group = letters[i]
			}
			line = append(line, digits(&m.MeanRank), digits(&m.Wins), strconv.Itoa(m.Runs), strconv.Itoa(m.Measured), group, strconv.Itoa(len(r.Over)), digits(r.F), digits(r.P), digits(r.Critical))
			if sameOver {
				for _, rank := range m.Ranks {
					line = append(line, digits(&rank))
				}
			}
			lines = append(lines, line)
		}
	}
	return records(w, header, lines)
}
