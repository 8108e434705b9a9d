package datasets

import (
	"math"
	"testing"
)

// The embedded tables are those of scikit-learn: their sizes, and the means of a column or two as it gives them.
func TestEmbeddedTables(t *testing.T) {
	for _, c := range []struct {
		file, label string
		n, dim      int
		first, last float64 // means of these columns
	}{
		{"breast_cancer_benign.csv", "", 357, 30, 12.14652381, 0.07944207},
		{"breast_cancer_malignant.csv", "", 212, 30, 17.46283019, 0.09152996},
		{"wine.csv", "class", 178, 13, 13.00061798, 746.89325843},
		{"iris.csv", "class", 150, 4, 5.84333333, 1.19933333},
		{"digits.csv", "class", 1797, 64, 0, 0.36449638},
	} {
		var points Points
		var err error
		if c.label == "" {
			points, _, err = ReadPoints("builtin:" + c.file)
		} else {
			points, _, _, err = ReadLabelled("builtin:"+c.file, c.label)
		}
		if err != nil {
			t.Fatal(err)
		}
		mean, _ := points.Moments()
		if points.N != c.n || points.Dim != c.dim || math.Abs(mean[0]-c.first) > 1e-6 || math.Abs(mean[c.dim-1]-c.last) > 1e-6 {
			t.Errorf("%s: %d points of %d coordinates, means %v and %v", c.file, points.N, points.Dim, mean[0], mean[c.dim-1])
		}
	}
}
