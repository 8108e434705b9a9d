package analysis

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"joule/results"
)

// run is a completed run with axes config and data.kind, and a KL.
func run(config, data string, seed int64, kl float64) *results.Row {
	r := &results.Row{
		Key: fmt.Sprintf("%s/%s/%d", config, data, seed), Status: results.Completed, Run: fmt.Sprintf("%s/%s/seed-%d", config, data, seed), Suite: "toy",
		Axes: []results.Setting{{Key: "config", Value: config}, {Key: "data.kind", Value: data}}, Seed: seed,
		Method: config, Data: data, Model: "mlp", Dim: 2, Joule: "v1", Backend: "go",
	}
	r.Put("kl", kl)
	return r
}

// failed is a run that has ended in another way.
func failed(config, data string, seed int64, status results.Status) *results.Row {
	r := run(config, data, seed, math.NaN())
	r.Status, r.Reason = status, "for a reason"
	return r
}

// runs are runs with the seeds from 0.
func runs(config, data string, kl ...float64) (rows []*results.Row) {
	for seed, x := range kl {
		rows = append(rows, run(config, data, int64(seed), x))
	}
	return rows
}

// with gives runs another axis.
func with(rows []*results.Row, key, value string) []*results.Row {
	for _, r := range rows {
		r.Axes = append(r.Axes, results.Setting{Key: key, Value: value})
		r.Key += "/" + value
	}
	return rows
}

func figure(t *testing.T, name string) results.Figure {
	t.Helper()
	f, ok := results.FigureOf(name)
	if !ok {
		t.Fatalf("there is no figure %s", name)
	}
	return f
}

// near compares numbers that there may be.
func near(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil {
		t.Errorf("there is no %s, want %g", what, want)
	} else if math.Abs(*got-want) > 1e-9*max(1, math.Abs(want)) {
		t.Errorf("%s is %.12g, want %.12g", what, *got, want)
	}
}

// refuses expects an error of wrong usage, or else another, that begins with a text.
func refuses(t *testing.T, err error, usage bool, want string) {
	t.Helper()
	_, isUsage := errors.AsType[*OptionError](err)
	if err == nil || !strings.HasPrefix(err.Error(), want) || isUsage != usage {
		t.Errorf("%v (about an option: %v), want %q", err, isUsage, want)
	}
}

func TestFigures(t *testing.T) {
	rows := slices.Concat(runs("mle", "rings", 1), []*results.Row{failed("mle", "rings", 1, results.Diverged)})
	rows[0].Put("seconds", 2)
	rows[0].Put("entropy", 3)
	rows[1].Put("fisher", 4)
	for _, c := range []struct{ names, want string }{{"", "kl"}, {"seconds", "seconds"}, {"seconds kl seconds", "seconds kl"}} {
		got, err := Figures(strings.Fields(c.names), rows)
		if names := strings.Join(namesOf(got), " "); err != nil || names != c.want {
			t.Errorf("%q gives %s, %v", c.names, names, err)
		}
	}
	_, err := Figures([]string{"kll"}, rows)
	refuses(t, err, true, `metric kll: unknown; did you mean "kl"? There are kl, fisher, `)
	_, err = Figures([]string{"fisher"}, rows)
	refuses(t, err, true, "metric fisher: no completed run has it; there are kl, entropy, seconds")
	if got := hint("x", strings.Fields(strings.Repeat("many ", 25))); !strings.HasSuffix(got, "many, many, and 5 more") {
		t.Errorf("of many names %s", got)
	}
	_, err = Figures(nil, rows[1:])
	refuses(t, err, false, "none of the 1 runs is completed and has a figure")
	delete(rows[0].Metrics, "kl")
	if got, err := Figures(nil, rows); err != nil || got[0].Name != "entropy" {
		t.Errorf("without one that is good or bad: %v, %v", got, err)
	}
}

func TestSelect(t *testing.T) {
	rows := slices.Concat(runs("mle", "rings", 1, 2), runs("dsm", "rings", 3), with(runs("dsm", "pinwheel", 4), "model.hidden", "[8, 8]"))
	for texts, want := range map[string]string{
		"": "1 2 3 4", "config=dsm": "3 4", "config=dsm;data.kind=rings": "3", "config=mle, dsm": "1 2 3 4", "data.kind=pinwheel,rings;seed=1": "2",
		"config=mle;config=dsm": "1 2 3 4", "model.hidden=[8,8]": "4", "model.hidden=[8, 8]": "4", "method=mle": "1 2",
	} {
		where, err := ParseWhere(strings.FieldsFunc(texts, func(r rune) bool { return r == ';' }))
		if err != nil {
			t.Fatal(err)
		}
		kept, err := Select(rows, where)
		var got []string
		for _, r := range kept {
			got = append(got, fmt.Sprint(r.Metrics["kl"]))
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q leaves %v, %v; want %s", texts, got, err, want)
		}
	}
	for texts, want := range map[string]string{
		"config":                               "where config: want KEY=VALUE",
		"=mle":                                 "where =mle: want KEY=VALUE",
		"confg=mle":                            `where confg: no run has such a key; did you mean "config"? There are config, data.kind, model.hidden, method, data`,
		"config=mel":                           `where config=mel: no run has that; did you mean "mle"? There are mle, dsm`,
		"config=mle;seed=0;data.kind=pinwheel": "where leaves none of the 4 runs",
	} {
		where, err := ParseWhere(strings.Split(texts, ";"))
		if err == nil {
			_, err = Select(rows, where)
		}
		refuses(t, err, true, want)
	}
}

