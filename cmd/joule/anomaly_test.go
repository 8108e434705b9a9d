package main

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"joule/configs"
	"joule/datasets"
)

// parts writes the training and the test points of a run, in the units of the data, into a folder, as train.csv and test.csv.
func parts(t *testing.T, run, dir string) (train, test datasets.Points) {
	t.Helper()
	config, err := configs.LoadRun(filepath.Join(run, "config.yaml"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	set, err := config.LoadData()
	if err != nil {
		t.Fatal(err)
	}
	for name, points := range map[string]*datasets.Points{"train.csv": &set.Train, "test.csv": &set.Test} {
		*points = set.Transform.Undo(*points)
		lines := []string{strings.Join(set.Columns, ",")}
		for i := range points.N {
			var cells []string
			for _, v := range points.Row(i) {
				cells = append(cells, strconv.FormatFloat(v, 'g', -1, 32))
			}
			lines = append(lines, strings.Join(cells, ","))
		}
		put(t, dir, name, strings.Join(lines, "\n")+"\n")
	}
	return set.Train, set.Test
}

// Scores are energies; the training points have every percentile; and of the held-out points themselves as many are above the
// threshold as its rank leaves.
func TestAnomaly(t *testing.T) {
	dir, run := t.TempDir(), faithfulRun(t)
	train, test := parts(t, run, dir)
	if train.N != 218 || test.N != 54 {
		t.Fatalf("%d and %d points", train.N, test.N)
	}
	header, rows := table(t, succeed(t, dir, "anomaly", run, "--in", "train.csv"))
	_, energies := table(t, succeed(t, dir, "energy", run, "--in", "train.csv"))
	if strings.Join(header, " ") != "score percentile anomaly" || len(rows) != train.N {
		t.Fatalf("%v and %d rows", header, len(rows))
	}
	mean := 0.0
	for i, row := range rows {
		mean += row[1] / float64(train.N)
		if row[0] != energies[i][0] {
			t.Fatalf("score %d is %v, and the energy %v", i, row[0], energies[i][0])
		}
	}
	if math.Abs(mean-50) > 1e-3 {
		t.Errorf("the mean percentile of the training points is %v, want 50", mean)
	}
	for rate, want := range map[string]float64{"0.05": 1, "0.1": 4, "0.5": 26} { // 54 − ⌈55(1 − rate)⌉
		o := joule(t, dir, "anomaly", run, "--in", "test.csv", "--fpr", rate, "-o", "a.npy")
		got, _, err := datasets.ReadPoints(filepath.Join(dir, "a.npy"))
		if err != nil || got.N != test.N || got.Dim != 3 {
			t.Fatalf("%+v, %v", got, err)
		}
		flagged := 0.0
		for i := range got.N {
			flagged += got.Row(i)[2]
		}
		if said := fmt.Sprintf("going by the 54 of the test part; %v of the 54 points of test.csv are above it", want); flagged != want || !strings.Contains(o.stderr, said) {
			t.Errorf("at %s, %v are above the threshold, want %v:\n%s", rate, flagged, want, o.stderr)
		}
	}
	for _, score := range []string{"score_norm", "typicality"} {
		_, other := table(t, succeed(t, dir, "anomaly", run, "--in", "train.csv", "--score", score, "--quiet"))
		for _, row := range other {
			if row[0] < 0 || row[0] == rows[0][0] {
				t.Fatalf("%s gives %v", score, row)
			}
		}
	}
}

// Runs of the same points are averaged, and runs of different ones refused.
func TestAnomalyOfSeveralRuns(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "points.csv", "eruptions,waiting\n2,55\n4,60\n")
	group := trainGroup(t, dir, "same", "--set", "data_seed=7")
	_, together := table(t, succeed(t, dir, "anomaly", group, "--in", "points.csv"))
	sums := make([]float64, 2)
	for _, seed := range []string{"seed-0", "seed-1"} {
		_, energies := table(t, succeed(t, dir, "energy", filepath.Join(group, seed), "--in", "points.csv"))
		for i := range sums {
			sums[i] += energies[i][0] / 2
		}
	}
	for i, want := range sums {
		if math.Abs(together[i][0]-want) > 1e-5 {
			t.Errorf("score %d is %v, and the mean energy %v", i, together[i][0], want)
		}
	}
	if read(t, group, "seed-0", "dataset.json") != read(t, group, "seed-1", "dataset.json") {
		t.Error("the runs were trained on different points")
	}
	succeed(t, dir, "eval", group, "--outliers", "points.csv")
	refuse(t, dir, exitFailed, group+": holds several runs; name one of them, such as …", "eval", group)
	other := trainGroup(t, dir, "different")
	refuse(t, dir, exitFailed, other+": holds runs of different training points, and what one is tested on others were trained on: name one of them, such as "+
		filepath.Join(other, "seed-0")+", or train them with data_seed, which gives all the same points", "anomaly", other, "--in", "points.csv")
}

func trainGroup(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	group := filepath.Join(dir, name)
	args = append([]string{"train", "old-faithful/dsm", "--out", group, "--no-figures", "--set", "train.replicas=2"}, append(small, args...)...)
	succeed(t, "", args...)
	return group
}

func TestAnomalyRefuses(t *testing.T) {
	dir, run := t.TempDir(), faithfulRun(t)
	put(t, dir, "p.csv", "eruptions,waiting\n2,55\n")
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "--in is missing: want a .csv, .npy or .parquet file of points; …", nil},
		{exitUsage, "--fpr 1: want a false positive rate above 0 and below 1", []string{"--in", "p.csv", "--fpr", "1"}},
		{exitUsage, "--fpr: 54 held-out points are too few for a false positive rate of 0.01; the smallest that they allow is 0.01818", []string{"--in", "p.csv", "--fpr", "0.01"}},
		{exitUsage, `--score "norm": want energy, score_norm, typicality`, []string{"--in", "p.csv", "--score", "norm"}},
		{exitUsage, "--sigma 0.3: the energy of " + run + " has no noise levels", []string{"--in", "p.csv", "--sigma", "0.3"}},
		{exitUsage, `--output x.txt: the name ends in ".txt"; want .npy or .csv`, []string{"--in", "p.csv", "-o", "x.txt"}},
	} {
		refuse(t, dir, c.code, c.want, append([]string{"anomaly", run}, c.args...)...)
	}
	whole := trainSmall(t, dir, "old-faithful/dsm", "--set", "data.test_fraction=0")
	refuse(t, dir, exitFailed, whole+": no points were held out (data.test_fraction was 0), and scores of training points are no measure for others", "anomaly", whole, "--in", "p.csv")
	spoiled := copyRun(t, run)
	spoil(t, spoiled)
	refuse(t, dir, exitFailed, "the training points: the score of point 1 is …", "anomaly", spoiled, "--in", "p.csv")
}

