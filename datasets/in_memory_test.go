package datasets

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// Points of a program are split and standardised as those of files, and stay as they are themselves.
func TestInMemory(t *testing.T) {
	rows := [][]float64{{0, 10}, {1, 30}, {2, 20}, {3, 50}, {4, 40}, {5, 60}, {6, 0}, {7, 70}, {8, 90}, {9, 80}}
	points, err := PointsOf(rows)
	if err != nil {
		t.Fatal(err)
	}
	own := slices.Clone(points.Values)
	source := NewInMemory(points)
	source.Standardize, source.Columns = true, []string{"time", "height"}
	set, err := source.Load(Env{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.N != 8 || set.Test.N != 2 || !slices.Equal(set.Columns, source.Columns) || set.Density != nil || KnowsDensity(source) {
		t.Errorf("%+v", set)
	}
	if !slices.Equal(points.Values, own) {
		t.Error("the points of the program have changed")
	}
	var back [][]float64
	for _, part := range []Points{set.Transform.Undo(set.Train), set.Transform.Undo(set.Test)} {
		for i := range part.N {
			back = append(back, []float64{math.Round(part.Row(i)[0]), math.Round(part.Row(i)[1])})
		}
	}
	slices.SortFunc(back, func(a, b []float64) int { return int(a[0] - b[0]) })
	if !slices.EqualFunc(back, rows, slices.Equal[[]float64]) {
		t.Errorf("the parts hold %v", back)
	}
	if mean, std := set.Train.Moments(); math.Abs(mean[1]) > 1e-9 || math.Abs(std[1]-1) > 1e-9 {
		t.Errorf("mean %v, standard deviation %v", mean, std)
	}
	plain, err := NewInMemory(points).Load(Env{})
	if err != nil || !slices.Equal(plain.Columns, []string{"x0", "x1"}) {
		t.Errorf("%v, %v", plain, err)
	}
}

func TestInMemoryRefuses(t *testing.T) {
	for want, s := range map[string]*InMemory{
		"0 points of 2 coordinates in 0 numbers":    NewInMemory(NewPoints(0, 2)),
		"3 points of 2 coordinates in 1 numbers":    NewInMemory(Points{N: 3, Dim: 2, Values: []float64{1}}),
		"point 1 has x1 NaN; want finite numbers":   NewInMemory(Points{N: 2, Dim: 2, Values: []float64{1, 2, 3, math.NaN()}}),
		"1 names of columns for points of 2":        {Points: NewPoints(9, 2), Columns: []string{"a"}},
		`column "x0" is constant`:                   {Points: NewPoints(9, 1), Preparation: Preparation{Standardize: true}},
		"test_fraction: 0.2 of 1 points leaves 1 f": NewInMemory(NewPoints(1, 1)),
	} {
		if _, err := s.Load(Env{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for want, rows := range map[string][][]float64{
		"row 1 has 1 coordinates, and row 0 has 2": {{1, 2}, {3}},
		"no numbers in 0 rows":                     nil,
		"no numbers in 1 rows":                     {{}},
	} {
		if _, err := PointsOf(rows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
