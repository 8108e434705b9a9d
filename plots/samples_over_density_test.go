package plots

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// normalEnergy is that of N(0, I) up to a constant: log Z = log 2π.
var normalEnergy = evaluated(-4, 4, -4, 4, 80, func(x, y float64) float64 { return (x*x + y*y) / 2 })

func TestDensityIsNormalised(t *testing.T) {
	truth := normalEnergy.mapped(func(e float64) float64 { return math.Exp(-e) / (2 * math.Pi) })
	s := SamplesOverDensity{Energy: normalEnergy, LogZ: math.Log(2 * math.Pi), Truth: &truth}
	img := decoded(t, s)
	g := mustPlane(t)(s.plane())
	exact, model := heatPanel(t, g, 0), heatPanel(t, g, 1)
	for _, x := range []float64{-3, -1, 0.05, 0.7, 2} {
		left, right := pixelAt(img, exact.at(x, 0.3)), pixelAt(img, model.at(x, 0.3))
		if left != right {
			t.Errorf("at (%g, 0.3): true density %v, model %v", x, left, right)
		}
	}
	if got, want := pixelAt(img, model.at(0.03, 0.03)), whiteFirst[255]; !near(got, want) {
		t.Errorf("at the mode: %v, want %v", got, want)
	}
	if got, want := pixelAt(img, model.at(3.9, 3.9)), whiteFirst[0]; !near(got, want) {
		t.Errorf("at the border: %v, want %v", got, want)
	}
	// The colour scale's upper end is 1/2π = 0.159.
	if math.Abs(g.scale.hi-1/(2*math.Pi)) > 1e-3 {
		t.Errorf("colours end at %g", g.scale.hi)
	}
}

func TestSamplesAreDrawnOverTheDensity(t *testing.T) {
	s := SamplesOverDensity{Energy: normalEnergy, LogZ: 1.8, Samples: Points{X: []float64{3, 9}, Y: []float64{3, 0}}}
	img := decoded(t, s)
	p := heatPanel(t, mustPlane(t)(s.plane()), 0)
	if got := pixelAt(img, p.at(3, 3)); got.R < 180 || got.B > 140 {
		t.Errorf("at the sample: %v, which is not vermilion", got)
	}
	if text := svgText(t, s); !strings.Contains(text, "2 samples, 1 outside the frame\n") {
		t.Errorf("no count of samples in:\n%s", text)
	}
	if width := img.Bounds().Dx(); width >= 800 {
		t.Errorf("one panel is %d pixels wide", width)
	}
}

func TestSamplesOverDensityErrors(t *testing.T) {
	other := normalEnergy
	other.XMax = 5
	for want, s := range map[string]SamplesOverDensity{
		"log Z: NaN is not finite": {Energy: normalEnergy, LogZ: math.NaN()},
		"true density: covers x -4 to 5, y -4 to 4; the others x -4 to 4, y -4 to 4": {Energy: normalEnergy, Truth: &other},
		"density exp(−E − log Z): none of its 6400 values is finite":                 {Energy: normalEnergy, LogZ: -1000},
		"samples: 1 x for 0 y: want as many of each":                                 {Energy: normalEnergy, Samples: Points{X: []float64{1}}},
	} {
		path := filepath.Join(t.TempDir(), "a.svg")
		if err := s.Save(path); err == nil || err.Error() != path+": "+want {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
	// A density that vanishes everywhere is a white picture, not an error.
	saved(t, SamplesOverDensity{Energy: normalEnergy, LogZ: 1e6}, "a.png")
}
