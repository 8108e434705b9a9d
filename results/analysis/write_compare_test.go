package analysis

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"joule/results"
)

func TestComparisonIsWritten(t *testing.T) {
	a := slices.Concat(runs("mle", "rings", 1, 20, 300), runs("dsm", "rings", 5, 6, 7), runs("nce", "rings", 1))
	b := slices.Concat(runs("mle", "rings", 2, 22, 303), runs("dsm", "rings", 5, 6, 7), []*results.Row{failed("nce", "rings", 0, results.Diverged)}, runs("ssm", "rings", 1))
	c := beside(t, a, b)
	var text bytes.Buffer
	if err := c.Write(&text, Text); err != nil {
		t.Fatal(err)
	}
	want := `B beside A: 7 pairs of runs; verdicts are on B
        runs  completed  joule  backend
A: old     7          7     v1  go
B: new     8          7     v1  go

KL (nats) ↓
                     pairs         A         B             B − A      p  p (Holm)  verdict
mle                      3  107.0000  109.0000  +2.0000 ± 2.4841  0.074     0.074  no difference seen (smaller than 4.4841)
dsm                      3    6.0000    6.0000            0.0000      –         –  identical
nce                 0 of 1         –         –                 –      –         –  no verdict: there is no pair
over 2 of 3 cells  3 seeds   56.5000   57.5000  +1.0000 ± 1.2421  0.074     0.074  no difference seen (smaller than 2.2421)
By the means of the cells B is better in 0 and worse in 1 of 2, p of their signed ranks 1.000.

Runs that ended in another way: 1; no longer completed with their figures: 1
run               A          B         reason
nce/rings/seed-0  completed  diverged  for a reason

In B alone: ssm/rings/seed-0.
`
	if text.String() != want {
		t.Errorf("it is written as\n%swant\n%s", &text, want)
	}
	text.Reset()
	if err := c.Write(&text, CSV); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(lines) != 5 || strings.Join(lines[1][:7], " ") != "kl cell mle 3 107 109 2" || lines[4][1] != "all" {
		t.Errorf("%v, %v", lines, err)
	}
	text.Reset()
	if err := c.Write(&text, JSON); err != nil {
		t.Fatal(err)
	}
	var back Comparison
	if err := json.Unmarshal(text.Bytes(), &back); err != nil || back.Figures[0].Cells[0].Verdict != NoDifference || back.Changes[0].Run != "nce/rings/seed-0" || *back.Figures[0].Overall.Mean != 1 {
		t.Errorf("%+v, %v", back, err)
	}
	text.Reset()
	if err := c.Write(&text, Markdown); err != nil || strings.Count(text.String(), "\n|---|") != 3 {
		t.Errorf("%s", &text)
	}
}
