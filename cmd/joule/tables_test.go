package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"joule/datasets"
	"joule/rundir"
)

// birds is a table with a column of categories that goes with one of numbers, missing values, and a class.
func birds() string {
	var text strings.Builder
	text.WriteString("id;island;bill;mass;species\n")
	for i := range 120 {
		island, bill, mass := []string{"Dream", "Biscoe"}[i%2], fmt.Sprint(40+5*(i%2)+i%7), fmt.Sprint(4000+10*(i*37%50))
		if i%10 == 3 {
			mass = "NA"
		}
		fmt.Fprintf(&text, "%d;%s;%s;%s;%s\n", i, island, bill, mass, []string{"A", "B", "C"}[i%3])
	}
	return text.String()
}

const birdsConfig = `name: birds
data:
  kind: csv
  path: birds.csv
  delimiter: ";"
  columns: [bill, island, mass]
  categorical: [island]
  category_noise: 0.1
  label: species
  missing: median
  validation_fraction: 0.2
  standardize: true
model: {kind: mlp, hidden: [16], confinement: 3}
method: {kind: dsm}
train: {steps: 400, batch_size: 32, log_every: 100, checkpoint_every: 0, early_stopping: {metric: loss, every: 20, patience: 2, min_delta: 100}}
sampler: {kind: langevin, steps: 200}
`

