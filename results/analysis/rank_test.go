package analysis

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"joule/results"
)

func rank(t *testing.T, rows []*results.Row, metric string) *Ranking {
	t.Helper()
	r, err := Rank(rows, RankOptions{Figure: figure(t, metric)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func meanRanks(r *Ranking) string {
	var text []string
	for _, m := range r.Methods {
		text = append(text, fmt.Sprintf("%s %.3f", m.Name, m.MeanRank))
	}
	return strings.Join(text, ", ")
}

// Table 6 of Demšar 2006: AUC of four variants of C4.5.
func TestRankOfDemsar(t *testing.T) {
	var rows []*results.Row
	for i, auc := range [][4]float64{
		{.763, .768, .771, .798}, {.599, .591, .590, .569}, {.954, .971, .968, .967}, {.628, .661, .654, .657}, {.882, .888, .886, .898},
		{.936, .931, .916, .931}, {.661, .668, .609, .685}, {.583, .583, .563, .625}, {.775, .838, .866, .875}, {1, 1, 1, 1},
		{.940, .962, .965, .962}, {.619, .666, .614, .669}, {.972, .981, .975, .975}, {.957, .978, .946, .970},
	} {
		for k, x := range auc {
			r := run([]string{"C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"}[k], fmt.Sprint("set", i), 0, math.NaN())
			r.Put("auroc", x)
			rows = append(rows, r)
		}
	}
	// In the table's own ranks of voting, .975 has 2 and 3, for they differ in digits that are not shown.
	rows[4*12+3].Put("auroc", .9749)
	r := rank(t, rows, "auroc")
	if got := meanRanks(r); got != "C4.5+m+cf 1.964, C4.5+m 2.000, C4.5+cf 2.893, C4.5 3.143" {
		t.Error(got)
	}
	near(t, "F", r.F, 4.185130111524)
	if math.Abs(*r.Critical-1.25) > 0.01 || *r.P > Alpha || fmt.Sprint(r.Groups) != "[[0 3]]" {
		t.Errorf("%g, p %g, groups %v", *r.Critical, *r.P, r.Groups)
	}
	if r.Methods[0].Wins != 6.25 { // alone six times, and once with all
		t.Errorf("%g wins", r.Methods[0].Wins)
	}
}

// A method without a completed run is last, and tied with others of which that is so; a data set on which one was not tried is
// left out.
func TestRankWithFailures(t *testing.T) {
	rows := slices.Concat(
		runs("a", "x", 1, 3), runs("b", "x", 9), runs("c", "x", 1.9),
		runs("a", "y", 1), []*results.Row{failed("b", "y", 0, results.Refused), failed("c", "y", 0, results.Diverged), failed("c", "y", 1, results.Diverged)},
		runs("a", "z", 5), []*results.Row{failed("a", "z", 1, results.Diverged)}, runs("b", "z", 4), []*results.Row{run("c", "z", 0, math.NaN())},
		runs("a", "v", 5), runs("b", "v", 4),
		[]*results.Row{failed("a", "w", 0, results.Failed), failed("b", "w", 0, results.Failed), failed("c", "w", 0, results.Failed)},
	)
	r := rank(t, rows, "kl")
	if got := meanRanks(r); got != "a 1.667, b 2.167, c 2.167" {
		t.Error(got)
	}
	if fmt.Sprint(r.Methods[0].Ranks, r.Methods[1].Ranks, r.Methods[2].Ranks, r.Over) != "[2 1 2] [3 2.5 1] [1 2.5 3] [x y z]" {
		t.Errorf("%v %v %v over %v", r.Methods[0].Ranks, r.Methods[1].Ranks, r.Methods[2].Ranks, r.Over)
	}
	if c := r.Methods[2]; c.Runs != 4 || c.Measured != 1 || c.Wins != 1 || c.Means[1] != nil || *c.Means[0] != 1.9 {
		t.Errorf("%+v", c)
	}
	if fmt.Sprint(r.LeftOut) != "[v: there are no runs of c w: no completed run has kl]" {
		t.Errorf("left out %q", r.LeftOut)
	}
	if *r.P < Alpha || fmt.Sprint(r.Groups) != "[[0 2]]" {
		t.Errorf("p %g, groups %v", *r.P, r.Groups)
	}
}

// Five methods in the same order on eight data sets: with a critical difference of 2.16 groups of three overlap.
func TestGroups(t *testing.T) {
	var rows []*results.Row
	for k := range 5 {
		for i := range 8 {
			rows = append(rows, run(string(rune('a'+k)), fmt.Sprint("x", i), 0, float64(k)))
		}
	}
	r := rank(t, rows, "kl")
	if fmt.Sprint(r.Groups) != "[[0 2] [1 3] [2 4]]" || r.F != nil || math.Abs(*r.P/math.Pow(120, -7)-1) > 1e-9 {
		t.Errorf("%v, p %g", r.Groups, *r.P)
	}
	var text bytes.Buffer
	if err := WriteRankings(&text, []*Ranking{r}, Text); err != nil {
		t.Fatal(err)
	}
	want := `KL (nats) ↓: ranks of 5 methods over 8 data sets
config  mean rank  wins  runs  group
a            1.00     8     8  a
b            2.00     0     8  ab
c            3.00     0     8  abc
d            4.00     0     8  bc
e            5.00     0     8  c
Friedman: χ² = 32.00, the same ranks everywhere, p = 3e-15.
Methods differ whose mean ranks are 2.16 apart or more (Nemenyi, 0.05); those with a letter in common are not told apart.
`
	if text.String() != want {
		t.Errorf("it is written as\n%swant\n%s", &text, want)
	}
	text.Reset()
	if err := WriteRankings(&text, []*Ranking{r, r}, JSON); err != nil {
		t.Fatal(err)
	}
	var back []Ranking
	if err := json.Unmarshal(text.Bytes(), &back); err != nil || len(back) != 2 || back[1].Methods[4].MeanRank != 5 || back[0].Methods[0].Keys["config"] != "a" {
		t.Errorf("%+v, %v", back, err)
	}
	text.Reset()
	if err := WriteRankings(&text, []*Ranking{r}, CSV); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(lines) != 6 || strings.Join(lines[2][:8], " ") != "kl b 2 0 8 8 ab 8" || lines[0][11] != "rank x0" {
		t.Errorf("%v, %v", lines, err)
	}
}

// Two methods in the same order on four data sets are further apart than the critical difference of 0.98, but so they are by chance in
// one case of eight.
func TestNoGroupsWithoutDifference(t *testing.T) {
	var rows []*results.Row
	for i := range 4 {
		rows = append(rows, run("a", fmt.Sprint("x", i), 0, 1), run("b", fmt.Sprint("x", i), 0, 2))
	}
	r := rank(t, rows, "kl")
	near(t, "p", r.P, 1./8)
	if *r.Critical > 1 || fmt.Sprint(r.Groups) != "[[0 1]]" {
		t.Errorf("critical difference %g, groups %v", *r.Critical, r.Groups)
	}
}

// One data set has ranks, and no test.
func TestRankOfOneDataSet(t *testing.T) {
	r := rank(t, slices.Concat(runs("a", "x", 2), runs("b", "x", 1)), "kl")
	var text bytes.Buffer
	if err := WriteRankings(&text, []*Ranking{r}, Markdown); err != nil {
		t.Fatal(err)
	}
	if meanRanks(r) != "b 1.000, a 2.000" || r.P != nil || r.Critical != nil || r.Groups != nil || !strings.Contains(text.String(), "One data set does not tell") {
		t.Errorf("%+v\n%s", r, &text)
	}
}

func TestRankRefuses(t *testing.T) {
	rows := slices.Concat(runs("a", "x", 2), runs("b", "x", 1))
	rows[0].Put("entropy", 1)
	_, err := Rank(rows, RankOptions{Figure: figure(t, "entropy")})
	refuses(t, err, true, "metric entropy: no value of it is better than another")
	_, err = Rank(rows[:1], RankOptions{Figure: figure(t, "kl")})
	refuses(t, err, false, "there is one method, a; want several to rank")
	_, err = Rank(rows, RankOptions{Methods: []string{"confg"}, Figure: figure(t, "kl")})
	refuses(t, err, true, "methods confg: no run has such a key")
	_, err = Rank(rows, RankOptions{Methods: []string{"config", "data.kind"}, Figure: figure(t, "kl")})
	refuses(t, err, true, "over want a key of data sets")
	_, err = Rank(rows, RankOptions{Over: []string{"config"}, Methods: []string{"config"}, Figure: figure(t, "kl")})
	refuses(t, err, true, "over config: is among --methods as well")
	_, err = Rank(slices.Concat(runs("a", "x", 2), runs("b", "y", 1)), RankOptions{Figure: figure(t, "kl")})
	refuses(t, err, false, "there is no data set to rank kl on: x: there are no runs of b; y: there are no runs of a")
}
