package suitepage

import (
	"math"
	"math/rand/v2"
	"testing"

	"joule/results"
)

// Of 1, 2, 3 the mean is 2, the standard error 1/√3 and the 97.5 % quantile of Student's t with two degrees of freedom 4.302653.
func TestSummarize(t *testing.T) {
	if s := summarize([]float64{1, 2, 3}); s.n != 3 || s.mean != 2 || math.Abs(s.half-4.302653/math.Sqrt(3)) > 1e-6 {
		t.Errorf("%+v", s)
	}
	if s := summarize([]float64{5}); s.n != 1 || s.mean != 5 || !math.IsNaN(s.half) {
		t.Errorf("of one: %+v", s)
	}
}

// Of many samples of five normal numbers the interval holds the mean for 95 %.
func TestIntervalsHoldTheMean(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const samples = 20_000
	held := 0
	for range samples {
		var list []float64
		for range 5 {
			list = append(list, 3+2*random.NormFloat64())
		}
		if s := summarize(list); math.Abs(s.mean-3) <= s.half {
			held++
		}
	}
	if share := float64(held) / samples; math.Abs(share-0.95) > 4*math.Sqrt(0.95*0.05/samples) {
		t.Errorf("%.4f of the intervals hold the mean", share)
	}
}

// What failed has no part in a figure, and neither have runs without it.
func TestSummariesAreOfCompletedRuns(t *testing.T) {
	run := func(status results.Status, metrics map[string]float64) *results.Row {
		return &results.Row{Status: status, Metrics: metrics}
	}
	got := summaries([]*results.Row{
		run(results.Completed, map[string]float64{"kl": 1, "seconds": 2}), run(results.Completed, map[string]float64{"kl": 3}), run(results.Diverged, map[string]float64{"kl": 100}),
	})
	if len(got) != 2 || got["kl"].n != 2 || got["kl"].mean != 2 || got["seconds"].n != 1 {
		t.Errorf("%+v", got)
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
		if text, interval := (summary{3, c.mean, c.half}).text(c.figure); text != c.text || interval != c.interval {
			t.Errorf("%v ± %v is %q %q, want %q %q", c.mean, c.half, text, interval, c.text, c.interval)
		}
	}
}
