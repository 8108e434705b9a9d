package datasets

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestKindsHaveDefaults(t *testing.T) {
	want := map[string]Source{
		"gaussian_mixture": &GaussianMixture{Synthetic: Synthetic{Size: 10000, Preparation: Preparation{TestFraction: 0.2}}},
		"two_gaussians":    &TwoGaussians{Synthetic: Synthetic{Size: 10000, Preparation: Preparation{TestFraction: 0.2}}},
		"csv":              &CSV{Preparation: Preparation{TestFraction: 0.2}},
		"npy":              &NPY{Preparation: Preparation{TestFraction: 0.2}},
	}
	for kind, source := range want {
		if got := Kinds[kind](); !reflect.DeepEqual(got, source) {
			t.Errorf("%s: %+v, want %+v", kind, got, source)
		}
	}
	if len(Kinds) != len(want) {
		t.Errorf("%d kinds, want %d", len(Kinds), len(want))
	}
}

func TestRowsCopiesInOrder(t *testing.T) {
	p := points([]float64{1, 2}, []float64{3, 4}, []float64{5, 6})
	got := p.Rows([]int{2, 0})
	if want := points([]float64{5, 6}, []float64{1, 2}); !reflect.DeepEqual(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	got.Values[0] = 9
	if p.Row(2)[0] != 5 {
		t.Error("the copy shares memory with its source")
	}
}

// points makes a table of the given rows.
func points(rows ...[]float64) Points {
	return Points{N: len(rows), Dim: len(rows[0]), Values: slices.Concat(rows...)}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("error\n  %v\nwant\n  %s", err, want)
	}
}

func wantErrorContaining(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error\n  %v\nlacks %q", err, part)
		}
	}
}

func wantNear(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %.10g, want %.10g within %g", what, got, want, tolerance)
	}
}
