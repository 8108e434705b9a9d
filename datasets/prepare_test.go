package datasets

import (
	"math"
	"reflect"
	"slices"
	"testing"
)

// numbered returns n points of one coordinate: 0, 1, ….
func numbered(n int) Points {
	p := NewPoints(n, 1)
	for i := range p.Values {
		p.Values[i] = float64(i)
	}
	return p
}

func TestSplitIsAPartition(t *testing.T) {
	for _, c := range []struct {
		n        int
		fraction float64
		tests    int
	}{{10, 0.2, 2}, {272, 0.2, 54}, {2, 0.5, 1}, {1, 0, 0}, {7, 0, 0}, {10, 0.94, 9}} {
		train, test, err := Split(numbered(c.n), c.fraction, 3)
		if err != nil {
			t.Fatal(err)
		}
		if train.N != c.n-c.tests || test.N != c.tests {
			t.Errorf("%v of %d: %d for training and %d for testing, want %d for testing", c.fraction, c.n, train.N, test.N, c.tests)
		}
		all := slices.Concat(train.Values, test.Values)
		slices.Sort(all)
		if !slices.Equal(all, numbered(c.n).Values) {
			t.Errorf("%v of %d: the parts hold %v", c.fraction, c.n, all)
		}
	}
}

func TestSplitFollowsTheSeed(t *testing.T) {
	train, test, _ := Split(numbered(8), 0.25, 0)
	// Written down once: a change of these numbers changes every run that is ever repeated.
	if want := []float64{0, 1, 7, 5, 4, 3}; !slices.Equal(train.Values, want) {
		t.Errorf("train: %v, want %v", train.Values, want)
	}
	if want := []float64{6, 2}; !slices.Equal(test.Values, want) {
		t.Errorf("test: %v, want %v", test.Values, want)
	}
	other, _, _ := Split(numbered(8), 0.25, 1)
	if slices.Equal(other.Values, train.Values) {
		t.Error("seeds 0 and 1 give the same split")
	}
}

func TestSplitRefusesEmptyParts(t *testing.T) {
	_, _, err := Split(numbered(2), 0.2, 0)
	wantError(t, err, "test_fraction: 0.2 of 2 points leaves 2 for training and 0 for testing, want at least one each")
	_, _, err = Split(numbered(2), 0.9, 0)
	wantError(t, err, "test_fraction: 0.9 of 2 points leaves 0 for training and 2 for testing, want at least one each")
	_, _, err = Split(numbered(2), 1, 0)
	wantError(t, err, "test_fraction: 1 is not in [0, 1)")
}

// The validation part is taken from what is left beside the test part, which stays what it is without.
func TestValidationPart(t *testing.T) {
	preparation := Preparation{TestFraction: 0.2}
	without, err := preparation.deal(50, 7)
	if err != nil {
		t.Fatal(err)
	}
	preparation.ValidationFraction = 0.3
	with, err := preparation.deal(50, 7)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(with.test, without.test) || !slices.Equal(slices.Concat(with.validation, with.train), without.train) || len(with.validation) != 15 {
		t.Errorf("%+v, and without a validation part %+v", with, without)
	}
	source := NewRings()
	source.Size, source.ValidationFraction, source.Standardize = 100, 0.25, true
	set, err := source.Load(Env{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	mean, std := set.Train.Moments()
	if set.Train.N != 55 || set.Validation.N != 25 || set.Test.N != 20 || math.Abs(mean[0]) > 1e-12 || math.Abs(std[0]-1) > 1e-12 {
		t.Errorf("%d, %d and %d points; mean %v and deviation %v of the first", set.Train.N, set.Validation.N, set.Test.N, mean, std)
	}
	for _, c := range []struct {
		test, validation float64
		want             string
	}{
		{0.5, 0.5, "test_fraction 0.5 and validation_fraction 0.5 of 10 points leave 0 for training, 5 for validation and 5 for testing, want at least one each"},
		{0.2, 0.01, "test_fraction 0.2 and validation_fraction 0.01 of 10 points leave 8 for training, 0 for validation and 2 for testing, want at least one each"},
		{0, 1, "validation_fraction: 1 is not in [0, 1)"},
	} {
		_, err := Preparation{TestFraction: c.test, ValidationFraction: c.validation}.deal(10, 0)
		wantError(t, err, c.want)
	}
}

func TestPrepareStandardisesPointsAndDensityAlike(t *testing.T) {
	source := &TwoGaussians{Synthetic: Synthetic{Size: 500, Preparation: Preparation{TestFraction: 0.2, Standardize: true}}}
	set, err := source.Load(Env{Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	source.Standardize = false
	plain, err := source.Load(Env{Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	if plain.Transform != nil {
		t.Error("a transform without standardize")
	}
	for name, part := range map[string][2]Points{"train": {set.Train, plain.Train}, "test": {set.Test, plain.Test}} {
		undone := set.Transform.Undo(part[0])
		for i := range undone.N {
			for j := range undone.Dim {
				wantNear(t, name+" undone", undone.Row(i)[j], part[1].Row(i)[j], 1e-12)
			}
			got := set.Density.(*Mixture).LogProb(part[0].Row(i)) + set.Transform.LogDetJacobian()
			wantNear(t, name+" log density", got, plain.Density.(*Mixture).LogProb(part[1].Row(i)), 1e-10)
		}
	}
	if want := []string{"x0", "x1"}; !reflect.DeepEqual(set.Columns, want) {
		t.Errorf("columns %v, want %v", set.Columns, want)
	}
}
