package main

import (
	"context"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"joule/metrics"
)

func TestSpreadOf(t *testing.T) {
	for want, values := range map[string][]float64{"–": nil, "1.50": {1.5}, "2.00 ± 1.00": {1, 2, 3}} {
		if got := spreadOf(values, 2); got != want {
			t.Errorf("the spread of %v is %q, want %q", values, got, want)
		}
	}
}

// Cells come back from their file, and one takes the place of that of other settings.
func TestCellsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cells.json")
	kept, err := readCells(path)
	if err != nil || len(*kept) != 0 {
		t.Fatalf("%v, %v from no file", kept, err)
	}
	first := cell{Method: "mle", Density: "rings", Key: "a", KL: []float64{0.1, 0.2}, NLL: []float64{1, 2}, Entropy: []float64{0.5, 0.5},
		Diverged: 1, Unmeasured: 2, Doubts: []string{"so so"}, Seconds: 3, Backend: "go"}
	other := cell{Method: "nce", Density: "rings", Key: "b", Refused: "no", KL: []float64{}, NLL: []float64{}, Entropy: []float64{}}
	for _, c := range []cell{{Method: "mle", Density: "rings", Key: "old"}, first, other} {
		if err := kept.add(path, c); err != nil {
			t.Fatal(err)
		}
	}
	again, err := readCells(path)
	if err != nil || !reflect.DeepEqual(*again, cells{first, other}) {
		t.Errorf("%+v, %v", again, err)
	}
	for _, test := range []struct {
		job   job
		found bool
	}{
		{job{method: "mle", density: "rings", key: "a", backend: "go"}, true},
		{job{method: "mle", density: "rings", key: "a"}, false},
		{job{method: "mle", density: "rings", key: "old", backend: "go"}, false},
		{job{method: "nce", density: "rings", key: "b"}, true},
	} {
		if _, found := again.find(&test.job); found != test.found {
			t.Errorf("%+v is found: %v", test.job, found)
		}
	}
}

// What a grid warns of has a star, and what it does not see is counted.
func TestTables(t *testing.T) {
	kl, nll, entropy, border := 0.25, 1.5, 1.25, 0.1
	var sound, doubted cell
	sound.add(&metrics.Evaluation{KL: &kl, TestNLL: &nll, Entropy: &entropy})
	sound.add(&metrics.Evaluation{TestNLL: &nll, Entropy: &entropy})
	sound.Diverged = 1
	doubted.add(&metrics.Evaluation{KL: &kl, TestNLL: &nll, Entropy: &entropy, BorderMass: &border})
	name := methods()[0]
	for density, c := range map[string]*cell{"rings": &sound, "banana": &doubted} {
		c.Method, c.Density = name, density
	}
	plain := tables(&cells{sound})
	if want := "| 0.250 (1 diverged, 1 unmeasured) |"; !strings.Contains(plain, want) || strings.Contains(plain, `\*`) {
		t.Errorf("want %q and no star:\n%s", want, plain)
	}
	if strings.Contains(plain, "pinwheel") || strings.Contains(plain, methods()[1]) {
		t.Errorf("a density or a method without a cell:\n%s", plain)
	}
	starred := tables(&cells{sound, doubted, {Method: name, Density: "funnel", Refused: "no"}})
	for _, want := range []string{`| 0.250 \* |`, "| 1.500", "| refused |", "| entropy | ", " 1.250 |", doubtful} {
		if !strings.Contains(starred, want) {
			t.Errorf("want %q:\n%s", want, starred)
		}
	}
}

// A config that is right by itself, and not with a density, is refused; the backend is part of what a job is.
func TestPrepare(t *testing.T) {
	j, err := prepare("fisher", "checkerboard", auto, 2)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := j.run(t.Context(), nil); err != nil || !strings.Contains(c.Refused, "method fisher needs a density with a score") || c.Key == "" {
		t.Errorf("%+v, %v", c, err)
	}
	if j, err = prepare("fisher", "rings", "go", 2); err != nil || j.refused != "" || j.backend != "go" || len(j.configs) != 2 || j.configs[1].Seed != 1 {
		t.Errorf("%+v, %v", j, err)
	}
	if err := measure(context.Background(), options{seeds: 0}, io.Discard); err == nil || err.Error() != "--seeds 0: want 1 or more" {
		t.Errorf("error %v", err)
	}
}
