package metrics

import (
	"math"
	"strings"
	"testing"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// sampled is points of two coordinates of which the second is given.
func sampled(second []float64) datasets.Points {
	p := datasets.Points{N: len(second), Dim: 2}
	first := draws(0, 4, len(second)/4, 21, 0)
	for i, v := range second {
		p.Values = append(p.Values, first[i], v)
	}
	return p
}

// Every column is looked at, and the worst of all is warned of by its name; what is fine is not.
func TestDiagnose(t *testing.T) {
	const n = 500
	good, energies := draws(0, 4, n, 22, 0), draws(0, 4, n, 23, 0)
	d := Diagnose(sampled(good), energies, 4, []string{"a", "b"})
	if len(d.Coordinates) != 2 || d.Coordinates[1].Name != "b" || d.Coordinates[1].Mixing != MixingOf(good, 4) || d.Energy != MixingOf(energies, 4) {
		t.Errorf("%+v", d)
	}
	if d.Chains != 4 || d.Draws != n || !math.IsNaN(float64(d.Acceptance)) || !math.IsNaN(float64(d.EnergyGap)) {
		t.Errorf("%+v", d)
	}
	if w := d.Warnings(); len(w) > 0 {
		t.Errorf("warnings without cause: %q", w)
	}
	apart := Diagnose(sampled(draws(0, 4, n, 22, 3)), energies, 4, []string{"a", "b"})
	apart.Acceptance = 0.04
	for i, want := range []string{"0.04 of the proposals were accepted", "R̂ of b is ", "the 2000 points are worth "} {
		if w := apart.Warnings(); len(w) != 3 || !strings.HasPrefix(w[i], want) {
			t.Errorf("warnings %q, want one that begins with %q", w, want)
		}
	}
	few := Diagnose(sampled(draws(0, 4, 1, 22, 3)), energies[:4], 4, []string{"a", "b"})
	if w := few.Warnings(); len(w) > 0 {
		t.Errorf("warnings of what cannot be told: %q", w)
	}
}

// The energy gap is that of the mean energies.
func TestEnergyGap(t *testing.T) {
	model, err := models.Compile(backendtest.Open(t, "go"), &models.Quadratic{Mean: []float64{0}, Precision: [][]float64{{2}}}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := Diagnose(datasets.Points{N: 2, Dim: 1, Values: []float64{2, 0}}, []float64{4, 0}, 1, []string{"x"})
	if err := d.Compare(model, datasets.Points{N: 2, Dim: 1, Values: []float64{1, -1}}); err != nil || d.EnergyGap != 1 || d.DataEnergyStd != 0 {
		t.Errorf("a gap of %v, want 2 − 1; %v", d.EnergyGap, err)
	}
	for _, test := range []struct {
		gap  Figure
		want string
	}{
		{9, ""}, {-9, ""}, {11, "is that of the data +11, more than 5 standard deviations (2) of the energies of data: chains are not where the data is"},
		{-11, "chains have found points that the model likes far better"}, {Figure(math.NaN()), ""},
	} {
		d.EnergyGap, d.DataEnergyStd = test.gap, 2
		if w := d.GapWarning(); (w == "") != (test.want == "") || !strings.Contains(w, test.want) {
			t.Errorf("a gap of %v: warning %q", test.gap, w)
		}
	}
}
