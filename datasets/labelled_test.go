package datasets

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func textFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadLabelled(t *testing.T) {
	path := textFile(t, "p.csv", "a,kind,b,note\n1,good,2,x\n3,bad,4,y\n5,,6,z\n")
	for _, c := range []struct {
		columns, names []string
		values         []float64
	}{{nil, []string{"a", "b"}, []float64{1, 2, 3, 4, 5, 6}}, {[]string{"b"}, []string{"b"}, []float64{2, 4, 6}}} {
		points, names, labels, err := ReadLabelled(path, "kind", c.columns...)
		if err != nil || !slices.Equal(points.Values, c.values) || !slices.Equal(names, c.names) || !slices.Equal(labels, []string{"good", "bad", ""}) {
			t.Errorf("%v %v %v, %v", points, names, labels, err)
		}
	}
	_, _, labels, err := ReadLabelled(path, "a")
	if err != nil || !slices.Equal(labels, []string{"1", "3", "5"}) {
		t.Errorf("a label of numbers: %v, %v", labels, err)
	}
	_, _, _, err = ReadLabelled(path, "kinds")
	wantError(t, err, path+`: there is no column "kinds", did you mean "kind"?; it has a, kind, b, note`)
	_, _, _, err = ReadLabelled(path, "a", "b", "a")
	wantError(t, err, path+`: column "a" is one of the coordinates, and cannot be the label`)
	_, _, _, err = ReadLabelled("p.npy", "a")
	wantError(t, err, `p.npy: the name ends in ".npy", want .csv`)
}

func TestReadIncomplete(t *testing.T) {
	nan := math.NaN()
	path := textFile(t, "p.csv", "a,b,c\n1,,2\nNaN,3,na\n4,5,\n")
	for _, c := range []struct {
		columns []string
		values  []float64
	}{{nil, []float64{1, nan, 2, nan, 3, nan, 4, 5, nan}}, {[]string{"c", "a"}, []float64{2, 1, nan, nan, nan, 4}}} {
		points, _, err := ReadIncomplete(path, c.columns...)
		if err != nil || points.N != 3 || !slices.EqualFunc(points.Values, c.values, func(a, b float64) bool { return a == b || a != a && b != b }) {
			t.Errorf("%v, %v; want %v", points, err, c.values)
		}
	}
	array := filepath.Join(t.TempDir(), "p.npy")
	if err := WriteNPY(array, Points{N: 1, Dim: 2, Values: []float64{nan, 7}}, Float32); err != nil {
		t.Fatal(err)
	}
	if points, _, err := ReadIncomplete(array); err != nil || !math.IsNaN(points.Values[0]) || points.Values[1] != 7 {
		t.Errorf("%v, %v", points, err)
	}
	if _, _, err := ReadPoints(array); err == nil {
		t.Error("points with a missing coordinate are read as whole")
	}
	path = textFile(t, "p.csv", "a,b\n1,inf\n")
	_, _, err := ReadIncomplete(path)
	wantError(t, err, path+`:2: column "b": inf is not a finite number of single precision`)
}

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
