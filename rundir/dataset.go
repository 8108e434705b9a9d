package rundir

import (
	"errors"
	"fmt"
	"math"

	"joule/datasets"
)

// Dataset is what a reader of a run has to know of its data. All values are in the units of the source.
type Dataset struct {
	Columns []string `json:"columns"`
	// Standardizer maps points to the coordinates of the model; nil: the model works in the units of the source.
	Standardizer *Standardizer `json:"standardizer,omitempty"`
	Train        int           `json:"train"`                // number of training points
	Validation   int           `json:"validation,omitempty"` // number of points kept for stopping in time
	Test         int           `json:"test"`                 // number of held-out points
	// Encoding is how the columns of the source become the coordinates; nil where each is one.
	Encoding *datasets.Encoding `json:"encoding,omitempty"`
	// Min and Max are the smallest and largest value of each column over all the points.
	Min []float64 `json:"min"`
	Max []float64 `json:"max"`
	// Image says how the columns are the pixels of an image; nil where they are not.
	Image *Image `json:"image,omitempty"`
	// Classes are the names of the points' classes; empty where they have none.
	Classes []string `json:"classes,omitempty"`
}

// Standardizer is the map y = (x − Mean)/Std of each column, followed by logit(α + (1 − 2α)y) where Logit is α > 0.
type Standardizer struct {
	Mean  []float64 `json:"mean"`
	Std   []float64 `json:"std"` // positive
	Logit float64   `json:"logit,omitempty"`
}

// Image is the size of images, whose pixels are the columns: row by row from the top, the channels of a pixel together.
type Image struct {
	Height   int `json:"height"`
	Width    int `json:"width"`
	Channels int `json:"channels"`
}

// Validate reports a description that cannot be that of any data.
func (d *Dataset) Validate() error { return d.check() }

func (d *Dataset) check() error {
	if len(d.Columns) == 0 {
		return errors.New("columns: there are none")
	}
	if d.Train < 1 || d.Test < 0 {
		return fmt.Errorf("train: %d training and %d test points; want at least 1 and 0", d.Train, d.Test)
	}
	if d.Validation < 0 {
		return fmt.Errorf("validation: %d points; want 0 or more", d.Validation)
	}
	lists := []struct {
		key    string
		values []float64
	}{{"min", d.Min}, {"max", d.Max}}
	if s := d.Standardizer; s != nil {
		lists = append(lists, lists[0], lists[0])
		lists[2].key, lists[2].values = "standardizer.mean", s.Mean
		lists[3].key, lists[3].values = "standardizer.std", s.Std
	}
	for _, l := range lists {
		if len(l.values) != len(d.Columns) {
			return fmt.Errorf("%s: %d numbers for %d columns", l.key, len(l.values), len(d.Columns))
		}
		for j, v := range l.values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("%s: %v in column %s; want a finite number", l.key, v, shown(d.Columns[j]))
			}
		}
	}
	if s := d.Standardizer; s != nil && !(s.Logit >= 0 && s.Logit < 0.5) {
		return fmt.Errorf("standardizer.logit: %v; want a number in [0, 0.5)", s.Logit)
	}
	if i := d.Image; i != nil && !i.has(len(d.Columns)) {
		return fmt.Errorf("image: %d rows of %d pixels with %d channels are not the %d columns", i.Height, i.Width, i.Channels, len(d.Columns))
	}
	for j, column := range d.Columns {
		if d.Min[j] > d.Max[j] {
			return fmt.Errorf("min: %v in column %s is above its max, %v", d.Min[j], shown(column), d.Max[j])
		}
		if s := d.Standardizer; s != nil && s.Std[j] <= 0 {
			return fmt.Errorf("standardizer.std: %v in column %s; want a positive number", s.Std[j], shown(column))
		}
	}
	return d.Encoding.Validate(d.Columns)
}

// has says whether an image has so many numbers. Divisions rather than a product, which absurd sizes would overflow.
func (i *Image) has(numbers int) bool {
	if i.Height < 1 || i.Width < 1 || i.Channels < 1 || i.Height > numbers || i.Width > numbers/i.Height {
		return false
	}
	return i.Channels <= numbers && i.Height*i.Width*i.Channels == numbers
}

// WriteDataset writes the description of the data.
func (r *Run) WriteDataset(d Dataset) error {
	version := format
	if d.Standardizer != nil && d.Standardizer.Logit > 0 {
		version = formatLogit
	}
	return r.writeJSON(datasetFile, &d, struct {
		Format int `json:"format"`
		Dataset
	}{version, d})
}

// Dataset reads the description of the data.
func (r *Run) Dataset() (Dataset, error) {
	var d Dataset
	err := r.readJSON(datasetFile, &d)
	return d, err
}
