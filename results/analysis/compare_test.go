package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"joule/results"
)

func beside(t *testing.T, a, b []*results.Row, names ...string) *Comparison {
	t.Helper()
	figures := []results.Figure{figure(t, "kl")}
	for _, name := range names {
		figures = append(figures, figure(t, name))
	}
	c, err := Beside("old", a, "new", b, figures)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func verdicts(c *Comparison) (v []Verdict) {
	for _, d := range c.Figures[0].Cells {
		v = append(v, d.Verdict)
	}
	return v
}

// Differences of 1, 2 and 3 have the mean 2 and the standard error 1/√3.
func TestBeside(t *testing.T) {
	a := slices.Concat(runs("mle", "rings", 1, 20, 300), runs("dsm", "rings", 5, 6, 7))
	b := slices.Concat(runs("dsm", "rings", 5, 6, 7), runs("mle", "rings", 2, 22, 303))
	c := beside(t, a, b)
	f := c.Figures[0]
	d := f.Cells[0]
	near(t, "the mean difference", d.Mean, 2)
	near(t, "its half width", d.HalfWidth, 4.302652729749/math.Sqrt(3))
	near(t, "p", d.P, 0.074179900227) // of t = 2√3 with two degrees of freedom
	near(t, "the size excluded", d.Excluded, 2+4.302652729749/math.Sqrt(3))
	if d.Cell != "mle" || d.Verdict != NoDifference || *d.Corrected != *d.P || f.Cells[1].Verdict != Identical || f.Cells[1].P != nil {
		t.Errorf("%+v, %+v", d.Difference, f.Cells[1].Difference)
	}
	// Over all, seeds stand for means over both cells: half of the differences.
	near(t, "the mean difference over all", f.Overall.Mean, 1)
	near(t, "its p", f.Overall.P, 0.074179900227)
	if f.OverallCells != 2 || f.Overall.Pairs != 3 || f.Across.Higher != 1 || f.Across.Lower != 0 || *f.Across.P != 1 {
		t.Errorf("%+v, %+v", f.Overall, f.Across)
	}
	if c.Pairs != 6 || c.A.Runs != 6 || len(c.Changes)+len(c.OnlyA)+len(c.OnlyB)+len(c.Notes) > 0 {
		t.Errorf("%+v", c)
	}
}

// The verdicts have the direction of the figure, and Holm's correction for all cells of all figures.
func TestVerdicts(t *testing.T) {
	var a, b []*results.Row
	for i := range 4 {
		data := fmt.Sprint("data", i)
		for seed := range 5 {
			x, y := run("mle", data, int64(seed), 1), run("mle", data, int64(seed), 1)
			shift := 0.01 * float64((seed*7+i)%5-2)
			x.Put("kl", 1+shift)
			y.Put("kl", 1+shift+[]float64{0.5, -0.5, 0, 0.004}[i]+0.001*float64(seed%3-1))
			x.Put("accuracy", 0.5)
			y.Put("accuracy", 0.5+[]float64{0.1, -0.1, 0, 0}[i]+0.001*float64(seed%3-1))
			x.Put("entropy", 3)
			y.Put("entropy", 3+[]float64{0.1, -0.1, 0, 0}[i]+0.001*float64(seed%3-1))
			a, b = append(a, x), append(b, y)
		}
	}
	c := beside(t, a, b, "accuracy", "entropy")
	if got := fmt.Sprint(verdicts(c)); got != "[worse better no difference seen worse]" {
		t.Errorf("of kl %s", got)
	}
	for k, want := range []string{"better worse", "higher lower"} {
		if got := fmt.Sprint(c.Figures[k+1].Cells[0].Verdict, " ", c.Figures[k+1].Cells[1].Verdict); got != want {
			t.Errorf("of %s %s, want %s", c.Figures[k+1].Metric, got, want)
		}
	}
	// Of twelve p values this one is the seventh.
	d := c.Figures[0].Cells[3]
	near(t, "p with its correction", d.Corrected, 6**d.P)
	if *d.P > 0.01 {
		t.Errorf("p is %g", *d.P)
	}
	if what, err := c.Fails([]string{"worse"}); err != nil || strings.Join(what, "; ") != "kl is worse in 2 of 4 cells; accuracy is worse in 1 of 4 cells" {
		t.Errorf("%v, %v", what, err)
	}
}

// Where the differences do not tell how they vary there is no interval, and no verdict by Student's t.
func TestDegenerateDifferences(t *testing.T) {
	a := slices.Concat(runs("one", "x", 1), runs("none", "x", 1), runs("same", "x", 1, 2, 3), runs("seven", "x", 1, 2, 3, 4, 5, 6, 7))
	b := slices.Concat(runs("one", "x", 5), []*results.Row{failed("none", "x", 0, results.Failed)}, runs("same", "x", 1.5, 2.5, 3.5), runs("seven", "x", 0, 1, 2, 3, 4, 5, 6))
	c := beside(t, a, b)
	cells := c.Figures[0].Cells
	for i, want := range []struct {
		verdict Verdict
		reason  string
		pairs   int
	}{{NoVerdict, "one pair does not tell how much differs by chance", 1}, {NoVerdict, "there is no pair", 0}, {NoDifference, "all differences are alike", 3}, {Better, "all differences are alike", 7}} {
		if d := cells[i]; d.Verdict != want.verdict || d.Reason != want.reason || d.Pairs != want.pairs || d.HalfWidth != nil || d.Excluded != nil {
			t.Errorf("%s: %+v", d.Cell, d.Difference)
		}
	}
	near(t, "p of three", cells[2].P, 0.25)
	near(t, "p of seven", cells[3].P, 2./128)
	near(t, "the same, corrected for the two tests", cells[3].Corrected, 4./128)
	// A single pair that is the same is the same.
	if c := beside(t, runs("mle", "x", 1), runs("mle", "x", 1)); c.Figures[0].Cells[0].Verdict != Identical || c.Figures[0].Overall != nil {
		t.Errorf("%+v", c.Figures[0].Cells[0].Difference)
	}
}

// Times that runs have in common say nothing of how they vary, and costs are ratios.
func TestCosts(t *testing.T) {
	a, b := slices.Concat(runs("mle", "x", 1, 2), runs("dsm", "x", 1, 2)), slices.Concat(runs("mle", "x", 1, 2), runs("dsm", "x", 1, 2))
	for i := range a {
		a[i].Replicas, b[i].Replicas = 2, 2
		a[i].Put("seconds", 10)
		b[i].Put("seconds", []float64{20, 20, 70, 90}[i])
		a[i].Put("compile_seconds", 0)
		b[i].Put("compile_seconds", 1)
		a[i].Put("steps", 10)
		b[i].Put("steps", 10)
	}
	c := beside(t, a, b)
	if len(c.Costs) != 1 {
		t.Fatalf("%+v", c.Costs)
	}
	cost := c.Costs[0]
	near(t, "the ratio", &cost.Ratio, math.Sqrt(2*math.Sqrt(63)))
	near(t, "the least", &cost.Least, 2)
	near(t, "the most", &cost.Most, math.Sqrt(63))
	if cost.Metric != "seconds" || cost.Pairs != 4 || cost.MostCell != "dsm" {
		t.Errorf("%+v", cost)
	}
	c, err := Beside("old", a, "new", b, []results.Figure{figure(t, "seconds")})
	if err != nil {
		t.Fatal(err)
	}
	if d := c.Figures[0].Cells[1]; d.Verdict != NoVerdict || d.HalfWidth != nil || d.P != nil || c.Figures[0].Overall.Verdict != NoVerdict || len(c.Costs) != 0 {
		t.Errorf("%+v, %+v", d.Difference, c.Costs)
	}
}

// Runs that have failed, lost a figure or are not there are told, and fail what asks for it.
func TestChanges(t *testing.T) {
	a := slices.Concat(runs("mle", "x", 1, 2, 3, 4), []*results.Row{failed("mle", "x", 4, results.Diverged)}, runs("dsm", "x", 1, 2))
	b := slices.Concat(runs("mle", "x", 1, 2), []*results.Row{failed("mle", "x", 2, results.Crashed), run("mle", "x", 3, math.NaN())}, runs("mle", "x", 0, 0, 0, 0, 5)[4:], runs("nce", "x", 1))
	a[0].Config, b[0].Config = "steps: 1\n", "steps: 2\n"
	c := beside(t, a, b)
	want := []Change{
		{Run: "mle/x/seed-2", A: results.Completed, B: results.Crashed, Reason: "for a reason"},
		{Run: "mle/x/seed-3", A: results.Completed, B: results.Completed, Lost: []string{"kl"}},
		{Run: "mle/x/seed-4", A: results.Diverged, B: results.Completed},
	}
	if fmt.Sprint(c.Changes) != fmt.Sprint(want) || fmt.Sprint(c.OnlyA, c.OnlyB) != "[dsm/x/seed-0 dsm/x/seed-1] [nce/x/seed-0]" {
		t.Errorf("%+v\n%v %v", c.Changes, c.OnlyA, c.OnlyB)
	}
	if fmt.Sprint(c.Notes) != "[the configs of 1 of 5 pairs differ]" {
		t.Errorf("%v", c.Notes)
	}
	for _, x := range []struct{ on, want string }{
		{"", ""},
		{"worse", "fewer runs have kl in 1 of 1 cells"},
		{"failed", "newly failed: 2 runs, such as mle/x/seed-2"},
		{"missing", "missing: 2 runs, such as dsm/x/seed-0"},
	} {
		what, err := c.Fails(strings.Fields(x.on))
		if err != nil || strings.Join(what, "; ") != x.want {
			t.Errorf("on %q: %v, %v", x.on, what, err)
		}
	}
	_, err := c.Fails([]string{"worst"})
	refuses(t, err, true, `fail-on worst: unknown; did you mean "worse"?`)
	// As many completed runs as before, though others, are not fewer.
	if what, _ := beside(t, slices.Concat(a[1:2], a[3:5]), slices.Concat(b[1:2], b[3:5])).Fails([]string{"worse"}); len(what) > 0 {
		t.Errorf("%v", what)
	}
	_, err = Beside("old", a, "new", runs("nce", "x", 1), []results.Figure{figure(t, "kl")})
	refuses(t, err, false, "no run of the one is in the other: these have the axes config, data.kind, and those config, data.kind")
	_, err = Beside("old", a[2:3], "new", b[2:3], []results.Figure{figure(t, "kl")})
	refuses(t, err, false, "no run has kl both in old and in new: of 1 pairs of runs")
}

// Over all cells as many pairs as can be count, every cell with every seed.
func TestOverallIsComplete(t *testing.T) {
	var a, b []*results.Row
	for i := range 6 {
		data := fmt.Sprint("x", i)
		a, b = append(a, runs("mle", data, 1, 2, 3, 4, 5)...), append(b, runs("mle", data, 1, 2, 3, 4, 6)...)
	}
	b[0].Status = results.Diverged // seed 0 of one cell: rather this cell than this seed
	c := beside(t, a, b)
	if f := c.Figures[0]; f.OverallCells != 5 || f.Overall.Pairs != 5 {
		t.Errorf("%d cells, %+v", f.OverallCells, f.Overall)
	}
	for i := range 6 { // seed 1 of all cells: rather this seed
		b[5*i+1].Status = results.Diverged
	}
	b[0].Status = results.Completed
	c = beside(t, a, b)
	if f := c.Figures[0]; f.OverallCells != 6 || f.Overall.Pairs != 4 {
		t.Errorf("%d cells, %+v", f.OverallCells, f.Overall)
	}
}

// Of two cells the smaller has its say.
func TestOverallOfTwoCells(t *testing.T) {
	c := beside(t, slices.Concat(runs("mle", "x", 1, 2, 3, 4, 5), runs("mle", "y", 1, 2, 3, 4)), slices.Concat(runs("mle", "x", 1, 2, 3, 4, 6), runs("mle", "y", 2, 3, 4, 5)))
	if f := c.Figures[0]; f.OverallCells != 2 || f.Overall.Pairs != 4 || *f.Overall.Mean != 0.5 {
		t.Errorf("%d cells, %+v", f.OverallCells, f.Overall)
	}
}

func TestBetween(t *testing.T) {
	kl := []results.Figure{figure(t, "kl")}
	rows := slices.Concat(runs("mle", "rings", 1, 2, 3), runs("dsm", "rings", 5, 6.1, 7), runs("mle", "pinwheel", 1, 2, 3), runs("dsm", "pinwheel", 0, 1, 2.1), runs("nce", "rings", 1))
	for _, key := range []string{"config", "method"} {
		c, err := Between(rows, key, "mle", "dsm", kl)
		if err != nil {
			t.Fatal(err)
		}
		cells := c.Figures[0].Cells
		if len(cells) != 2 || cells[0].Cell != "rings" || cells[1].Cell != "pinwheel" || c.Pairs != 6 || c.A.Runs != 6 || cells[0].Verdict != Worse || cells[1].Verdict != Better {
			t.Errorf("%s: %+v, %+v", key, cells[0], cells[1])
		}
	}
	c, err := Between(rows, "data.kind", "rings", "pinwheel", kl)
	if err != nil || len(c.Figures[0].Cells) != 2 || c.Figures[0].Cells[0].Cell != "mle" || fmt.Sprint(c.OnlyA) != "[nce/rings/seed-0]" {
		t.Errorf("%+v, %v", c, err)
	}
	// What always goes with the key is told, but data are never passed over.
	wide := runs("dsm", "rings", 5, 6, 7)
	for _, r := range wide {
		r.Model = "residual_mlp"
	}
	c, err = Between(slices.Concat(runs("mle", "rings", 1, 2, 3), wide), "config", "mle", "dsm", kl)
	if err != nil || fmt.Sprint(c.Notes) != "[they differ in model as well: mlp; residual_mlp]" {
		t.Errorf("%v", err)
	}
	_, err = Between(slices.Concat(runs("mle", "rings", 1), runs("dsm", "pinwheel", 1)), "config", "mle", "dsm", kl)
	refuses(t, err, false, "no run of the one has its like among the others: with the same data.kind, data, model, suite and seed")
	_, err = Between(rows, "config", "mle", "dms", kl)
	refuses(t, err, true, `between config=dms: no run has that; did you mean "dsm"?`)
	_, err = Between(rows, "config", "mle", "mle", kl)
	refuses(t, err, true, "between config=mle,mle: want a key other than seed, and two values")
	_, err = Between(rows, "confg", "mle", "dsm", kl)
	refuses(t, err, true, "between confg: no run has such a key")
	_, err = Between(slices.Concat(with(runs("mle", "rings", 1), "lr", "1"), with(runs("mle", "rings", 1), "lr", "2"), with(runs("dsm", "rings", 1), "lr", "3")), "config", "mle", "dsm", kl)
	refuses(t, err, false, "mle/rings/seed-0 is there twice")
}

// A commit that changes nothing but the noise is found worse or better as rarely as is promised.
func TestFalseAlarms(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	const trials = 1500
	cells, overall := 0, 0
	kl := []results.Figure{figure(t, "kl")}
	for range trials {
		var a, b []*results.Row
		for i := range 6 {
			for seed := range 4 {
				common := 10 * random.NormFloat64()
				a = append(a, run("mle", fmt.Sprint("x", i), int64(seed), common+random.NormFloat64()))
				b = append(b, run("mle", fmt.Sprint("x", i), int64(seed), common+random.NormFloat64()))
			}
		}
		c, err := Beside("old", a, "new", b, kl)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(verdicts(c), Worse) || slices.Contains(verdicts(c), Better) {
			cells++
		}
		if v := c.Figures[0].Overall.Verdict; v == Worse || v == Better {
			overall++
		}
	}
	for what, n := range map[string]int{"cells": cells, "over all": overall} {
		if rate := float64(n) / trials; math.Abs(rate-Alpha) > 4*math.Sqrt(Alpha*(1-Alpha)/trials) {
			t.Errorf("%s: %.3f of the comparisons find a difference", what, rate)
		}
	}
}
