package plots

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
)

func TestHistogramHasUnitArea(t *testing.T) {
	energies := ascending(normalPoints(1000).X)
	const low, high, bins = -5, 5, 25
	area := 0.0
	for _, height := range histogram(energies, low, high, bins) {
		area += height * (high - low) / bins
	}
	if math.Abs(area-1) > 1e-9 {
		t.Errorf("area %g", area)
	}
	// Half of a set that is half inside shows.
	if got := histogram([]float64{0.5, 7}, 0, 1, 1)[0]; got != 0.5 {
		t.Errorf("height %g, want 0.5", got)
	}
	if got := histogram([]float64{0, 1}, 0, 1, 2); got[0] != 1 || got[1] != 1 {
		t.Errorf("values at the ends: %v", got)
	}
}

func TestAWideSetDoesNotFlattenTheOthers(t *testing.T) {
	data, samples := ascending(upTo(100)), ascending(upTo(101))
	noise := make([]float64, 1000)
	for i := range noise {
		noise[i] = 100 * float64(i)
	}
	low, high := histogramRange([][]float64{data, noise, samples})
	// The others span 0 to 100; the noise may add twice that, and the rim.
	if low > 0 || low < -20 || high < 250 || high > 320 {
		t.Errorf("range %g to %g", low, high)
	}
	got := EnergySet{"noise", append([]float64{math.NaN()}, noise...)}.legend(noise, low, high)
	if want := "noise: 1001 points, 1 value not finite, 100% right of the frame"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestEnergyHistogramsLegend(t *testing.T) {
	text := svgText(t, EnergyHistograms{Sets: []EnergySet{{"data", upTo(50)}, {"samples", upTo(40)}, {"noise", nil}}})
	for _, want := range []string{"data: 50 points", "samples: 40 points", "noise: 0 points\n", "energy (nats)\n", "fraction of points per nat\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func TestDegenerateEnergiesAreDrawn(t *testing.T) {
	huge := math.MaxFloat64
	for name, sets := range map[string][]EnergySet{
		"one value":     {{"data", []float64{3}}},
		"constant":      {{"data", []float64{3, 3, 3}}, {"noise", []float64{1000}}},
		"some infinite": {{"data", []float64{1, math.Inf(1), math.NaN()}}, {"noise", []float64{math.NaN()}}},
		"huge":          {{"data", []float64{-huge, huge}}, {"noise", []float64{huge, 1}}},
		"large numbers": {{"data", []float64{1e15, 1e15 + 1}}},
	} {
		t.Run(name, func(t *testing.T) { saved(t, EnergyHistograms{Sets: sets}, "a.png") })
	}
}

func TestEnergyHistogramsErrors(t *testing.T) {
	for want, h := range map[string]EnergyHistograms{
		"energy histograms: no set has a finite energy":                           {Sets: []EnergySet{{"data", []float64{math.NaN()}}}},
		"energy histograms: 7 sets: want at most 6, which colours can tell apart": {Sets: make([]EnergySet, 7)},
	} {
		path := filepath.Join(t.TempDir(), "a.png")
		if err := h.Save(path); err == nil || err.Error() != path+": "+want {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
}
