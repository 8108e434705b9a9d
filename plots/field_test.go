package plots

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestCentersAreTheMiddlesInRowOrder(t *testing.T) {
	got := Field{XMin: 0, XMax: 4, YMin: -1, YMax: 1, NX: 2, NY: 2}.Centers()
	if !slices.Equal(got.X, []float64{1, 3, 1, 3}) || !slices.Equal(got.Y, []float64{-0.5, -0.5, 0.5, 0.5}) {
		t.Errorf("centers %v", got)
	}
}

func TestInterpolationIsExactForAPlane(t *testing.T) {
	f := evaluated(0, 1, 0, 1, 8, func(x, y float64) float64 { return 3*x - 2*y + 1 })
	for _, p := range [][2]float64{{0.1, 0.9}, {0.5, 0.5}, {0.3, 0.77}} {
		if got, want := f.at(p[0], p[1]), 3*p[0]-2*p[1]+1; math.Abs(got-want) > 1e-12 {
			t.Errorf("at %v: %g, want %g", p, got, want)
		}
	}
	// Beyond the outer middles the value stays.
	if got := f.at(0, 0); got != f.Values[0] {
		t.Errorf("in the corner: %g, want %g", got, f.Values[0])
	}
}

func TestAHoleKeepsItsSize(t *testing.T) {
	f := evaluated(0, 1, 0, 1, 4, bowl)
	f.Values[1*4+1] = math.NaN() // [0.25, 0.5) in both directions
	for u := 0.005; u < 1; u += 0.01 {
		inside := u > 0.25 && u < 0.5
		if got := math.IsNaN(f.at(u, 0.375)); got != inside {
			t.Errorf("at u = %.3f: hole is %v, want %v", u, got, inside)
		}
	}
}

func TestAspect(t *testing.T) {
	for _, c := range []struct{ xMax, yMax, want float64 }{{2, 2, 1}, {2, 3, 1.5}, {5, 100, 1}} {
		if got := (Field{XMax: c.xMax, YMax: c.yMax}).aspect(); got != c.want {
			t.Errorf("%g by %g: %g, want %g", c.xMax, c.yMax, got, c.want)
		}
	}
}

func TestPointsNoteCountsWhatDoesNotShow(t *testing.T) {
	p := panel{x: axis{min: -10, max: 10}, y: axis{min: -10, max: 10}}
	many := normalPoints(10000)
	many.X[0], many.Y[1] = 11, math.NaN()
	if got, want := p.pointsNote(many, "sample"), "10,000 samples, 4000 drawn, 2 outside the frame"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := len(p.drawn(many).X); got != mostPoints {
		t.Errorf("%d drawn", got)
	}
	if got := p.pointsNote(normalPoints(1), "sample"); got != "1 sample" {
		t.Errorf("%q", got)
	}
}

// Data that alternate between two components must not lose one of them.
func TestDrawnPointsAreAFairChoice(t *testing.T) {
	p := panel{x: axis{min: -2, max: 2}, y: axis{min: -2, max: 2}}
	var alternating Points
	for i := range 8 * mostPoints {
		alternating.X = append(alternating.X, float64(i%2))
		alternating.Y = append(alternating.Y, 0)
	}
	ones := 0.0
	for _, x := range p.drawn(alternating).X {
		ones += x
	}
	// Five standard deviations of a binomial.
	if want := float64(mostPoints) / 2; math.Abs(ones-want) > 2.5*math.Sqrt(mostPoints) {
		t.Errorf("%g of %d from one component", ones, mostPoints)
	}
}

func TestFitCutsAndCleans(t *testing.T) {
	if got := fit(labelText, "a\nb\x00\xff", 100); got != "a b��" {
		t.Errorf("%q", got)
	}
	long := fit(labelText, strings.Repeat("wide ", 100), 60)
	if !strings.HasSuffix(long, "…") || labelText.Width(long) > 60 {
		t.Errorf("%q is %v wide", long, labelText.Width(long))
	}
}

func TestColourMapsRunEvenlyInLightness(t *testing.T) {
	// L* of CIELAB from linear light, with the weights of sRGB.
	lightness := func(m colorMap, i int) float64 {
		linear := func(v uint8) float64 { return math.Pow((float64(v)/255+0.055)/1.055, 2.4) }
		return 116*math.Cbrt(0.2126*linear(m[i].R)+0.7152*linear(m[i].G)+0.0722*linear(m[i].B)) - 16
	}
	for name, m := range map[string]colorMap{"yellowFirst": yellowFirst, "whiteFirst": whiteFirst} {
		first, last := lightness(m, 0), lightness(m, 255)
		if first-last < 50 {
			t.Errorf("%s: lightness %g to %g", name, first, last)
		}
		for i := range 256 {
			want := first + (last-first)*float64(i)/255
			if got := lightness(m, i); math.Abs(got-want) > 2 {
				t.Errorf("%s: lightness of colour %d is %.1f, want %.1f", name, i, got, want)
			}
		}
	}
}
