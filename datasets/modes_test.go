package datasets

import (
	"math"
	"testing"
)

// The modes of a standardised mixture are where its standardised points are; other densities have none that are known.
func TestModesOf(t *testing.T) {
	source := &TwoGaussians{Synthetic: Synthetic{Size: 1000, Preparation: Preparation{Standardize: true}}}
	set, err := source.Load(Env{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	modes := ModesOf(set.Density)
	if modes == nil || len(modes.Means) != 2 {
		t.Fatalf("modes %v", modes)
	}
	for k, mean := range modes.Means {
		for j, v := range mean {
			want := ([]float64{-2, 2}[k] - set.Transform.Mean[j]) / set.Transform.Std[j]
			if math.Abs(v-want) > 1e-12 || math.Abs(modes.Covariances[k][j][j]*set.Transform.Std[j]*set.Transform.Std[j]-0.5) > 1e-12 {
				t.Errorf("mode %d: mean %v, want %v; covariance %v", k, v, want, modes.Covariances[k])
			}
		}
	}
	for name, p := range map[string]Density{"none": nil, "rings": densityOf(t, NewRings()), "banana": densityOf(t, NewBanana())} {
		if ModesOf(p) != nil {
			t.Errorf("%s: there are modes", name)
		}
	}
}

func densityOf(t *testing.T, source Source) Density {
	t.Helper()
	set, err := source.Load(Env{})
	if err != nil {
		t.Fatal(err)
	}
	return set.Density
}

// Held out are test points, or else validation points.
func TestHeldOut(t *testing.T) {
	test, validation := Points{N: 1, Dim: 1, Values: []float64{1}}, Points{N: 1, Dim: 1, Values: []float64{2}}
	for want, set := range map[string]Set{"test": {Test: test, Validation: validation}, "validation": {Validation: validation}, "": {Train: test}} {
		points, part := set.HeldOut()
		if part != want || (points.N > 0) != (want != "") || want == "validation" && points.Values[0] != 2 {
			t.Errorf("%v of the part %q, want %q", points, part, want)
		}
	}
}
