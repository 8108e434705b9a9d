package trained

import (
	"path/filepath"
	"slices"
	"strings"

	"joule/datasets"
	"joule/internal/strictyaml"
	"joule/plots"
	"joule/trainers"
)

// Source is the path of the file that the run's data comes from; empty for data that is drawn.
func (t *Run) Source() string {
	switch data := t.Config.Data.(type) {
	case *datasets.CSV:
		return data.Path
	case *datasets.NPY:
		return data.Path
	case *datasets.IDX:
		return data.Path
	case *datasets.NPZ:
		return data.Path
	case *datasets.Images:
		return data.Path
	}
	return ""
}

// KnowsTruth reports whether the density that the run's data comes from is known. That of a file is fitted at best.
func (t *Run) KnowsTruth() bool { return t.Source() == "" }

// DensityName says which density the run's data has, if it has one: true or fitted.
func (t *Run) DensityName() string {
	if t.KnowsTruth() {
		return "true"
	}
	return "fitted"
}

// DataName is a short name of the run's data: its file, or its kind.
func (t *Run) DataName() string {
	if path := t.Source(); path != "" {
		return filepath.Base(strings.TrimPrefix(strings.TrimPrefix(path, "builtin:"), "fetched:"))
	}
	return strictyaml.KindOf(datasets.Kinds, t.Config.Data)
}

// Method is the kind of the run's method.
func (t *Run) Method() string { return strictyaml.KindOf(trainers.Kinds, t.Config.Method) }

// ImageGrid shows points as images, in the units of the data: black is the least value of the data, and white the largest.
func (t *Run) ImageGrid(points datasets.Points) plots.ImageGrid {
	i := t.Dataset.Image
	return plots.ImageGrid{
		Height: i.Height, Width: i.Width, Channels: i.Channels, Values: points.Values,
		Low: slices.Min(t.Dataset.Min), High: slices.Max(t.Dataset.Max),
	}
}
