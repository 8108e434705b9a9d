package datasets

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// New rows get the coordinates of those in training, whatever the order of their columns.
func TestReadByEncoding(t *testing.T) {
	set := mustLoad(t, csvOf(t, "h,c,w\n1,red,10\n,green,30\n3,red,20\n", func(s *CSV) {
		s.Missing, s.Categorical, s.Categories = "mean", []string{"c"}, [][]string{{"red", "green"}}
	}), 0)
	text, err := json.Marshal(set.Encoding)
	if err != nil {
		t.Fatal(err)
	}
	var e *Encoding
	if err := json.Unmarshal(text, &e); err != nil || !reflect.DeepEqual(e, set.Encoding) {
		t.Fatalf("%s came back as %+v, %v", text, e, err)
	}
	if err := e.Validate(set.Columns); err != nil {
		t.Error(err)
	}
	got, err := e.Read(inFile(t, "new.csv", "w,other,c,h\n5,x,green,2\n7,?,,NA\n"))
	if want := points([]float64{2, 0, 1, 5}, []float64{2, 1, 0, 7}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	array := filepath.Join(t.TempDir(), "new.npy")
	if err := WriteNPY(array, points([]float64{2, 1, 5}, []float64{2, 0, 7}), Float64); err != nil {
		t.Fatal(err)
	}
	if got, err = e.Read(array); err == nil {
		t.Errorf("the categories 1 and 0 are taken: %v", got)
	}
	for _, c := range []struct{ name, content, want string }{
		{"a.csv", "h,c\n1,red\n", `a.csv: there is no column "w", which the run was trained on, did you mean "h"?; it has h, c`},
		{"a.csv", "h,c,w\n1,red,2\n\n1,read,2\n", `a.csv:4: column "c": "read" is none of the categories that the run was trained on, did you mean "red"?; it has red, green`},
		{"a.csv", "1,red,2\n", `a.csv: there is no header, want one that names the columns, which the run was trained on: h, c, w`},
		{"a.csv", "h,c,w\n1,red,x\n", `a.csv:2: column "w": "x" is not a number`},
		{"a.txt", "", `a.txt: the name ends in ".txt", want .csv, .npy or .parquet`},
	} {
		_, err := e.Read(inFile(t, c.name, c.content))
		wantErrorContaining(t, err, c.want)
	}
	for k := range e.Columns {
		e.Columns[k].Fill = nil
	}
	_, err = e.Read(inFile(t, "a.csv", "h,c,w\n1,red,2\n1,,2\n"))
	wantErrorContaining(t, err, `a.csv:3: column "c": the cell is empty, want a value; the run has nothing that stands in for one`)
}

// A run whose columns have no names takes the numbers of a file as they come, and no other number of them.
func TestReadWithoutNames(t *testing.T) {
	e := &Encoding{Columns: []EncodedColumn{{Name: "x0"}, {Name: "x1"}}}
	want := points([]float64{1, 2})
	for _, content := range []string{"1,2\n", "a,b\n1,2\n", "x1,x0\n2,1\n", "a,kind,b\n1,red,2\n"} {
		if got, err := e.Read(inFile(t, "a.csv", content)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v; want %v", content, got, err, want)
		}
	}
	_, err := e.Read(inFile(t, "a.csv", "1,2,3\n"))
	wantErrorContaining(t, err, "a.csv: points of 3 coordinates, and the model was trained on 2 (x0 x1)")
	named := &Encoding{Columns: []EncodedColumn{{Name: "a", Categories: []string{"10", "20"}}, {Name: "b"}}}
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := WriteNPY(path, points([]float64{20, 3}), Float32); err != nil {
		t.Fatal(err)
	}
	if got, err := named.Read(path); err != nil || !reflect.DeepEqual(got, points([]float64{0, 1, 3})) {
		t.Errorf("of an array: %v, %v", got, err)
	}
	_, err = e.Read(path)
	if err != nil {
		t.Error(err)
	}
	if err := WriteNPY(path, points([]float64{20, 3, 1}), Float32); err != nil {
		t.Fatal(err)
	}
	_, err = named.Read(path)
	wantErrorContaining(t, err, "a.npy: points of 3 coordinates, and the model was trained on 2 (a b)")
}

// What is decoded are the columns again: categories by the largest of their coordinates.
func TestDecode(t *testing.T) {
	e := &Encoding{Columns: []EncodedColumn{{Name: "a", Categories: []string{"x", "y"}}, {Name: "b"}, {Name: "c", Categories: []string{"1", "2.5", "7"}}}}
	got := e.Decode(points([]float64{0.2, 0.9, 1.25, -1, -2, -3}, []float64{0.4, 0.1, 3, 0, 0.5, 0.25}))
	if want := points([]float64{1, 1.25, 0}, []float64{0, 3, 1}); !reflect.DeepEqual(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	var cells []string
	for k, v := range got.Row(1) {
		cells = append(cells, e.Text(k, v, 32))
	}
	if want := []string{"x", "3", "2.5"}; !slices.Equal(cells, want) {
		t.Errorf("cells %v, want %v", cells, want)
	}
	if got, want := e.Numbers(got), points([]float64{1, 1.25, 1}, []float64{0, 3, 2.5}); !reflect.DeepEqual(got, want) {
		t.Errorf("numbers %v, want %v", got, want)
	}
	plain := (*Encoding)(nil)
	if p := points([]float64{1, 2}); !reflect.DeepEqual(plain.Numbers(plain.Decode(p)), p) || plain.Text(0, 0.1, 64) != "0.1" {
		t.Error("no encoding changes something")
	}
}

// Noise on categories is normal, and leaves numbers alone.
func TestCategoryNoise(t *testing.T) {
	content := "a,c\n"
	for range 1000 {
		content += "1,x\n2,y\n"
	}
	set := mustLoad(t, csvOf(t, content, func(s *CSV) { s.Categorical, s.CategoryNoise = []string{"c"}, 0.1 }), 5)
	blur := NewPoints(set.Train.N, 2)
	for i := range set.Train.N {
		x := set.Train.Row(i)
		if x[0] != 1 && x[0] != 2 {
			t.Fatalf("the number is %v", x[0])
		}
		blur.Row(i)[0], blur.Row(i)[1] = x[1]-(2-x[0]), x[2]-(x[0]-1)
	}
	mean, std := blur.Moments()
	for k := range 2 {
		wantNear(t, "mean of the noise", mean[k], 0, 5*0.1/44.7)
		wantNear(t, "deviation of the noise", std[k], 0.1, 5*0.1/63.2)
	}
	if again := mustLoad(t, csvOf(t, content, func(s *CSV) { s.Categorical, s.CategoryNoise = []string{"c"}, 0.1 }), 5); !reflect.DeepEqual(again.Train, set.Train) {
		t.Error("another load of the same seed gives other noise")
	}
}

func TestEncodingsRefused(t *testing.T) {
	half := 0.5
	for _, c := range []struct {
		e    Encoding
		want string
	}{
		{Encoding{Columns: []EncodedColumn{{Name: "a"}}}, "encoding: its 1 columns are not those of the 2 coordinates"},
		{Encoding{Columns: []EncodedColumn{{Name: "a", Categories: []string{"x", "y"}, Fill: &half}}}, `encoding: column "a": fill: 0.5 cannot stand in for a value`},
		{Encoding{Columns: []EncodedColumn{{Name: "a", Categories: []string{"x", "y"}}}, Delimiter: "xy"}, `encoding: delimiter: "xy" is no delimiter, want one character such as ";", or tab`},
	} {
		wantError(t, c.e.Validate([]string{"a=x", "a=y"}), c.want)
	}
}