func TestEvalOutliers(t *testing.T) {
	dir, run := t.TempDir(), faithfulRun(t)
	_, test := parts(t, run, dir)
	put(t, dir, "far.csv", "eruptions,waiting\n50,55\n2,500\n-30,0\n")
	var all strings.Builder
	fmt.Fprintln(&all, "eruptions,waiting,class")
	for i := range test.N {
		fmt.Fprintf(&all, "%v,%v,fine\n", test.Row(i)[0], test.Row(i)[1])
	}
	fmt.Fprint(&all, "50,55,odd\n2,500,odd\n-30,0,broken\n")
	put(t, dir, "all.csv", all.String())
	type answer struct {
		Score string
		Runs  int
		Sets  []struct {
			Name               string
			Inliers, Outliers  int
			AUROC, AUPR, FPR95 float64
		}
	}
	measure := func(args ...string) (a answer) {
		t.Helper()
		if err := json.Unmarshal([]byte(succeed(t, dir, append([]string{"eval", run, "--json"}, args...)...)), &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	far := measure("--outliers", "far.csv", "--outliers", "test.csv")
	if len(far.Sets) != 2 || far.Score != "energy" || far.Runs != 1 {
		t.Fatalf("%+v", far)
	}
	if s := far.Sets[0]; s.Inliers != 54 || s.Outliers != 3 || s.AUROC != 1 || s.AUPR != 1 || s.FPR95 != 0 {
		t.Errorf("points far away: %+v", s)
	}
	if s := far.Sets[1]; math.Abs(s.AUROC-0.5) > 1e-9 || s.FPR95 < 0.9 { // the held-out points against themselves
		t.Errorf("the held-out points themselves: %+v", s)
	}
	if s := measure("--in-file", "all.csv", "--label-column", "class", "--normal", "fine").Sets; len(s) != 1 || s[0].Inliers != 54 || s[0].Outliers != 3 || s[0].AUROC != 1 {
		t.Errorf("points with classes: %+v", s)
	}
	if text := succeed(t, dir, "eval", run, "--outliers", "far.csv"); !strings.Contains(text, "AUROC") || !strings.Contains(text, "far.csv") {
		t.Errorf("the table is\n%s", text)
	}
	for want, args := range map[string][]string{
		"--score: is about outliers, which --outliers or --in-file names":                                                                           {"--score", "typicality"},
		"--in-file: which column has the classes? --label-column names it":                                                                          {"--in-file", "all.csv"},
		"--label-column: is a column of --in-file, which is missing":                                                                                {"--outliers", "far.csv", "--label-column", "class"},
		"--grid: says nothing about outliers; leave it out, or --outliers and --in-file":                                                            {"--outliers", "far.csv", "--grid", "101"},
		`--normal "0": 0 rows of all.csv are of this class in column class, and 57 of others; want some of both; the classes are broken, fine, odd`: {"--in-file", "all.csv", "--label-column", "class"},
	} {
		refuse(t, dir, exitUsage, want, append([]string{"eval", run}, args...)...)
	}
}
