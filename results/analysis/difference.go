package analysis

import (
	"fmt"
	"math"

	"joule/internal/statistics"
	"joule/results"
)

// Verdict is what can be said of a difference.
type Verdict string

// The verdicts. Of a figure that is neither good nor bad where it is large, it is higher or lower.
const (
	Better       Verdict = "better"
	Worse        Verdict = "worse"
	Higher       Verdict = "higher"
	Lower        Verdict = "lower"
	NoDifference Verdict = "no difference seen"
	Identical    Verdict = "identical"
	NoVerdict    Verdict = "no verdict"
)

// Difference is that of a figure between pairs of runs, B − A, with the same seed and settings.
type Difference struct {
	Pairs int      `json:"pairs"`
	A     *float64 `json:"a,omitempty"` // mean over the pairs
	B     *float64 `json:"b,omitempty"`
	// Mean is B − A, and HalfWidth half of its interval: nil where the differences do not tell how they vary.
	Mean      *float64 `json:"difference,omitempty"`
	HalfWidth *float64 `json:"half_width,omitempty"`
	// Test is t or signed-rank, P its p value, and Corrected the same for the number of tests.
	Test      string   `json:"test,omitempty"`
	P         *float64 `json:"p,omitempty"`
	Corrected *float64 `json:"p_holm,omitempty"`
	Verdict   Verdict  `json:"verdict"`
	// Excluded is the size from which on, where no difference is seen, the interval excludes one.
	Excluded *float64 `json:"excluded,omitempty"`
	// Reason says why there is no verdict, or what is particular about the test.
	Reason string `json:"reason,omitempty"`
}

// differenceOf tests paired values: by Student's t, or where all differences are alike, so that t is not defined, by signed ranks.
// shared says that they are not independent, and what they are instead.
func differenceOf(a, b []float64, shared bool) *Difference {
	d := &Difference{Pairs: len(a), Verdict: NoVerdict}
	if len(a) == 0 {
		d.Reason = "there is no pair"
		return d
	}
	differences, identical := make([]float64, len(a)), true
	for i := range a {
		differences[i] = b[i] - a[i]
		identical = identical && a[i] == b[i]
	}
	d.A, d.B, d.Mean = new(statistics.Mean(a)), new(statistics.Mean(b)), new(statistics.Mean(differences))
	switch {
	case identical:
		d.Verdict = Identical
		return d
	case shared:
		d.Reason = "runs of one program share its time and memory"
		return d
	case len(a) == 1:
		d.Reason = "one pair does not tell how much differs by chance"
		return d
	}
	if _, p, ok := statistics.PairedT(a, b); ok {
		half, _ := statistics.HalfWidth(differences, Level)
		d.HalfWidth, d.Test, d.P = &half, "t", &p
		return d
	}
	if _, p, _, ok := statistics.SignedRank(differences); ok {
		d.Test, d.P, d.Reason = "signed-rank", &p, "all differences are alike"
	}
	return d
}

// judge corrects the p values of a family of differences for their number, and gives the verdicts. The figures are those of the
// differences.
func judge(family []*Difference, figures []results.Figure) {
	var tested []int
	var p []float64
	for i, d := range family {
		if d.P != nil {
			tested, p = append(tested, i), append(p, *d.P)
		}
	}
	for k, corrected := range statistics.Holm(p) {
		d := family[tested[k]]
		d.Corrected = &corrected
		d.Verdict = verdictOf(*d.Mean, corrected, figures[tested[k]])
		if d.Verdict == NoDifference && d.HalfWidth != nil {
			d.Excluded = new(max(math.Abs(*d.Mean-*d.HalfWidth), math.Abs(*d.Mean+*d.HalfWidth)))
		}
	}
}

func verdictOf(mean, p float64, f results.Figure) Verdict {
	switch {
	case p > Alpha:
		return NoDifference
	case f.Prefer == results.Neither && mean > 0:
		return Higher
	case f.Prefer == results.Neither:
		return Lower
	case (mean > 0) == (f.Prefer == results.Most):
		return Better
	}
	return Worse
}

// decimals are those in which a difference is written: enough for its interval.
func (d *Difference) decimals(f results.Figure) int {
	switch {
	case d.HalfWidth != nil:
		return decimalsFor(*d.HalfWidth, f.Decimals)
	case d.Mean != nil:
		return decimalsFor(*d.Mean, f.Decimals)
	}
	return f.Decimals
}

// verdict is the verdict in words.
func (d *Difference) verdict(f results.Figure) string {
	text := string(d.Verdict)
	if d.Excluded != nil {
		text += fmt.Sprintf(" (smaller than %s)", number(*d.Excluded, d.decimals(f)))
	}
	if d.Reason != "" {
		text += ": " + d.Reason
	}
	return text
}

// cells are the columns of a text from A to the corrected p value.
func (d *Difference) cells(f results.Figure) []string {
	if d.Mean == nil {
		return []string{"–", "–", "–", "–", "–"}
	}
	n := d.decimals(f)
	cells := []string{number(*d.A, n), number(*d.B, n), signed(*d.Mean, n), "–", "–"}
	if d.HalfWidth != nil {
		cells[2] += " ± " + number(*d.HalfWidth, n)
	}
	if d.P != nil {
		cells[3], cells[4] = chance(*d.P), chance(*d.Corrected)
	}
	return cells
}

// chance writes a p value in at most three digits.
func chance(p float64) string {
	if p < 0.001 {
		return fmt.Sprintf("%.0e", p)
	}
	return fmt.Sprintf("%.3f", p)
}
