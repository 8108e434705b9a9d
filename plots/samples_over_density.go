package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg/draw"
)

// SamplesOverDensity draws samples over the model's normalised density
// exp(−E − log Z), beside the true density where that is known, with one colour
// scale for both.
type SamplesOverDensity struct {
	Title   string // of the figure; may be empty
	Axes    Axes
	Samples Points
	Energy  Field   // of the model, in nats
	LogZ    float64 // of the model
	// Truth is the true density over the same rectangle; nil where unknown.
	Truth *Field
}

// Save writes the figure to path, as PNG or SVG by its extension. Without Truth
// the figure is narrower. It is an error if log Z or all of a field is not
// finite, or the sizes and ranges do not agree.
func (s SamplesOverDensity) Save(path string) error { return savePlane(path, s.plane) }

func (s SamplesOverDensity) plane() (plane, error) {
	if !finite(s.LogZ) {
		return plane{}, fmt.Errorf("log Z: %g is not finite", s.LogZ)
	}
	if err := s.Energy.check("energy"); err != nil {
		return plane{}, err
	}
	if err := s.Samples.check("samples"); err != nil {
		return plane{}, err
	}
	model := s.Energy.mapped(func(e float64) float64 { return math.Exp(-e - s.LogZ) })
	if err := model.check("density exp(−E − log Z)"); err != nil {
		return plane{}, err
	}
	densities := []Field{model}
	panels := []planePanel{{
		title: "samples over the model's density", note: fieldPanel(model).pointsNote(s.Samples, "sample"), heat: &model,
		paint: func(c draw.Canvas, p panel) { drawPoints(c, p, s.Samples, vermilion) },
	}}
	if s.Truth != nil {
		if err := s.Truth.check("true density"); err != nil {
			return plane{}, err
		}
		if err := sameRange(model, *s.Truth, "true density"); err != nil {
			return plane{}, err
		}
		densities = append(densities, *s.Truth)
		panels = append([]planePanel{{title: "true density", heat: s.Truth}}, panels...)
	}
	return plane{
		title: s.Title, axes: s.Axes, field: model, scale: densityScale(densities...),
		panels: panels, columns: len(panels), slots: 2,
	}, nil
}

func densityScale(densities ...Field) scale {
	s := scale{colors: &whiteFirst, label: "density (per unit area)"}
	for _, f := range densities {
		_, high, allFinite := f.bounds()
		s.holes = s.holes || !allFinite
		s.hi = max(s.hi, high)
	}
	if s.hi < tiny {
		s.hi = 1
	}
	return s
}

// sameRange asks that two fields cover the same rectangle.
func sameRange(want, got Field, name string) error {
	if got.XMin != want.XMin || got.XMax != want.XMax || got.YMin != want.YMin || got.YMax != want.YMax {
		return fmt.Errorf("%s: covers x %g to %g, y %g to %g; the others x %g to %g, y %g to %g", name,
			got.XMin, got.XMax, got.YMin, got.YMax, want.XMin, want.XMax, want.YMin, want.YMax)
	}
	return nil
}
