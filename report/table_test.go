package report

import (
	"math"
	"slices"
	"strings"
	"testing"

	"joule/metrics"
)

func TestBest(t *testing.T) {
	run := func(group int, nll float64) Run {
		r := Run{Group: group, Evaluation: &metrics.Evaluation{}}
		if nll != 0 {
			r.Evaluation.TestNLL = &nll
		}
		return r
	}
	nll := columns[0]
	everywhere := nll
	everywhere.everywhere = true
	largest := nll
	largest.prefer = most
	for name, c := range map[string]struct {
		column column
		runs   []Run
		want   []bool
	}{
		"the least":             {nll, []Run{run(0, 3), run(0, 2), run(0, 4)}, []bool{false, true, false}},
		"the most":              {largest, []Run{run(0, 3), run(0, 2), run(0, 4)}, []bool{false, false, true}},
		"of each data":          {nll, []Run{run(0, 3), run(1, 1), run(0, 2), run(1, 2)}, []bool{false, true, true, false}},
		"of all data":           {everywhere, []Run{run(0, 3), run(1, 1)}, []bool{false, true}},
		"one alone":             {nll, []Run{run(0, 3), run(1, 1)}, []bool{false, false}},
		"written alike":         {nll, []Run{run(0, 2), run(0, 2.000001), run(0, 3)}, []bool{true, true, false}},
		"all alike":             {nll, []Run{run(0, 2), run(0, 2)}, []bool{false, false}},
		"one without":           {nll, []Run{run(0, 0), run(0, 2)}, []bool{false, false}},
		"one that is no number": {nll, []Run{run(0, math.NaN()), run(0, 2)}, []bool{false, true}},
	} {
		if got := c.column.best(c.runs); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// A divergence from a fitted density is not compared with one from another.
func TestBestKeepsFittedDensitiesApart(t *testing.T) {
	kl := columns[slices.IndexFunc(columns, func(c column) bool { return c.title == "KL" })]
	known, fitted := example(t, "known", 1), example(t, "fitted", 1)
	*known.Evaluation.KL, fitted.Fitted = 0.5, true
	if got := kl.best([]Run{known, fitted}); got[0] || got[1] {
		t.Errorf("got %v", got)
	}
}

func TestDecimals(t *testing.T) {
	for _, c := range []struct {
		digits int
		x      float64
		want   string
	}{
		{4, 0.00004, "0.0000"}, {4, -0.00004, "0.0000"}, {3, -0.7231, "−0.723"}, {0, 999.6, "1\u202f000"}, {1, 1234567.25, "1\u202f234\u202f567.2"},
		{0, 12, "12"}, {0, -1000, "−1\u202f000"}, {2, math.NaN(), "NaN"}, {2, math.Inf(1), "+Inf"},
	} {
		if got := decimals(c.digits)(c.x); got != c.want {
			t.Errorf("%v with %d decimals is %q, want %q", c.x, c.digits, got, c.want)
		}
	}
}

// What annealed importance sampling bounds is marked, is never best, and is left out where few chains count.
func TestBoundsAreMarked(t *testing.T) {
	bounded := func(name string, nll, chains float64) Run {
		r := example(t, name, nll)
		r.Evaluation.KL, r.Evaluation.Fisher, r.Evaluation.BorderMass = nil, nil, nil
		r.Evaluation.TrainNLL = pointer(nll)
		r.Evaluation.AIS = &metrics.Bounds{Lower: -1.5, Upper: -1.25, LowerError: 0.01, UpperError: 0.02, EffectiveChains: chains}
		return r
	}
	runs := []Run{bounded("sound", 3, 300), bounded("poor", 2, 3), bounded("other", 4, 300)}
	header, rows := table(runs)
	at := slices.IndexFunc(header, func(c cell) bool { return c.Text == "test NLL" }) // the name of a run is no cell of its row
	logZ := slices.IndexFunc(header, func(c cell) bool { return c.Text == "log Z" })
	for i, want := range []string{"≥\u00a03.0000", "–", "≥\u00a04.0000"} {
		if got := rows[i].Cells[at-1]; got.Text != want || got.Best {
			t.Errorf("%s has the NLL %+v, want %s", runs[i].Name, got, want)
		}
	}
	if got := rows[0].Cells[logZ-1].Text; got != "≥\u00a0−1.500" {
		t.Errorf("log Z is %s", got)
	}
	said := slices.ContainsFunc(notes(runs), func(s string) bool { return strings.HasPrefix(s, "≥ ") })
	if exact := notes([]Run{example(t, "exact", 1)}); !said || slices.ContainsFunc(exact, func(s string) bool { return strings.HasPrefix(s, "≥ ") }) {
		t.Errorf("the notes are %v", notes(runs))
	}
	facts := factsOf(runs[0])
	for _, want := range []fact{{"Training NLL", "at least 3.0000 nats"}, {"log Z by AIS", "−1.500 ± 0.010 from below, −1.250 ± 0.020 from above, by 300 effective chains"}} {
		if !slices.Contains(facts, want) {
			t.Errorf("the facts %v lack %v", facts, want)
		}
	}
}
