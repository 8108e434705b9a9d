package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"joule/metrics"
)

var jemRun = shared("classes/jem", "--set", "data.size=800", "--set", "train.steps=500", "--set", "optimizer.learning_rate=0.02", "--set", "train.ema=0.9")

// A run that tells classes apart is measured as such, draws points of a class near its mean, and classifies points.
func TestClasses(t *testing.T) {
	dir, run := t.TempDir(), jemRun(t)
	var e metrics.Evaluation
	if err := json.Unmarshal([]byte(succeed(t, "", "eval", run, "--json")), &e); err != nil {
		t.Fatal(err)
	}
	if c := e.TestClasses; c == nil || !(c.Accuracy > 0.5 && c.Accuracy <= 1 && c.CrossEntropy > 0 && c.CalibrationError >= 0) || e.TrainClasses == nil {
		t.Errorf("got %+v", c)
	}
	if table := succeed(t, "", "eval", run); !strings.Contains(table, "classes, test") || !strings.Contains(table, "% right") {
		t.Errorf("the table has nothing of classes:\n%s", table)
	}
	sample := func(args ...string) [][]float64 {
		_, rows := table(t, succeed(t, dir, append([]string{"sample", run, "-n", "200", "--set", "sampler={kind: mala, steps: 50}"}, args...)...))
		return rows
	}
	for class, want := range []float64{-1.2, 1.2, 0} { // the data's, at which a short training is near enough to tell them apart
		mean := 0.0
		for _, x := range sample("--class", string(rune('0'+class))) {
			mean += x[0] / 200
		}
		if math.Abs(mean-want) > 0.6 {
			t.Errorf("points of class %d have the mean %v, want about %v", class, mean, want)
		}
	}
	put(t, dir, "x.csv", "x0,x1\n-4,-3\n4,-3\n0,5\n")
	header, rows := table(t, succeed(t, dir, "classify", run, "--in", "x.csv"))
	if strings.Join(header, " ") != "class p0 p1 p2" || len(rows) != 3 {
		t.Fatalf("got %v and %v", header, rows)
	}
	for i, row := range rows {
		if row[0] != float64(i) || math.Abs(row[1]+row[2]+row[3]-1) > 1e-6 || row[1+i] < 0.5 {
			t.Errorf("point %d is classified as %v", i, row)
		}
	}
}

func TestClassesRefuses(t *testing.T) {
	refuse(t, "", exitUsage, "--class 3: the classes are 0 to 2", "sample", jemRun(t), "--class", "3")
	refuse(t, "", exitUsage, "--class 0: the model of …", "sample", faithfulRun(t), "--class", "0")
	refuse(t, "", exitUsage, "the model of …", "classify", faithfulRun(t), "--in", "x.csv")
	refuse(t, "", exitUsage, "--in is missing: …", "classify", jemRun(t))
}
