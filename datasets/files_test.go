package datasets

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// The figures identify the data set `faithful` of R.
func TestOldFaithful(t *testing.T) {
	p, columns, err := ReadPoints("builtin:old_faithful.csv")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"eruptions", "waiting"}; p.N != 272 || p.Dim != 2 || !slices.Equal(columns, want) {
		t.Fatalf("%d×%d points, columns %v", p.N, p.Dim, columns)
	}
	if first, last := p.Row(0), p.Row(271); !slices.Equal(first, []float64{3.6, 79}) || !slices.Equal(last, []float64{4.467, 74}) {
		t.Errorf("first row %v, last row %v", first, last)
	}
	s, err := FitStandardizer(p, columns)
	if err != nil {
		t.Fatal(err)
	}
	wantNear(t, "mean eruption", s.Mean[0], 3.487783, 5e-7)
	wantNear(t, "mean waiting time", s.Mean[1], 70.897059, 5e-7)
}

func TestOldFaithfulWithDensity(t *testing.T) {
	source := Kinds["csv"]().(*CSV)
	source.Path, source.Standardize = "builtin:old_faithful.csv", true
	source.Density = &DensityFit{Kind: "gaussian_mixture", Components: 2}
	set, err := source.Load(Env{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.N != 218 || set.Test.N != 54 {
		t.Errorf("%d and %d points", set.Train.N, set.Test.N)
	}
	mean, cov := set.Density.(*Mixture).MeanCov() // EM keeps the moments of the points it is fitted to, but for the ridge
	for i := range 2 {
		wantNear(t, "mean", mean[i], 0, 1e-9)
		wantNear(t, "variance", cov[i][i], 1, 2*fitRidge)
	}
}

func TestRelativePathsReferToDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.csv"), []byte("1,2\n3,4\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteNPY(filepath.Join(dir, "p.npy"), points([]float64{1, 2}, []float64{3, 4}), Float64); err != nil {
		t.Fatal(err)
	}
	preparation := Preparation{TestFraction: 0.5}
	fromCSV, err := (&CSV{FileData: FileData{Path: "p.csv"}, Preparation: preparation}).Load(Env{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	fromNPY, err := (&NPY{FileData: FileData{Path: "p.npy"}, Preparation: preparation}).Load(Env{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(fromCSV, fromNPY) {
		t.Errorf("csv %+v, npy %+v", fromCSV, fromNPY)
	}
}

func TestFilesRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one.csv", "a,b\n1,2\n")
	write("flat.csv", "a,b\n1,2\n2,2\n3,2\n")
	write("few.csv", "a\n1\n2\n")
	at := filepath.Join(dir, "")
	for _, c := range []struct {
		source CSV
		want   string
	}{
		{CSV{FileData: FileData{Path: "none.csv"}}, "/none.csv: no such file or directory"},
		{CSV{FileData: FileData{Path: "."}}, ": is a directory"},
		{CSV{FileData: FileData{Path: "one.csv"}}, "/one.csv: 1 row of numbers, want at least 2"},
		{CSV{FileData: FileData{Path: "flat.csv"}, Preparation: Preparation{Standardize: true}},
			"/flat.csv: column \"b\" is constant (2 in all 3 training points), so it cannot be standardised: " +
				"leave the column out, as constant: drop does, or set standardize to false"},
		{CSV{FileData: FileData{Path: "few.csv"}, Preparation: Preparation{TestFraction: 0.2}},
			"/few.csv: test_fraction: 0.2 of 2 points leaves 2 for training and 0 for testing, want at least one each"},
		{CSV{FileData: FileData{Path: "few.csv", Density: &DensityFit{Components: 2}}},
			"/few.csv: density: components: 2 in 1 dimensions need at least 4 points, there are 2"},
	} {
		_, err := c.source.Load(Env{Dir: dir})
		wantError(t, err, at+c.want)
	}
	_, err := (&NPY{FileData: FileData{Path: "none.npy"}}).Load(Env{Dir: dir})
	wantError(t, err, at+"/none.npy: no such file or directory")
	_, err = (&CSV{}).Load(Env{Dir: dir})
	wantError(t, err, "path: it is empty, want the path of a file")
	_, err = (&CSV{FileData: FileData{Path: "builtin:oldfaithful.csv"}}).Load(Env{})
	wantError(t, err, `builtin:oldfaithful.csv: no such file in the program, did you mean "builtin:old_faithful.csv"?; `+
		`it has builtin:breast_cancer_benign.csv, builtin:breast_cancer_malignant.csv, builtin:digits.csv, builtin:iris.csv, builtin:old_faithful.csv, builtin:wine.csv`)
	_, _, err = ReadPoints("points.txt")
	wantError(t, err, `points.txt: the name ends in ".txt", want .csv, .npy or .parquet`)
}
