package main

import (
	"fmt"
	"math"

	"joule/datasets"
)

// read reads new points, in the units of the data and the coordinates that they would have had among those of the run: rows of a
// table, or images.
func (t *trained) read(file string) (datasets.Points, error) {
	holdsImages, err := t.holdsImages(file)
	if err != nil {
		return datasets.Points{}, err
	}
	if !holdsImages {
		points, err := t.encoding().Read(file)
		if err != nil {
			return datasets.Points{}, err
		}
		return points, t.checkRange(file, points)
	}
	return datasets.ReadImages(file, t.config.Data, datasets.Image(*t.dataset.Image), t.config.SeedOfData())
}

// holdsImages says whether a file is read as images, as those of a run on images are that are no rows of a table.
func (t *trained) holdsImages(file string) (bool, error) {
	if t.dataset.Image == nil {
		return false, nil
	}
	return datasets.HoldsImages(file)
}

// checkRange reports a value that has no place in the coordinates of the model, such as one that is no pixel where a logit is
// taken. A value that is missing is none.
func (t *trained) checkRange(file string, points datasets.Points) error {
	for i, y := range t.transform().Apply(points).Values {
		if x := points.Values[i]; !math.IsNaN(x) && (math.IsNaN(y) || math.IsInf(y, 0)) {
			k := i % points.Dim
			return fmt.Errorf("%s: row %d, column %.60q: %v is out of the range that the run can be given; its data are from %v to %v",
				file, i/points.Dim+1, t.dataset.Columns[k], x, t.dataset.Min[k], t.dataset.Max[k])
		}
	}
	return nil
}
