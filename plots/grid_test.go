package plots

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func models(n int) []Model {
	var m []Model
	for k := range n {
		m = append(m, Model{Name: fmt.Sprintf("method %d", k), Energy: evaluated(-5, 5, -5, 5, 30, twoGaussians)})
	}
	return m
}

func TestGridSharesOneColourScaleRelativeToEachMinimum(t *testing.T) {
	low := evaluated(-3, 3, -3, 3, 61, bowl)
	high := low.mapped(func(e float64) float64 { return e + 100 })
	half := low.mapped(func(e float64) float64 { return e / 2 })
	g := Grid{Models: []Model{{Name: "a", Energy: low}, {Name: "b", Energy: high}, {Name: "c", Energy: half}}, Nats: 10}
	img := decoded(t, g)
	plane := mustPlane(t)(g.plane())
	for k, energy := range []float64{4, 4, 2} {
		p := heatPanel(t, plane, k)
		if got, want := pixelAt(img, p.at(2, 0)), yellowFirst.at(energy/10); !near(got, want) {
			t.Errorf("panel %d at E − min E = %g: %v, want %v", k, energy, got, want)
		}
	}
}

func TestGridArrangement(t *testing.T) {
	for _, c := range []struct{ models, data, columns, bars int }{
		{1, 0, 1, 1}, {1, 5, 2, 1}, {4, 0, 4, 1}, {4, 5, 3, 1}, {8, 0, 4, 2}, {9, 0, 3, 3},
	} {
		g := mustPlane(t)(Grid{Models: models(c.models), Data: normalPoints(c.data)}.plane())
		a := g.arrange()
		if g.columns != c.columns || len(a.bars) != c.bars {
			t.Errorf("%d models, %d points: %d columns, %d bars; want %d, %d", c.models, c.data, g.columns, len(a.bars), c.columns, c.bars)
		}
		for k, r := range append(a.frames, a.bars...) {
			if r.Min.X < 0 || r.Min.Y < 0 || r.Max.X > a.width || r.Max.Y > a.height || r.Size().X <= 0 {
				t.Errorf("%d models: rectangle %d, %v, is not on the page of %v by %v", c.models, k, r, a.width, a.height)
			}
			for other, s := range append(a.frames, a.bars...) {
				if k != other && r.Min.X < s.Max.X && s.Min.X < r.Max.X && r.Min.Y < s.Max.Y && s.Min.Y < r.Max.Y {
					t.Errorf("%d models: rectangles %d and %d overlap", c.models, k, other)
				}
			}
		}
	}
}

func TestGridShowsNamesAndNotes(t *testing.T) {
	m := models(2)
	m[1].Note = "KL 0.004 nats"
	text := svgText(t, Grid{Models: m, Axes: Axes{X: "eruption (min)"}})
	for _, want := range []string{"method 0\n", "method 1\n", "KL 0.004 nats\n", "eruption (min)\n", "x₂\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func TestGridErrors(t *testing.T) {
	shifted := models(2)
	shifted[1].Energy.YMin = -6
	empty := models(1)
	empty[0].Energy.Values = nil
	for want, g := range map[string]Grid{
		"grid: no models to draw": {},
		"energy of method 1: covers x -5 to 5, y -6 to 5; the others x -5 to 5, y -5 to 5":               {Models: shifted},
		"energy of method 0: 0 values for a grid of 30 by 30 cells: want NX·NY of them, both at least 1": {Models: empty},
	} {
		path := filepath.Join(t.TempDir(), "a.png")
		if err := g.Save(path); err == nil || err.Error() != path+": "+want {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
}
