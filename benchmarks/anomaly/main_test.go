package main

import (
	"context"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"joule/metrics"
)

func reached(task, method string, auroc ...float64) cell {
	c := cell{Task: task, Method: method, Key: "a"}
	for _, v := range auroc {
		c.Reached = append(c.Reached, &metrics.Detection{Inliers: 3, Outliers: 2, AUROC: v, AUPR: v / 2, FPR95: 1 - v})
	}
	return c
}

// Every task has normal points, outliers that are none of them, and splits in which the training part is standardised and the
// others are not.
func TestTasks(t *testing.T) {
	sizes := map[string][3]int{"breast cancer": {214, 143, 212}, "wine class_0": {35, 24, 119}, "digit 9": {108, 72, 1617}, "iris setosa": {30, 20, 100}}
	for _, task := range slices.Concat(tasks, development) {
		s, err := task.split(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if want, known := sizes[task.name]; known && want != [3]int{s.set.Train.N, s.set.Test.N, s.outliers[0].N} {
			t.Errorf("%s: %d, %d and %d points, want %v", task.name, s.set.Train.N, s.set.Test.N, s.outliers[0].N, want)
		}
		mean, std := s.set.Train.Moments()
		variance := 0.0
		for k := range mean {
			variance += std[k] * std[k] / float64(len(std))
			if math.Abs(mean[k]) > 1e-9 || !task.isImage && math.Abs(std[k]-1) > 1e-9 {
				t.Errorf("%s: column %d has the mean %v and the standard deviation %v", task.name, k, mean[k], std[k])
			}
		}
		if math.Abs(variance-1) > 1e-9 {
			t.Errorf("%s: the mean variance is %v", task.name, variance)
		}
		other, err := task.split(t.Context(), 2)
		if err != nil || slices.Equal(other.set.Train.Values, s.set.Train.Values) {
			t.Errorf("%s: two seeds deal alike, %v", task.name, err)
		}
	}
	if list := jouleMethods(); !slices.Contains(list, "msdsm") {
		t.Errorf("the methods are %v", list)
	}
}

// Ranks are averages over the tasks, equal means share theirs, and what diverged is last.
func TestRanks(t *testing.T) {
	diverged := reached("one", "c")
	diverged.Diverged = "at step 3"
	all := cells{
		reached("one", "a", 0.9, 0.7), reached("one", "b", 0.8), diverged, reached("one", "d", 0.5),
		reached("two", "a", 0.6), reached("two", "b", 0.9), reached("two", "c", 0.7),
	}
	all[1].Peer, all[5].Peer = true, true
	want := []row{{"b", true, 1.25}, {"a", false, 2.25}, {"c", false, 2.5}} // d has no cell for the second task
	if got := ranked(all, []string{"one", "two"}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	text := tables(all, []string{"one", "two"})
	for _, line := range []string{"| method | average rank | one | two |", "| b | 1.25 | 0.800 | 0.900 |", "| **`a`** | 2.25 | 0.800 | 0.600 |", "| **`c`** | 2.50 | diverged | 0.700 |", "| b | 0.200 | 0.100 |"} {
		if !strings.Contains(text, line) {
			t.Errorf("want %q:\n%s", line, text)
		}
	}
}

// Cells come back from their file, and one takes the place of an older one.
func TestCellsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cells.json")
	kept, err := readCells(path)
	if err != nil || len(*kept) != 0 {
		t.Fatalf("%v, %v from no file", kept, err)
	}
	want := cells{reached("one", "a", 0.75), reached("one", "b", 0.5)}
	for _, c := range append([]cell{reached("one", "a", 0.1)}, want...) {
		if err := kept.add(path, c); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := readCells(path); err != nil || !reflect.DeepEqual(*again, want) {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestMeasureRefuses(t *testing.T) {
	for want, o := range map[string]options{"--seeds 0: want 1 or more": {}, `--methods: "magic" is none of `: {seeds: 1, methods: "magic"}} {
		if err := measure(context.Background(), o, io.Discard); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
