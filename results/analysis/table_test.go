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

// table is the only table by some options.
func table(t *testing.T, rows []*results.Row, o TableOptions) *Table {
	t.Helper()
	if o.Figures == nil {
		o.Figures = []results.Figure{figure(t, "kl")}
	}
	tables, err := Tables(rows, o)
	if err != nil || len(tables) != 1 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	return tables[0]
}

// standings are runs of three methods on two data sets with much noise between the seeds, and little in what methods differ by.
func standings() []*results.Row {
	return slices.Concat(
		runs("mle", "rings", 1, 2, 3), runs("dsm", "rings", 1.5, 2.51, 3.49), runs("nce", "rings", 1.1, 1.9, 3.2),
		runs("mle", "pinwheel", 2, 4), []*results.Row{failed("mle", "pinwheel", 2, results.Diverged)},
		[]*results.Row{failed("dsm", "pinwheel", 0, results.Crashed), failed("dsm", "pinwheel", 1, results.TimedOut)},
		runs("nce", "pinwheel", 5),
	)
}

func TestTable(t *testing.T) {
	rows := standings()
	rows[0].Warnings = []string{"mass near the border"}
	got := table(t, rows, TableOptions{})
	if fmt.Sprint(got.RowKeys, got.ColumnKeys, got.Rows, got.Columns) != "[config] [data.kind] [[mle] [dsm] [nce]] [[rings] [pinwheel]]" {
		t.Errorf("%v, %v, %v, %v", got.RowKeys, got.ColumnKeys, got.Rows, got.Columns)
	}
	first := got.Samples[0][0]
	near(t, "the mean", first.Mean, 2)
	near(t, "the standard deviation", first.StdDev, 1)
	near(t, "the half width", first.HalfWidth, 4.302652729749/math.Sqrt(3))
	// By pairs dsm is off by 0.5 ± 0.025, and nce by less than noise, although all differ by more than these from seed to seed.
	if fmt.Sprint(got.Best) != "[[true false] [false false] [true false]]" {
		t.Errorf("the best are %v", got.Best)
	}
	var text bytes.Buffer
	if err := WriteTables(&text, []*Table{got}, Text); err != nil {
		t.Fatal(err)
	}
	want := `KL (nats) ↓ by config and data.kind
config              rings                                   pinwheel
mle     2.0000 ± 2.4841 *  3.0000 ± 12.7062 (2 of 3, 1 diverged)
dsm     2.5000 ± 2.4718                   – (1 crashed, 1 timed out)
nce     2.0667 ± 2.6329 *            5.0000
`
	if rest, ok := strings.CutPrefix(text.String(), want); !ok || !strings.Contains(rest, "Of 12 figures 1 are of runs with warnings, such as mle/rings/seed-0: mass near the border\n") {
		t.Errorf("it is written as\n%swant\n%s", &text, want)
	}
}

// One seed has no interval, and nothing is told apart by it.
func TestTableOfOneSeed(t *testing.T) {
	got := table(t, slices.Concat(runs("mle", "rings", 1), runs("dsm", "rings", 9)), TableOptions{})
	if s := got.Samples[0][0]; s.HalfWidth != nil || s.StdDev != nil || s.N != 1 || got.Best[0][0] || got.Best[1][0] {
		t.Errorf("%+v, best %v", s, got.Best)
	}
	var text bytes.Buffer
	if err := WriteTables(&text, []*Table{got}, Text); err != nil || text.String() != "KL (nats) ↓ by config and data.kind\nconfig   rings\nmle     1.0000\ndsm     9.0000\n" {
		t.Errorf("%q, %v", &text, err)
	}
}

// Values on different data are not compared with each other, and times that replicas share have no interval.
func TestTableOfFigures(t *testing.T) {
	rows := slices.Concat(runs("mle", "rings", 1, 1.1, 0.9), runs("dsm", "rings", 3, 3.2, 2.9), runs("mle", "pinwheel", 5, 5.2, 4.9), runs("dsm", "pinwheel", 7, 7.1, 7.2))
	for i, r := range rows {
		r.Put("seconds", 10+float64(i))
		r.Put("steps_to_target", 10+float64(i*i))
		r.Replicas = 3
	}
	o := TableOptions{Columns: []string{MetricKey}, Figures: []results.Figure{figure(t, "kl"), figure(t, "seconds"), figure(t, "steps_to_target")}}
	got := table(t, rows, o)
	if fmt.Sprint(got.RowKeys, got.Rows, got.Columns) != "[config data.kind] [[mle rings] [dsm rings] [mle pinwheel] [dsm pinwheel]] [[kl] [seconds] [steps_to_target]]" {
		t.Errorf("%v %v %v", got.RowKeys, got.Rows, got.Columns)
	}
	if fmt.Sprint(got.Best) != "[[true false true] [false false false] [true false true] [false false false]]" {
		t.Errorf("the best are %v", got.Best)
	}
	if s, own := got.Samples[0][1], got.Samples[0][2]; s.HalfWidth != nil || s.N != 3 || own.HalfWidth == nil {
		t.Errorf("%+v, %+v", s, own)
	}
	// Of one data set figures are columns without being asked for.
	o.Columns = nil
	if got := table(t, rows[:6], o); fmt.Sprint(got.RowKeys, got.ColumnKeys) != "[config] [metric]" {
		t.Errorf("%v %v", got.RowKeys, got.ColumnKeys)
	}
	if tables, err := Tables(rows, o); err != nil || len(tables) != 3 {
		t.Errorf("of two %d tables, %v", len(tables), err)
	}
}

