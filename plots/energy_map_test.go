package plots

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// heatPanel returns the k-th panel of a figure of the plane, without its text.
func heatPanel(t *testing.T, g plane, k int) panel {
	t.Helper()
	a := g.arrange()
	return panel{Rectangle: a.frames[k], x: a.x, y: a.y}
}

func mustPlane(t *testing.T) func(g plane, err error) plane {
	return func(g plane, err error) plane {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
}

func TestEnergyMapIsBrightAtTheMinimumAndDarkAtTheBorder(t *testing.T) {
	m := EnergyMap{Energy: evaluated(-5, 5, -5, 5, 101, twoGaussians)}
	img := decoded(t, m)
	p := heatPanel(t, mustPlane(t)(m.plane()), 1)
	for _, mode := range []float64{-2, 2} {
		if got := pixelAt(img, p.at(mode, mode)); !near(got, yellowFirst[0]) {
			t.Errorf("at the minimum (%g, %g): %v, want %v", mode, mode, got, yellowFirst[0])
		}
	}
	for _, corner := range [][2]float64{{-4.9, 4.9}, {4.9, -4.9}} {
		if got := pixelAt(img, p.at(corner[0], corner[1])); got != yellowFirst[255] {
			t.Errorf("at the border %v: %v, want %v", corner, got, yellowFirst[255])
		}
	}
	// At the origin E − min E = 8 − log 2: colours are linear in the energy.
	want := yellowFirst.at((8 - math.Ln2) / 12)
	if got := pixelAt(img, p.at(0, 0)); !near(got, want) {
		t.Errorf("at the saddle: %v, want %v", got, want)
	}
}

func TestEnergyMapHasTheSameAxesOnBothSides(t *testing.T) {
	g := mustPlane(t)(EnergyMap{Energy: evaluated(-5, 5, -5, 5, 10, bowl)}.plane())
	a := g.arrange()
	if a.frames[0].Size() != a.frames[1].Size() || a.frames[0].Min.Y != a.frames[1].Min.Y {
		t.Errorf("frames %v and %v differ", a.frames[0], a.frames[1])
	}
	if size := a.frames[0].Size(); size.X != size.Y {
		t.Errorf("a square is drawn %v wide and %v high", size.X, size.Y)
	}
}

func TestEnergyMapDrawsTheData(t *testing.T) {
	m := EnergyMap{Data: Points{X: []float64{-1}, Y: []float64{2}}, Energy: evaluated(-3, 3, -3, 3, 10, bowl)}
	img := decoded(t, m)
	p := heatPanel(t, mustPlane(t)(m.plane()), 0)
	if got := pixelAt(img, p.at(-1, 2)); got.B < 150 || got.R > 150 {
		t.Errorf("at the data point: %v, which is not blue", got)
	}
	if got := pixelAt(img, p.at(1, 2)); got.R != 255 || got.G != 255 || got.B != 255 {
		t.Errorf("beside the data point: %v, which is not white", got)
	}
}

func TestEnergyMapMarksWhatIsNotFinite(t *testing.T) {
	energy := evaluated(-3, 3, -3, 3, 30, bowl)
	energy.Values[5*30+5] = math.NaN()
	energy.Values[5*30+20] = math.Inf(1)
	m := EnergyMap{Energy: energy}
	img := decoded(t, m)
	p := heatPanel(t, mustPlane(t)(m.plane()), 1)
	for _, i := range []int{5, 20} {
		if got := pixelAt(img, p.at(energy.x(i), energy.y(5))); got != pink {
			t.Errorf("cell (%d, 5): %v, want %v", i, got, pink)
		}
	}
	if text := svgText(t, m); !strings.Contains(text, "not finite\n") {
		t.Error("the colour bar does not say what pink is")
	}
}

func TestColourBarSaysWhereItIsCut(t *testing.T) {
	steep := evaluated(-5, 5, -5, 5, 20, twoGaussians)
	shallow := evaluated(-1, 1, -1, 1, 20, bowl)
	for _, c := range []struct {
		figure    EnergyMap
		has, lack []string
	}{
		{EnergyMap{Energy: steep}, []string{"E − min E (nats), cut at 12\n", "≥ 12\n", "\nlikely\n", "unlikely\n"}, nil},
		{EnergyMap{Energy: steep, Nats: 5}, []string{"E − min E (nats), cut at 5\n", "≥ 5.0\n"}, nil},
		{EnergyMap{Energy: steep, Nats: 6.7}, []string{"E − min E (nats), cut at 6.7\n"}, []string{"≥"}},
		{EnergyMap{Energy: shallow}, []string{"E − min E (nats)\n"}, []string{"≥", "cut at"}},
	} {
		text := svgText(t, c.figure)
		for _, s := range c.has {
			if !strings.Contains(text, s) {
				t.Errorf("nats %g: no %q in:\n%s", c.figure.Nats, s, text)
			}
		}
		for _, s := range c.lack {
			if strings.Contains(text, s) {
				t.Errorf("nats %g: %q in:\n%s", c.figure.Nats, s, text)
			}
		}
	}
}

func TestContourFollowsTheLevel(t *testing.T) {
	m := EnergyMap{Energy: evaluated(-3, 3, -3, 3, 61, bowl), Contours: true}
	plain := m
	plain.Contours = false
	with, without := decoded(t, m), decoded(t, plain)
	p := heatPanel(t, mustPlane(t)(m.plane()), 1)
	changed := func(at vg.Point) bool { return pixelAt(with, at) != pixelAt(without, at) }
	// E = 4 is the circle of radius 2; 4 is a tick of the bar, 2.5 is not.
	for _, angle := range []float64{0.3, 1.7, 4} {
		if !changed(p.at(2*math.Cos(angle), 2*math.Sin(angle))) {
			t.Errorf("no line on the circle of energy 4 at angle %g", angle)
		}
		radius := math.Sqrt(2.5)
		if changed(p.at(radius*math.Cos(angle), radius*math.Sin(angle))) {
			t.Errorf("a line on the circle of energy 2.5 at angle %g", angle)
		}
	}
}

func TestEnergyMapErrors(t *testing.T) {
	good := evaluated(0, 1, 0, 1, 4, bowl)
	edited := func(edit func(*Field)) Field { f := good; edit(&f); return f }
	for want, m := range map[string]EnergyMap{
		"energy: 15 values for a grid of 4 by 4 cells: want NX·NY of them, both at least 1": {Energy: edited(func(f *Field) { f.Values = f.Values[:15] })},
		"energy: 0 values for a grid of 0 by 4 cells: want NX·NY of them, both at least 1":  {Energy: edited(func(f *Field) { f.NX, f.Values = 0, nil })},
		"energy: x from 1 to 1 is not a finite range with max above min":                    {Energy: edited(func(f *Field) { f.XMin = 1 })},
		"energy: y from 0 to NaN is not a finite range with max above min":                  {Energy: edited(func(f *Field) { f.YMax = math.NaN() })},
		"energy: none of its 16 values is finite":                                           {Energy: good.withAll(math.Inf(1))},
		"data: 2 x for 1 y: want as many of each":                                           {Energy: good, Data: Points{X: []float64{1, 2}, Y: []float64{1}}},
		"nats: -1 is not a positive number":                                                 {Energy: good, Nats: -1},
	} {
		path := filepath.Join(t.TempDir(), "a.png")
		if err := m.Save(path); err == nil || err.Error() != path+": "+want {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
}

func (f Field) withAll(v float64) Field {
	f.Values = make([]float64, len(f.Values))
	for i := range f.Values {
		f.Values[i] = v
	}
	return f
}

func TestDegenerateFieldsAreDrawn(t *testing.T) {
	square := evaluated(0, 1, 0, 1, 4, bowl)
	single := square.withAll(math.NaN())
	single.Values[5] = 1
	extreme := square.withAll(-math.MaxFloat64)
	extreme.Values[5] = math.MaxFloat64
	for name, f := range map[string]Field{
		"constant":      square.withAll(3),
		"one value":     single,
		"one cell":      {XMax: 1, YMax: 1, NX: 1, NY: 1, Values: []float64{2}},
		"one row":       {XMax: 1, YMax: 1, NX: 3, NY: 1, Values: []float64{1, 2, 3}},
		"extreme":       extreme,
		"far from zero": {XMin: 1e9, XMax: 1e9 + 10, YMin: -1e-200, YMax: 1e-200, NX: 2, NY: 1, Values: []float64{1, 2}},
		"wide":          {XMin: -1e307, XMax: 1e307, YMax: 1, NX: 1, NY: 2, Values: []float64{0, 1e-310}},
	} {
		nan := math.NaN()
		data := Points{X: []float64{0.5, nan, math.Inf(1), 1e300}, Y: []float64{0.5, 0, nan, -1e300}}
		for _, ext := range []string{"a.png", "a.svg"} {
			t.Run(name, func(t *testing.T) { saved(t, EnergyMap{Energy: f, Data: data, Contours: true}, ext) })
		}
	}
}
