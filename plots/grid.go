package plots

import (
	"errors"
	"fmt"
)

// Grid draws the energies of several models side by side, over the same
// rectangle and with one colour scale: each relative to its own minimum.
type Grid struct {
	Title  string // of the figure; may be empty
	Axes   Axes
	Data   Points // in a panel of their own before the others; may be empty
	Models []Model
	// Nats and Contours are those of EnergyMap.
	Nats     float64
	Contours bool
}

// Model is one panel of a Grid.
type Model struct {
	Name   string // the title, such as the method
	Note   string // small, such as a score; may be empty
	Energy Field  // in nats
}

// widestRow is the most panels in a row that stay readable.
const widestRow = 4

// Save writes the figure to path, as PNG or SVG by its extension. It is an error
// if there is no model, a field has no finite value, or the ranges differ.
func (g Grid) Save(path string) error { return savePlane(path, g.plane) }

func (g Grid) plane() (plane, error) {
	if len(g.Models) == 0 {
		return plane{}, errors.New("grid: no models to draw")
	}
	if err := g.Data.check("data"); err != nil {
		return plane{}, err
	}
	var energies []Field
	for _, m := range g.Models {
		name := fmt.Sprintf("energy of %s", m.Name)
		if err := m.Energy.check(name); err != nil {
			return plane{}, err
		}
		if err := sameRange(g.Models[0].Energy, m.Energy, name); err != nil {
			return plane{}, err
		}
		energies = append(energies, m.Energy)
	}
	s, relative, err := energyScale(g.Nats, g.Contours, energies...)
	if err != nil {
		return plane{}, err
	}
	var panels []planePanel
	if len(g.Data.X) > 0 {
		panels = append(panels, dataPanel(energies[0], g.Data))
	}
	for k, m := range g.Models {
		panels = append(panels, planePanel{title: m.Name, note: m.Note, heat: &relative[k]})
	}
	rows := (len(panels) + widestRow - 1) / widestRow
	columns := (len(panels) + rows - 1) / rows
	return plane{
		title: g.Title, axes: g.Axes, field: energies[0], scale: s,
		panels: panels, columns: columns, slots: max(2, columns),
	}, nil
}