// Values whose squares overflow are no measurements, and so are none of the sums that programs read.
func TestHugeValues(t *testing.T) {
	rows := runs("mle", "rings", 1, 1e300, 1e149, -1e149)
	f := figure(t, "kl")
	s := sampleOf(rows, f)
	if s.N != 3 || s.Unmeasured != 1 || math.IsInf(*s.HalfWidth, 0) {
		t.Errorf("%+v", s)
	}
	c, err := Beside("a", rows, "b", runs("mle", "rings", -1, 0, -1e149, 1e149), []results.Figure{f})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Write(io.Discard, JSON); err != nil {
		t.Error(err)
	}
}

// A run that is there twice counts once; two results of a run are an error.
func TestDistinct(t *testing.T) {
	rows := runs("mle", "rings", 1, 2)
	if got, err := Prepare(slices.Concat(rows, rows)); err != nil || !slices.Equal(got, rows) {
		t.Errorf("%d rows, %v", len(got), err)
	}
	again := *rows[0]
	again.Started = time.Unix(1, 0)
	_, err := Prepare(append(rows, &again))
	refuses(t, err, false, "there are two results of mle/rings/seed-0 of the suite toy")
}

// Runs that have failed early are where the others are, though their rows lack what was not known yet.
func TestFailedEarly(t *testing.T) {
	rows := slices.Concat(runs("planar/mle", "rings", 1, 2), runs("planar/dsm", "rings", 1), runs("planar/mle", "file", 1), runs("planar/dsm", "spirals", 3))
	for _, r := range rows {
		r.Method = strings.TrimPrefix(r.Method, "planar/")
	}
	rows[3].Data = "iris.csv"
	refused, crashed := failed("planar/dsm", "file", 0, results.Refused), failed("planar/mle", "file", 1, results.Crashed)
	refused.Method, refused.Data, refused.Model, refused.Dim = "", "", "", 0
	crashed.Method, crashed.Data, crashed.Dim = "mle", "csv", 0
	rows = append(rows, refused, crashed)
	got, err := Prepare(rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got[5:] {
		if r.Method != map[string]string{"planar/mle": "mle", "planar/dsm": "dsm"}[r.Axes[0].Value] || r.Data != "iris.csv" || r.Model != "mlp" {
			t.Errorf("%+v", r)
		}
	}
	if refused.Method != "" || crashed.Data != "csv" {
		t.Error("the rows that were given have changed")
	}
	for _, keys := range [][]string{nil, {"method"}} {
		tables, err := Tables(got, TableOptions{Rows: keys, Figures: []results.Figure{figure(t, "kl")}})
		if err != nil || len(tables[0].Rows) != 2 || fmt.Sprint(tables[0].Columns) != "[[rings] [file] [spirals]]" || tables[0].Samples[1][1].Runs != 1 {
			t.Errorf("%+v, %v", tables, err)
		}
	}
	// An axis that goes with several methods tells none.
	lone := failed("planar/nce", "rings", 0, results.Refused)
	lone.Method = ""
	if got, err := Prepare(append(rows, lone)); err != nil || got[7].Method != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		x        float64
		decimals int
		want     string
	}{{0.12345, 4, "0.1235"}, {-0.5, 1, "−0.5"}, {0, 2, "0.00"}, {0, 0, "0"}, {-0.00001, 3, "−1.0e−05"}, {1234.5, 0, "1234"}} {
		if got := number(c.x, c.decimals); got != c.want {
			t.Errorf("%g with %d decimals is %s, want %s", c.x, c.decimals, got, c.want)
		}
	}
	if got := signed(0.25, 2) + signed(-0.25, 2) + signed(0, 1); got != "+0.25−0.250.0" {
		t.Errorf("with signs %s", got)
	}
	for _, c := range []struct {
		x    float64
		want int
	}{{0.5, 2}, {0.05, 3}, {12, 2}, {1e-12, 8}, {0, 2}} {
		if got := decimalsFor(c.x, 2); got != c.want {
			t.Errorf("%g has %d decimals, want %d", c.x, got, c.want)
		}
	}
}
