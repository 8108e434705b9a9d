package main

import (
	"slices"
	"testing"
)

func TestSpeeds(t *testing.T) {
	for _, c := range []struct {
		of                  speeds
		median, worst, best float64
	}{
		{nil, 0, 0, 0},
		{speeds{3}, 3, 3, 3},
		{speeds{5, 1, 2}, 2, 1, 5},
		{speeds{4, 1, 2, 8}, 3, 1, 8},
	} {
		if m, w, b := c.of.median(), c.of.worst(), c.of.best(); m != c.median || w != c.worst || b != c.best {
			t.Errorf("%v: median %g, worst %g, best %g", c.of, m, w, b)
		}
	}
	unsorted := speeds{5, 1, 2}
	unsorted.median()
	if !slices.Equal(unsorted, speeds{5, 1, 2}) {
		t.Error("median changed the order of the rounds")
	}
}

func TestRotate(t *testing.T) {
	if got := rotate(3, 7); !slices.Equal(got, []int{1, 2, 0}) {
		t.Errorf("rotate(3, 7) = %v", got)
	}
	if got := rotate(0, 2); len(got) != 0 {
		t.Errorf("rotate(0, 2) = %v", got)
	}
}

// A column goes on with its fastest variant and those near it; errors stay behind.
func TestQualified(t *testing.T) {
	entries := []*entry{
		{Column: "a", Variant: "slow", Heat: 60}, {Column: "a", Variant: "near", Heat: 80}, {Column: "a", Variant: "fast", Heat: 100},
		{Column: "b", Variant: "only", Heat: 1}, {Column: "b", Variant: "broken", Heat: 1000, Error: "x"},
	}
	var got []string
	for _, e := range qualified(entries) {
		got = append(got, e.Variant)
	}
	if want := []string{"near", "fast", "only"}; !slices.Equal(got, want) {
		t.Errorf("qualified: %v, want %v", got, want)
	}
}

// Ratios are taken within rounds: a machine that halves its speed for both sides changes nothing.
func TestOver(t *testing.T) {
	for _, c := range []struct {
		one, other speeds
		want       float64
	}{
		{speeds{200, 100, 100}, speeds{100, 50, 50}, 2}, {speeds{300, 100, 100}, speeds{100, 50, 100}, 2},
		{speeds{300, 100}, speeds{50, 100, 200}, 2}, // of the medians
	} {
		if got := c.one.over(c.other); got != c.want {
			t.Errorf("%v over %v is %v, want %v", c.one, c.other, got, c.want)
		}
	}
}
