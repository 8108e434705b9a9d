package trained

import (
	"fmt"
	"math"

	"joule/datasets"
)

// Read reads new points, in the units of the data and the coordinates that they would have had among those of the run: rows of a
// table, or images.
func (t *Run) Read(file string) (datasets.Points, error) {
	holdsImages, err := t.HoldsImages(file)
	if err != nil {
		return datasets.Points{}, err
	}
	if !holdsImages {
		points, err := t.Encoding().Read(file)
		if err != nil {
			return datasets.Points{}, err
		}
		return points, t.CheckRange(file, points)
	}
	return datasets.ReadImages(file, t.Config.Data, datasets.Image(*t.Dataset.Image), t.Config.SeedOfData())
}

// HoldsImages says whether a file is read as images, as those of a run on images are that are no rows of a table.
func (t *Run) HoldsImages(file string) (bool, error) {
	if t.Dataset.Image == nil {
		return false, nil
	}
	return datasets.HoldsImages(file)
}

// CheckRange reports a value that has no place in the coordinates of the model, such as one that is no pixel where a logit is
// taken. A value that is missing is none.
func (t *Run) CheckRange(file string, points datasets.Points) error {
	for i, y := range t.Transform().Apply(points).Values {
		if x := points.Values[i]; !math.IsNaN(x) && (math.IsNaN(y) || math.IsInf(y, 0)) {
			k := i % points.Dim
			return fmt.Errorf("%s: row %d, column %.60q: %v is out of the range that the run can be given; its data are from %v to %v",
				file, i/points.Dim+1, t.Dataset.Columns[k], x, t.Dataset.Min[k], t.Dataset.Max[k])
		}
	}
	return nil
}
