package suitepage

import (
	"slices"
	"testing"

	"joule/results"
)

// rowOf is a completed run; settings are keys and values in turn.
func rowOf(suite, method, data string, seed int64, kl float64, settings ...string) *results.Row {
	r := &results.Row{Status: results.Completed, Suite: suite, Method: method, Data: data, Seed: seed, Metrics: map[string]float64{"kl": kl}}
	for i := 0; i < len(settings); i += 2 {
		r.Axes = append(r.Axes, results.Setting{Key: settings[i], Value: settings[i+1]})
	}
	return r
}

func mustCollect(t *testing.T, suites ...Suite) *cells {
	t.Helper()
	all, err := collect(suites)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCollect(t *testing.T) {
	for _, c := range []struct {
		name                string
		suites              []Suite
		axes, methods, data []string
		fixed, cells        []string
	}{
		{
			"an axis that does not vary is a fact",
			[]Suite{{Rows: []*results.Row{
				rowOf("s", "dsm", "rings", 1, 0, "config", "dsm", "train.steps", "100", "data.kind", "rings"),
				rowOf("s", "dsm", "rings", 0, 0, "config", "dsm", "train.steps", "100", "data.kind", "rings"),
				rowOf("s", "mle", "moons", 0, 0, "config", "mle", "train.steps", "100", "data.kind", "moons"),
			}}},
			[]string{"config", "data.kind"}, []string{"dsm", "mle"}, []string{"rings", "moons"}, []string{"train.steps=100"}, []string{"dsm/rings", "mle/moons"},
		},
		{
			"several axes of method and of data",
			[]Suite{{Rows: []*results.Row{
				rowOf("s", "dsm", "rings", 0, 0, "config", "a", "method.sigma", "0.1", "data.kind", "rings", "data.size", "10"),
				rowOf("s", "dsm", "moons", 0, 0, "config", "b", "method.sigma", "0.2", "data.kind", "moons", "data.size", "20"),
			}}},
			[]string{"config", "method.sigma", "data.kind", "data.size"}, []string{"a · 0.1", "b · 0.2"}, []string{"rings · 10", "moons · 20"}, nil,
			[]string{"a/0.1/rings/10", "b/0.2/moons/20"},
		},
		{
			"configs of one method and one data each",
			[]Suite{{Rows: []*results.Row{rowOf("s", "dsm", "rings", 0, 0, "config", "x"), rowOf("s", "mle", "moons", 0, 0, "config", "y")}}},
			[]string{"config"}, []string{"dsm", "mle"}, []string{"rings", "moons"}, nil, []string{"x", "y"},
		},
		{
			"configs that kinds do not tell apart",
			[]Suite{{Rows: []*results.Row{rowOf("s", "dsm", "rings", 0, 0, "config", "x"), rowOf("s", "dsm", "rings", 0, 0, "config", "y")}}},
			[]string{"config"}, []string{"x", "y"}, []string{"rings"}, nil, []string{"x", "y"},
		},
		{
			"no axis",
			[]Suite{{Rows: []*results.Row{rowOf("s", "dsm", "rings", 0, 0), rowOf("s", "dsm", "rings", 1, 0)}}},
			[]string{"method", "data"}, []string{"dsm"}, []string{"rings"}, nil, []string{"dsm/rings"},
		},
		{
			"two suites, of which one has another axis",
			[]Suite{
				{Dir: "a", Rows: []*results.Row{rowOf("s", "dsm", "rings", 0, 0, "config", "dsm", "data.kind", "rings")}},
				{Dir: "b", Rows: []*results.Row{rowOf("s", "dsm", "rings", 0, 0, "config", "dsm", "data.kind", "rings", "model.hidden", "64")}},
			},
			[]string{"suite", "model.hidden"}, []string{"a · –", "b · 64"}, []string{"rings"}, []string{"config=dsm", "data.kind=rings"}, []string{"a/", "b/64"},
		},
	} {
		all := mustCollect(t, c.suites...)
		var fixed, names []string
		for _, f := range all.fixed {
			fixed = append(fixed, f.Key+"="+f.Value)
		}
		for _, cell := range all.cells {
			names = append(names, cell.label)
		}
		for _, x := range []struct {
			what      string
			got, want []string
		}{{"axes", all.axes, c.axes}, {"methods", all.methods, c.methods}, {"data", all.data, c.data}, {"fixed", fixed, c.fixed}, {"cells", names, c.cells}} {
			if !slices.Equal(x.got, x.want) {
				t.Errorf("%s: %s are %q, want %q", c.name, x.what, x.got, x.want)
			}
		}
	}
}

// The best mean is that of the cells on the same data; what is written alike is equally good.
func TestBestOf(t *testing.T) {
	kl, _ := results.FigureOf("kl")
	auroc, entropy := kl, kl
	auroc.Prefer, entropy.Prefer = results.Most, results.Neither
	all := func(values ...float64) *cells {
		var rows []*results.Row
		for i, x := range values {
			data := []string{"rings", "moons"}[i%2]
			rows = append(rows, rowOf("s", "m", data, 0, x, "config", string(rune('a'+i/2)), "data.kind", data))
		}
		return mustCollect(t, Suite{Rows: rows})
	}
	for _, c := range []struct {
		name   string
		figure results.Figure
		cells  *cells
		want   []bool
	}{
		{"the least of each data", kl, all(3, 1, 2, 2, 4, 3), []bool{false, true, true, false, false, false}},
		{"the most", auroc, all(3, 1, 2, 2, 4, 3), []bool{false, false, false, false, true, true}},
		{"neither", entropy, all(3, 1, 2, 2), make([]bool, 4)},
		{"alone", kl, all(3, 1), make([]bool, 2)},
		{"all alike", kl, all(2, 1, 2.000001, 2), []bool{false, true, false, false}},
		{"two best", kl, all(2, 1, 2.000001, 1, 3, 1), []bool{true, false, true, false, false, false}},
		{"the first is the worst", kl, all(9, 9, 5, 8, 1, 7), []bool{false, false, false, false, true, true}},
	} {
		if got := bestOf(c.cells, c.figure); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestFiguresOf(t *testing.T) {
	row := func(names ...string) *results.Row {
		r := rowOf("s", "m", "d", 0, 0)
		r.Metrics = map[string]float64{}
		for _, name := range names {
			r.Metrics[name] = 1
		}
		return r
	}
	for _, c := range []struct {
		name  string
		rows  []*results.Row
		first []string
		main  string
	}{
		{"the plane", []*results.Row{row("kl", "nll_excess", "test_nll", "fisher", "ksd", "mmd", "auroc", "stray", "seconds", "steps", "gradient_evaluations")},
			[]string{"kl", "fisher", "ksd", "mmd", "auroc", "seconds", "gradient_evaluations"}, "kl"},
		{"many dimensions", []*results.Row{row("nll_excess", "test_nll", "ais_gap", "seconds")}, []string{"nll_excess", "seconds", "test_nll"}, "nll_excess"},
		{"costs alone", []*results.Row{row("seconds", "steps")}, []string{"seconds", "steps"}, "seconds"},
		{"nothing", []*results.Row{row()}, nil, ""},
	} {
		f := figuresOf(mustCollect(t, Suite{Rows: c.rows}))
		main, _ := f.main()
		if !slices.Equal(slices.Sorted(slices.Values(f.first)), slices.Sorted(slices.Values(c.first))) || main.Name != c.main {
			t.Errorf("%s: %v are shown at first, and %q is the main one; want %v and %s", c.name, f.first, main.Name, c.first, c.main)
		}
	}
}
