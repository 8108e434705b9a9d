package datasets

import (
	"math"
	"reflect"
	"slices"
	"testing"
)

func TestTwoGaussiansIsTheMixtureItSays(t *testing.T) {
	two, err := Kinds["two_gaussians"]().Load(Env{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	mixture := Kinds["gaussian_mixture"]().(*GaussianMixture)
	mixture.Means, mixture.Variances = [][]float64{{-2, -2}, {2, 2}}, []float64{0.5, 0.5}
	same, err := mixture.Load(Env{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(two, same) {
		t.Error("the two sets differ")
	}
	if two.Train.N != 8000 || two.Test.N != 2000 || two.Train.Dim != 2 {
		t.Errorf("%d×%d and %d points", two.Train.N, two.Train.Dim, two.Test.N)
	}
	other, err := mixture.Load(Env{Seed: 8})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(other.Train.Values, same.Train.Values) {
		t.Error("seeds 7 and 8 draw the same points")
	}
}

func TestGaussianMixtureCheckReportsEveryKey(t *testing.T) {
	s := &GaussianMixture{
		Means:     [][]float64{{1, 2}, {3}},
		Variances: []float64{1},
		Weights:   []float64{0.5, 0.4},
	}
	var got []string
	s.Check(func(key, problem string) { got = append(got, key+": "+problem) })
	want := []string{
		"means: mean 2 has 1 coordinates, want at least one and as many as mean 1 (2)",
		"variances: 1 variances for 2 means, want one each",
		"weights: they sum to 0.9, want 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("reported\n%q\nwant\n%q", got, want)
	}
	s = &GaussianMixture{Means: [][]float64{{1}}, Variances: []float64{1}, Weights: []float64{0.5, 0.5}}
	got = nil
	s.Check(func(key, problem string) { got = append(got, key+": "+problem) })
	if want := []string{"weights: 2 weights for 1 means, want one each or none at all"}; !slices.Equal(got, want) {
		t.Errorf("reported %q, want %q", got, want)
	}
}

func TestGaussianMixtureWithCovariances(t *testing.T) {
	s := &GaussianMixture{
		Means:       [][]float64{{-1, 2}, {3, 0}},
		Covariances: [][][]float64{{{2, 0.6}, {0.6, 0.5}}, {{0.4, -0.2}, {-0.2, 1.5}}},
		Weights:     []float64{0.3, 0.7},
		Synthetic:   Synthetic{Size: 10},
	}
	s.Check(func(key, problem string) { t.Errorf("%s: %s", key, problem) })
	set, err := s.Load(Env{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(set.Density, tilted(t)) {
		t.Errorf("the density is %+v", set.Density)
	}

	for _, c := range []struct {
		variances   []float64
		covariances [][][]float64
		want        string
	}{
		{nil, nil, "variances: there are none, and no covariances, want one of the two with an entry for each mean"},
		{[]float64{1, 1}, s.Covariances, "covariances: variances are given too, want one of the two"},
		{nil, s.Covariances[:1], "covariances: 1 covariances for 2 means, want one each"},
		{nil, [][][]float64{{{1, 0}, {0, 1}}, {{1, 2}, {2, 1}}}, "covariances: covariance 2: not positive definite (pivot 2 is -3)"},
		{nil, [][][]float64{{{1, 0}, {0, 1}}, {{1}}}, "covariances: covariance 2: 1 rows, want 2"},
	} {
		var got []string
		s := &GaussianMixture{Means: s.Means, Variances: c.variances, Covariances: c.covariances}
		s.Check(func(key, problem string) { got = append(got, key+": "+problem) })
		if !slices.Equal(got, []string{c.want}) {
			t.Errorf("reported %q, want %q", got, c.want)
		}
	}
}

// A source whose settings nobody checked gives an error, not a panic.
func TestGaussianMixtureLoadUnchecked(t *testing.T) {
	_, err := (&GaussianMixture{}).Load(Env{})
	wantError(t, err, "means: want at least one component of at least one coordinate")
	_, err = (&GaussianMixture{Means: [][]float64{{1}}, Variances: []float64{-1}}).Load(Env{})
	wantError(t, err, "variances: variance 1 is -1, want a positive number")
	_, err = (&GaussianMixture{Means: [][]float64{{1}}, Variances: []float64{1}}).Load(Env{})
	wantError(t, err, "size: 0 is not positive")
}

// The labels of a mixture are the components of its points, in both parts: with components far apart, the nearest mean.
func TestGaussianMixtureLabels(t *testing.T) {
	source := &GaussianMixture{
		Means: [][]float64{{-50, 0}, {0, 0}, {50, 0}}, Variances: []float64{1, 1, 1}, Weights: []float64{0.5, 0.2, 0.3}, Labels: true,
		Synthetic: Synthetic{Size: 300, Preparation: Preparation{TestFraction: 0.25, Standardize: true}},
	}
	set, err := source.Load(Env{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(set.Labels.Classes, []string{"0", "1", "2"}) {
		t.Errorf("the classes are %q", set.Labels.Classes)
	}
	for _, part := range []struct {
		points Points
		labels []int
	}{{set.Train, set.Labels.Train}, {set.Test, set.Labels.Test}} {
		points := set.Transform.Undo(part.points)
		if len(part.labels) != points.N {
			t.Fatalf("%d labels of %d points", len(part.labels), points.N)
		}
		for i, label := range part.labels {
			if x := points.Row(i)[0]; math.Abs(x-source.Means[label][0]) > 25 {
				t.Fatalf("point %d at %v has the label %d", i, x, label)
			}
		}
	}
}
