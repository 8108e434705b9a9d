package datasets

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestKindsHaveDefaults(t *testing.T) {
	drawn := Synthetic{Size: 10000, Preparation: Preparation{TestFraction: 0.2}}
	table := Table{Missing: "error", Constant: "error"}
	images := ImageData{Preparation: Preparation{TestFraction: 0.2}, Scale: "unit", Augment: Augment{Padding: padBlack}}
	want := map[string]Source{
		"gaussian_mixture": &GaussianMixture{Synthetic: drawn},
		"two_gaussians":    &TwoGaussians{Synthetic: drawn},
		"eight_gaussians":  &EightGaussians{Modes: 8, Radius: math.Sqrt(8), Std: 0.2, Synthetic: drawn},
		"simplex_mixture":  &SimplexMixture{Dim: 2, Modes: 3, Distance: 6, Std: 1, Synthetic: drawn},
		"rings":            &Rings{Radii: []float64{0.75, 1.5, 2.25, 3}, Noise: 0.08, Synthetic: drawn},
		"pinwheel":         &Pinwheel{Blades: 5, RadialStd: 0.3, TangentialStd: 0.05, Rate: 0.25, Scale: 2, Synthetic: drawn},
		"two_moons":        &TwoMoons{Noise: 0.1, Synthetic: drawn},
		"swiss_roll":       &SwissRoll{Noise: 1, Synthetic: drawn},
		"spirals":          &Spirals{Turns: 1.5, Noise: 0.1, Synthetic: drawn},
		"checkerboard":     &Checkerboard{Synthetic: drawn},
		"funnel":           &Funnel{Dim: 2, Std: 3, Synthetic: drawn},
		"banana":           &Banana{Std: 2, Curvature: 0.25, Noise: 0.5, Synthetic: drawn},
		"csv": &CSV{
			Preparation: Preparation{TestFraction: 0.2}, Table: table, CSVFormat: CSVFormat{Delimiter: ","},
			MissingTokens: []string{"", "NA", "NaN", "null", "?"},
		},
		"npy":     &NPY{Preparation: Preparation{TestFraction: 0.2}, Table: table},
		"parquet": &Parquet{Preparation: Preparation{TestFraction: 0.2}, Table: table},
		"idx":     &IDX{ImageData: images},
		"npz":     &NPZ{ImageData: images},
		"images":  &Images{ImageData: images},
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
