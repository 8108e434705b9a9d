package measured

import (
	"joule/metrics"
	"joule/plots"
)

// The size of the thumbnails of a suite's runs in cells, and how many nats their colours reach over.
const (
	thumbnailCells = 128
	thumbnailSpan  = 8
)

// DrawThumbnails draws the energy, and that of the true density, for the report on a suite.
func (m *Run) DrawThumbnails() error {
	low, high := m.frame()
	margin := figureMargin / 2
	field := plots.Field{NX: thumbnailCells, NY: thumbnailCells}
	field.XMin, field.XMax = low[0]-margin*(high[0]-low[0]), high[0]+margin*(high[0]-low[0])
	field.YMin, field.YMax = low[1]-margin*(high[1]-low[1]), high[1]+margin*(high[1]-low[1])
	points := m.Transform().Apply(cellsOf(field))
	save := func(name string) error {
		path, err := m.Dir.FigurePath(name)
		if err == nil {
			err = plots.EnergyThumbnail{Energy: field, Span: thumbnailSpan}.Save(path)
		}
		return err
	}
	var err error
	if field.Values, err = m.Model.Energies(points.Values); err != nil {
		return err
	}
	if err := save("map.png"); err != nil || m.Set.Density == nil {
		return err
	}
	if field.Values, err = metrics.LogDensities(m.Backend.Backend, m.Set.Density, points); err != nil {
		return err
	}
	for i := range field.Values {
		field.Values[i] = -field.Values[i]
	}
	return save("truth.png")
}
