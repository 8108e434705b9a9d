package suitepage

import (
	"math"
	"testing"

	"joule/results"
)

// What few points have in common is averaged point by point; a run that ends early leaves the others.
func TestMeanOfFewPoints(t *testing.T) {
	var a, b series
	a.add(0, 1)
	a.add(10, 3)
	a.add(20, math.NaN())
	a.add(30, 7)
	b.add(0, 3)
	b.add(10, 5)
	c := meanOf([]series{a, b}, 150)
	want := curve{X: []short{0, 10, 30}, Y: []short{2, 4, 7}}
	for i := range want.X {
		if len(c.X) != 3 || c.X[i] != want.X[i] || c.Y[i] != want.Y[i] {
			t.Fatalf("%+v, want %+v", c, want)
		}
	}
}

// A straight line stays one however many points it has, and each run has the same weight.
func TestMeanOfManyPoints(t *testing.T) {
	var a, b series
	for x := range 1000 {
		a.add(float64(x), float64(2*x), float64(x)/10)
	}
	for x := 0; x < 1000; x += 2 {
		b.add(float64(x), float64(2*x+10), float64(x)/10)
	}
	c := meanOf([]series{a, b}, 100)
	if len(c.X) != 100 || len(c.Y) != 100 || len(c.Time) != 100 {
		t.Fatalf("%d points", len(c.X))
	}
	for i := range c.X {
		if math.Abs(float64(c.Y[i]-2*c.X[i]-5)) > 1e-9 || math.Abs(float64(c.Time[i]-c.X[i]/10)) > 1e-9 {
			t.Errorf("%v, %v at %v", c.Y[i], c.Time[i], c.X[i])
		}
	}
	if got := meanOf([]series{a}, 1); len(got.X) != 1 || got.X[0] != 499.5 || got.Y[0] != 999 {
		t.Errorf("in one point: %+v", got)
	}
}

func TestCurvesAreOfCompletedRuns(t *testing.T) {
	run := func(status results.Status) *results.Row { return &results.Row{Status: status} }
	some := &cell{rows: []*results.Row{run(results.Diverged), run(results.Completed), run(results.Refused)}}
	none := &cell{rows: []*results.Row{run(results.Diverged), run(results.Refused)}}
	if got := some.trained(); len(got) != 1 || got[0].Status != results.Completed {
		t.Errorf("%v", got)
	}
	if got := none.trained(); len(got) != 1 || got[0].Status != results.Diverged {
		t.Errorf("%v", got)
	}
}

func TestShort(t *testing.T) {
	for x, want := range map[short]string{0: "0", 123456: "1.235e+05", -0.25: "-0.25", short(math.Inf(1)): "null", short(math.NaN()): "null"} {
		if got, err := x.MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("%v is %s, %v", float64(x), got, err)
		}
	}
}
