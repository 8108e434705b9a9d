package suitepage

import (
	"math"
	"testing"

	"joule/results"
)

// Figures are those of completed runs, with the interval by Student's t: of 1, 2, 3 the standard error is 1/√3, and the 97.5 %
// quantile with two degrees of freedom 4.302653. The times of replicas have none.
func TestSummaries(t *testing.T) {
	var rows []*results.Row
	for i, kl := range []float64{1, 2, 3, 100} {
		r := rowOf("s", "dsm", "rings", int64(i), kl, "config", "a")
		r.Put("seconds", kl)
		r.Replicas = 4
		rows = append(rows, r)
	}
	rows[3].Status = results.Diverged
	rows = append(rows, rowOf("s", "dsm", "rings", 0, 5, "config", "b"))
	all := mustCollect(t, Suite{Rows: rows})
	if s := all.cells[0].figures["kl"]; s.n != 3 || s.mean != 2 || math.Abs(s.half-4.302653/math.Sqrt(3)) > 1e-6 {
		t.Errorf("%+v", s)
	}
	if s := all.cells[0].figures["seconds"]; s.n != 3 || s.mean != 2 || !math.IsNaN(s.half) {
		t.Errorf("of one program: %+v", s)
	}
	if s := all.cells[1].figures["kl"]; s.n != 1 || s.mean != 5 || !math.IsNaN(s.half) {
		t.Errorf("of one run: %+v", s)
	}
	if _, ok := all.cells[1].figures["seconds"]; ok {
		t.Error("a figure that no run has is there")
	}
}

func TestText(t *testing.T) {
	kl, _ := results.FigureOf("kl") // with four decimals
	steps, _ := results.FigureOf("steps")
	for _, c := range []struct {
		figure         results.Figure
		mean, half     float64
		text, interval string
	}{
		{kl, 0.01234, 0.00123, "0.0123", "± 0.0012"},
		{kl, -0.01234, math.NaN(), "−0.0123", ""},
		{kl, 0.5, 0, "0.5000", ""},
		{kl, 0.00001234, 0.00000123, "1.2e−5", "± 1.2e−6"},
		{kl, 1234.56789, 3.2, "1\u202f234.57", "± 3.20"},
		{kl, 0.5, 1234.5, "0.50", "± 1\u202f234.50"},
		{kl, 0, 0, "0.0000", ""},
		{kl, 2e12, math.Inf(1), "2.0e12", ""},
		{steps, 20000, 0, "20\u202f000", ""},
	} {
		if text, interval := (summary{n: 3, mean: c.mean, half: c.half}).text(c.figure); text != c.text || interval != c.interval {
			t.Errorf("%v ± %v is %q %q, want %q %q", c.mean, c.half, text, interval, c.text, c.interval)
		}
	}
}