// What varies is told apart: settings of data in columns, and all others in rows. What does not vary is left out.
func TestLayout(t *testing.T) {
	grid := slices.Concat(
		with(runs("mle", "rings", 1, 2), "data.noise", "0.1"), with(runs("mle", "rings", 3, 4), "data.noise", "0.2"),
		with(with(runs("dsm", "rings", 1, 2), "data.noise", "0.1"), "train.steps", "100"), with(with(runs("dsm", "rings", 1, 2), "data.noise", "0.1"), "train.steps", "200"))
	got := table(t, grid, TableOptions{})
	if fmt.Sprint(got.RowKeys, got.ColumnKeys, got.Rows) != "[config train.steps] [data.noise] [[mle ] [dsm 100] [dsm 200]]" {
		t.Errorf("%v %v %q", got.RowKeys, got.ColumnKeys, got.Rows)
	}
	got = table(t, slices.Concat(grid, with(runs("mle", "spirals", 1, 2), "data.noise", "0.1")), TableOptions{})
	if fmt.Sprint(got.ColumnKeys, got.Columns) != "[data.kind data.noise] [[rings 0.1] [rings 0.2] [spirals 0.1]]" {
		t.Errorf("%v %v", got.ColumnKeys, got.Columns)
	}
	_, err := Tables(grid, TableOptions{Rows: []string{"config"}, Figures: []results.Figure{figure(t, "kl")}})
	refuses(t, err, true, "rows config,data.kind,data.noise: runs would be taken together that differ in train.steps (100, 200); add it, or choose by --where train.steps=100")
	_, err = Tables(grid, TableOptions{Rows: []string{"confg"}})
	refuses(t, err, true, `rows confg: no run has such a key; did you mean "config"?`)
	_, err = Tables(grid, TableOptions{Rows: []string{"data.kind"}, Columns: []string{"data.kind"}})
	refuses(t, err, true, "columns data.kind: is among --rows as well")

	// Configs that are each on one data set do not compare; their methods do.
	var configs []*results.Row
	for _, name := range []string{"rings/mle", "rings/dsm", "pinwheel/mle", "pinwheel/dsm"} {
		for _, r := range runs(name, "", 1, 2) {
			r.Data, r.Method, _ = strings.Cut(name, "/")
			r.Axes = r.Axes[:1]
			configs = append(configs, r)
		}
	}
	got = table(t, configs, TableOptions{})
	if fmt.Sprint(got.RowKeys, got.ColumnKeys, got.Rows, got.Columns) != "[method] [data] [[mle] [dsm]] [[rings] [pinwheel]]" {
		t.Errorf("%v %v %v", got.RowKeys, got.ColumnKeys, got.Rows)
	}

	// Two suites with the same axes and other settings are told apart, and what nothing tells apart is an error.
	other := runs("mle", "rings", 5, 6)
	for _, r := range other {
		r.Suite, r.Key = "longer", "l"+r.Key
	}
	got = table(t, slices.Concat(runs("mle", "rings", 1, 2), other), TableOptions{})
	if fmt.Sprint(got.Rows) != "[[mle toy] [mle longer]]" {
		t.Errorf("%v %v", got.RowKeys, got.Rows)
	}
	other[0].Suite, other[1].Suite = "toy", "toy"
	_, err = Tables(slices.Concat(runs("mle", "rings", 1, 2), other), TableOptions{})
	refuses(t, err, false, "mle/rings/seed-0 is there twice, with keys mle/rings/0 and lmle/rings/0")
}

// What programs read is all there.
func TestTableForPrograms(t *testing.T) {
	rows := standings()
	tables, err := Tables(rows, TableOptions{Figures: []results.Figure{figure(t, "kl")}})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := WriteTables(&text, tables, CSV); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(lines) != 7 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	want := "metric config data.kind runs n mean standard_deviation half_width diverged refused failed crashed timed_out unmeasured doubtful best"
	if got := strings.Join(lines[0], " "); got != want {
		t.Errorf("the header is %s", got)
	}
	if got := strings.Join(lines[4], "|"); got != "kl|dsm|pinwheel|2|0||||0|0|0|1|1|0|0|false" {
		t.Errorf("%s", got)
	}
	text.Reset()
	var cells []struct {
		Metric      string
		Row, Column map[string]string
		N           int
		Mean        *float64
		Failures    map[string]int
		Best        bool
	}
	if err := WriteTables(&text, tables, JSON); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text.Bytes(), &cells); err != nil || len(cells) != 6 {
		t.Fatalf("%d cells, %v", len(cells), err)
	}
	if c := cells[3]; c.Row["config"] != "dsm" || c.Column["data.kind"] != "pinwheel" || c.N != 0 || c.Mean != nil || c.Failures["timed_out"] != 1 {
		t.Errorf("%+v", c)
	}
	if c := cells[0]; *c.Mean != 2 || !c.Best {
		t.Errorf("%+v", c)
	}
}

// Names cannot break a table or a terminal.
func TestNamesInTables(t *testing.T) {
	got := table(t, slices.Concat(runs("a|b\x1b[31m\nc", "rings", 1, 2), runs("dsm", "rings", 5, 6)), TableOptions{})
	var text bytes.Buffer
	if err := WriteTables(&text, []*Table{got}, Markdown); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "| a\\|b\uFFFD[31m c |") || !strings.Contains(text.String(), "\n|---|--:|\n") {
		t.Errorf("%s", &text)
	}
}