func trainedBirds(t *testing.T) (dir string, run *rundir.Run) {
	t.Helper()
	dir = t.TempDir()
	put(t, dir, "birds.csv", birds())
	put(t, dir, "birds.yaml", birdsConfig)
	succeed(t, dir, "train", "birds.yaml", "--out", "run", "--backend", "go", "--no-figures")
	run, err := rundir.Open(filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	return dir, run
}

// A run on a table gives back its columns, and takes new rows by them.
func TestTables(t *testing.T) {
	dir, run := trainedBirds(t)
	dataset, err := run.Dataset()
	if err != nil || !slices.Equal(dataset.Columns, []string{"bill", "island=Biscoe", "island=Dream", "mass"}) || dataset.Train != 72 || dataset.Validation != 24 || dataset.Test != 24 {
		t.Fatalf("%+v, %v", dataset, err)
	}
	rows, err := csv.NewReader(strings.NewReader(succeed(t, dir, "sample", "run", "-n", "50", "--backend", "go"))).ReadAll()
	if err != nil || len(rows) != 51 || !slices.Equal(rows[0], []string{"bill", "island", "mass"}) {
		t.Fatalf("%d rows below %v, %v", len(rows)-1, rows[0], err)
	}
	for _, row := range rows[1:] {
		mass, err := strconv.ParseFloat(row[2], 64)
		if row[1] != "Dream" && row[1] != "Biscoe" || err != nil || mass < 2000 || mass > 7000 {
			t.Errorf("row %v", row)
		}
	}
	succeed(t, dir, "sample", "run", "-n", "50", "--backend", "go", "-o", "x.npy")
	if x, _, err := datasets.ReadPoints(filepath.Join(dir, "x.npy")); err != nil || x.Dim != 3 || slices.ContainsFunc(x.Values[:1], func(v float64) bool { return v < 20 }) || x.Row(0)[1] != 0 && x.Row(0)[1] != 1 {
		t.Errorf("%v, %v", x.Row(0), err)
	}

	// The same row with its columns in another order, and with the value that stands in for the missing one.
	put(t, dir, "new.csv", "mass;bill;island;colour\n4250;41;Dream;red\n?;41;Dream;blue\n4240;41;Dream;red\n")
	put(t, dir, "rows.csv", "bill;mass;island\n41;4250;Dream\n")
	_, energies := table(t, succeed(t, dir, "energy", "run", "--in", "new.csv", "--backend", "go"))
	_, again := table(t, succeed(t, dir, "energy", "run", "--in", "rows.csv", "--backend", "go"))
	if energies[0][0] != again[0][0] || len(energies) != 3 {
		t.Errorf("energies %v, and in another order %v", energies, again)
	}
	header, _ := table(t, succeed(t, dir, "energy", "run", "--in", "rows.csv", "--score", "--backend", "go"))
	if want := []string{"score_bill", "score_island=Biscoe", "score_island=Dream", "score_mass"}; !slices.Equal(header, want) {
		t.Errorf("columns %v, want %v", header, want)
	}
	for _, c := range []struct{ content, want string }{
		{"bill;island\n41;Dream\n", `new.csv: there is no column "mass", which the run was trained on; it has bill, island`},
		{"bill;mass;island\n41;4250;Dream\n41;4250;Torgersen\n", `new.csv:3: column "island": "Torgersen" is none of the categories that the run was trained on; it has Biscoe, Dream`},
		{"bill;mass;island\n41;4250;Dream\n\n41;x;Dream\n", `new.csv:4: column "mass": "x" is not a number`},
	} {
		put(t, dir, "new.csv", c.content)
		refuse(t, dir, exitFailed, c.want, "energy", "run", "--in", "new.csv", "--backend", "go", "-o", "energies.csv")
	}
	if _, err := os.Stat(filepath.Join(dir, "energies.csv")); err == nil {
		t.Error("a part of the energies was written")
	}
	// The data are still those of the run, and would no longer be with a row less.
	evaluate := []string{"eval", "run", "--backend", "go", "--ais-steps", "20", "--ais-chains", "16"}
	succeed(t, dir, evaluate...)
	put(t, dir, "birds.csv", strings.Replace(birds(), "Dream", "Torgersen", 1))
	refuse(t, dir, exitFailed, "run: the data is no longer what the run was trained on: …", evaluate...)
}

// What a trained energy is used for takes rows of a table as energy does, and gives back its columns.
func TestTablesInUse(t *testing.T) {
	dir, _ := trainedBirds(t)
	put(t, dir, "new.csv", "mass;island;bill;kind\n4250;Dream;48;fine\n?;Biscoe;42;fine\n4240;Biscoe;90;odd\n")
	put(t, dir, "short.csv", "island;bill\nDream;48\nBiscoe;42\n")
	put(t, dir, "mask.csv", "bill;mass;island\n0;0;1\n")
	use := func(args ...string) [][]string {
		t.Helper()
		rows, err := csv.NewReader(strings.NewReader(succeed(t, dir, append(args, "--backend", "go")...))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	if rows := use("anomaly", "run", "--in", "new.csv"); len(rows) != 4 || rows[3][2] != "1" {
		t.Errorf("anomaly: %v", rows)
	}
	header := []string{"bill", "island", "mass"}
	for _, c := range []struct {
		rows   int
		energy bool
		args   []string
	}{
		{3, false, []string{"denoise", "run", "--in", "new.csv"}},
		{3, false, []string{"inpaint", "run", "--in", "new.csv"}},
		{4, false, []string{"inpaint", "run", "--in", "short.csv", "--missing", "mass", "--draws", "2"}},
		{2, false, []string{"inpaint", "run", "--in", "short.csv", "--missing", "mass", "--mask", "mask.csv"}},
		{5, true, []string{"interpolate", "run", "--in", "new.csv", "--to", "2", "--points", "5", "--steps", "10"}},
	} {
		rows, want := use(c.args...), header
		if c.energy {
			want = append(slices.Clone(header), "energy")
		}
		if len(rows) != 1+c.rows || !slices.Equal(rows[0], want) {
			t.Errorf("%v gives %v", c.args, rows)
			continue
		}
		for _, row := range rows[1:] {
			if mass, err := strconv.ParseFloat(row[2], 64); row[1] != "Dream" && row[1] != "Biscoe" || err != nil || mass < 1000 || mass > 8000 {
				t.Errorf("%v gives the row %v", c.args, row)
			}
		}
	}
	if rows := use("inpaint", "run", "--in", "new.csv"); rows[1][1] != "Dream" || rows[1][2] != "4250" || rows[2][2] == "4250" {
		t.Errorf("what is known and what is drawn: %v", rows)
	}
	if text := succeed(t, dir, "eval", "run", "--in-file", "new.csv", "--label-column", "kind", "--normal", "fine", "--backend", "go"); !strings.Contains(text, "new.csv") {
		t.Errorf("eval says %s", text)
	}
	for _, name := range []string{"anomaly", "denoise", "interpolate"} {
		refuse(t, dir, exitFailed, `short.csv: there is no column "mass", which the run was trained on; it has island, bill`, name, "run", "--in", "short.csv")
	}
}

// A run that stops early says so, has the parameters of its best step, and goes on only with more patience.
func TestEarlyStopping(t *testing.T) {
	dir, run := trainedBirds(t)
	result, err := run.Result()
	if err != nil || result.Status != rundir.Completed || result.Stopped != rundir.EarlyStopping || result.Step != 60 || result.Best == nil ||
		result.Best.Step != 20 || result.Best.Since != 2 || result.Best.Metric != "validation_loss" {
		t.Fatalf("result %+v, best %+v, %v", result, result.Best, err)
	}
	logged, err := run.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	var steps []int64
	for _, r := range logged.Records {
		if _, ok := r.Values["validation_loss"]; ok {
			steps = append(steps, r.Step)
		}
	}
	if !slices.Equal(steps, []int64{20, 40, 60}) {
		t.Errorf("looks after steps %v", steps)
	}
	succeed(t, dir, "train", "birds.yaml", "--out", "short", "--backend", "go", "--no-figures", "--set", "train.steps=20", "--set", "train.early_stopping.metric=none")
	if a, b := parametersOf(t, filepath.Join(dir, "run")), parametersOf(t, filepath.Join(dir, "short")); a != b {
		t.Error("the parameters are not those of the best step")
	}
	said := joule(t, dir, "train", "--resume", "run")
	if said.code != exitOK || !strings.Contains(said.stderr, "it has stopped early: more train.early_stopping.patience makes it longer") {
		t.Errorf("exit code %d, %s", said.code, said.stderr)
	}
	before := parametersOf(t, run.Dir())
	succeed(t, dir, "train", "--resume", "run", "--set", "train.early_stopping.patience=4", "--no-figures")
	if result, err = run.Result(); err != nil || result.Step != 100 || result.Best.Step != 20 || parametersOf(t, run.Dir()) != before {
		t.Errorf("with more patience: result %+v, %v, or other parameters", result, err)
	}
	o := joule(t, dir, "train", "birds.yaml", "--set", "data.validation_fraction=0", "--set", "method={kind: mle}")
	for _, want := range []string{`train.early_stopping.metric: is "loss", and there are no validation points; data.validation_fraction keeps some`,
		`train.early_stopping.metric: is "loss", and the loss of this method says nothing about how good the model is; want score_matching or nll`} {
		if o.code != exitUsage || !strings.Contains(o.stderr, want) {
			t.Errorf("exit code %d, %s; want %s", o.code, o.stderr, want)
		}
	}
}

// parametersOf are the values of a run's parameters.
func parametersOf(t *testing.T, dir string) string {
	t.Helper()
	run, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := run.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, tensor := range p.Tensors {
		fmt.Fprintf(&all, "%s %v\n", tensor.Name, tensor.Data)
	}
	return all.String()
}
