package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg/draw"
)

// defaultNats is the depth of an energy's colour range: exp(-12) of the highest
// density is nothing that a picture can show.
const defaultNats = 12

// EnergyMap draws the data and the learned energy side by side over the same
// rectangle of the plane. Colours show E − min E, which the constant that an
// energy is free in does not change; low energy, which is likely, is bright.
type EnergyMap struct {
	Title  string // of the figure; may be empty
	Axes   Axes
	Data   Points // may be empty
	Energy Field  // in nats
	// Nats is where the colours stop above the minimum; 0 is 12. What lies
	// higher has the last colour, and the bar says so.
	Nats float64
	// Contours adds lines at the colour bar's ticks.
	Contours bool
}

// Save writes the figure to path, as PNG or SVG by its extension. It is an error
// if the field has no finite value, or the sizes do not agree.
func (m EnergyMap) Save(path string) error { return savePlane(path, m.plane) }

func (m EnergyMap) plane() (plane, error) {
	if err := m.Energy.check("energy"); err != nil {
		return plane{}, err
	}
	if err := m.Data.check("data"); err != nil {
		return plane{}, err
	}
	s, fields, err := energyScale(m.Nats, m.Contours, m.Energy)
	if err != nil {
		return plane{}, err
	}
	return plane{
		title: m.Title, axes: m.Axes, field: m.Energy, scale: s, columns: 2, slots: 2,
		panels: []planePanel{
			dataPanel(m.Energy, m.Data),
			{title: "learned energy", note: energyNote(m.Energy), heat: &fields[0]},
		},
	}, nil
}

// energyScale takes every field relative to its own minimum, and gives them one
// colour scale.
func energyScale(nats float64, contours bool, energies ...Field) (scale, []Field, error) {
	if nats == 0 {
		nats = defaultNats
	}
	if !(nats > 0) || !finite(nats) {
		return scale{}, nil, fmt.Errorf("nats: %g is not a positive number", nats)
	}
	s := scale{
		colors: &yellowFirst, label: "E − min E (nats)",
		lowWord: "likely", highWord: "unlikely", contours: contours,
	}
	relative := make([]Field, len(energies))
	highest := 0.0
	for k, f := range energies {
		low, high, allFinite := f.bounds()
		s.holes = s.holes || !allFinite
		// The difference of two huge energies may overflow, and so may a mean of them.
		relative[k] = f.mapped(func(e float64) float64 { return min(e-low, math.MaxFloat64/4) })
		highest = max(highest, high-low)
	}
	switch {
	case highest > nats:
		s.hi, s.over = nats, true
		s.label = fmt.Sprintf("E − min E (nats), cut at %s", number(nats))
	case highest > tiny:
		s.hi = highest
	default:
		s.hi = 1
	}
	return s, relative, nil
}

func energyNote(energy Field) string {
	low, high, _ := energy.bounds()
	return fmt.Sprintf("E from %s to %s", number(low), number(high))
}

func dataPanel(field Field, data Points) planePanel {
	frame := fieldPanel(field)
	return planePanel{
		title: "data", note: frame.pointsNote(data, "point"),
		paint: func(c draw.Canvas, p panel) { drawPoints(c, p, data, blue) },
	}
}

// fieldPanel has the field's range, to count what is inside.
func fieldPanel(f Field) panel {
	return panel{x: axis{min: f.XMin, max: f.XMax}, y: axis{min: f.YMin, max: f.YMax}}
}
