package datasets

import (
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// same compares points of which values may be NaN.
func same(a, b Points) bool {
	return a.N == b.N && a.Dim == b.Dim && slices.EqualFunc(a.Values, b.Values, func(x, y float64) bool { return x == y || x != x && y != y })
}

func TestReadLabelled(t *testing.T) {
	path := inFile(t, "p.csv", "a,kind,b,note\n1,good,2,x\n3,bad,4,y\n5,good,6,z\n")
	for _, c := range []struct {
		columns, names []string
		values         []float64
	}{{nil, []string{"a", "b"}, []float64{1, 2, 3, 4, 5, 6}}, {[]string{"b"}, []string{"b"}, []float64{2, 4, 6}}} {
		points, names, classes, err := ReadLabelled(path, "kind", c.columns...)
		if err != nil || !slices.Equal(points.Values, c.values) || !slices.Equal(names, c.names) || !slices.Equal(classes, []string{"good", "bad", "good"}) {
			t.Errorf("%v %v %v, %v", points, names, classes, err)
		}
	}
	_, _, classes, err := ReadLabelled(path, "a")
	if err != nil || !slices.Equal(classes, []string{"1", "3", "5"}) {
		t.Errorf("a label of numbers: %v, %v", classes, err)
	}
	_, _, _, err = ReadLabelled(path, "kinds")
	wantErrorContaining(t, err, `there is no column "kinds", did you mean "kind"?; it has a, kind, b, note`)
	_, _, _, err = ReadLabelled(path, "a", "b", "a")
	wantErrorContaining(t, err, `column "a" is the label, which is no coordinate`)
}

// Classes of new rows are in any other column than those of the run.
func TestEncodingReadLabelled(t *testing.T) {
	e := &Encoding{Columns: []EncodedColumn{{Name: "h"}, {Name: "c", Categories: []string{"red", "green"}}}}
	got, classes, err := e.ReadLabelled(inFile(t, "a.csv", "c,kind,h\ngreen,odd,2\nred,7,3\n"), "kind")
	if want := points([]float64{2, 0, 1}, []float64{3, 1, 0}); err != nil || !reflect.DeepEqual(got, want) || !slices.Equal(classes, []string{"odd", "7"}) {
		t.Errorf("%v, %v, %v", got, classes, err)
	}
	unnamed := Plain([]string{"x0", "x1"})
	if got, classes, err = unnamed.ReadLabelled(inFile(t, "a.csv", "a,b,kind\n1,2,3\n"), "kind"); err != nil || !reflect.DeepEqual(got, points([]float64{1, 2})) || !slices.Equal(classes, []string{"3"}) {
		t.Errorf("columns without names: %v, %v, %v", got, classes, err)
	}
	for _, c := range []struct{ content, label, want string }{
		{"c,kind,h\ngreen,odd,2\n", "class", `a.csv: there is no column "class"; it has c, kind, h`},
		{"c,kind,h\ngreen,odd,2\n", "h", `a.csv: column "h" is one of the coordinates, and cannot be the label`},
		{"c,kind\ngreen,odd\n", "kind", `a.csv: there is no column "h", which the run was trained on, did you mean "c"?; it has c, kind`},
		{"c,kind,h\ngreen,odd,2\nred,,3\n", "kind", `a.csv:3: column "kind": the cell is empty, want a value; leave out the row`},
	} {
		_, _, err := e.ReadLabelled(inFile(t, "a.csv", c.content), c.label)
		wantErrorContaining(t, err, c.want)
	}
}

// What is missing is NaN in all of its coordinates, whatever stands in for it elsewhere, and so is what is absent.
func TestReadIncomplete(t *testing.T) {
	nan, fill := math.NaN(), 4.0
	e := &Encoding{Columns: []EncodedColumn{{Name: "h", Fill: &fill}, {Name: "c", Categories: []string{"red", "green"}}, {Name: "w"}}}
	for _, c := range []struct {
		content string
		absent  []string
		want    Points
	}{
		{"w,other,c,h\n5,x,green,2\n,?,red,NA\n7,,,1\n", nil, points([]float64{2, 0, 1, 5}, []float64{nan, 1, 0, nan}, []float64{1, nan, nan, 7})},
		{"h,w\n1,2\n", []string{"c"}, points([]float64{1, nan, nan, 2})},
		{"h,c,w\n1,blue,2\n", []string{"c"}, points([]float64{1, nan, nan, 2})},
		{"c\nred\n", []string{"h", "w"}, points([]float64{nan, 1, 0, nan})},
	} {
		if got, err := e.ReadIncomplete(inFile(t, "a.csv", c.content), c.absent...); err != nil || !same(got, c.want) {
			t.Errorf("%q: %v, %v; want %v", c.content, got, err, c.want)
		}
	}
	_, err := e.ReadIncomplete(inFile(t, "a.csv", "h,c,w\n1,red,2\n1,blue,2\n"))
	wantErrorContaining(t, err, `a.csv:3: column "c": "blue" is none of the categories that the run was trained on`)
	_, err = e.ReadIncomplete(inFile(t, "a.csv", "h,w\n1,2\n"), "w")
	wantErrorContaining(t, err, `a.csv: there is no column "c", which the run was trained on`)
	_, err = e.ReadIncomplete(inFile(t, "a.csv", "h,c,w\n1,red,inf\n"))
	wantErrorContaining(t, err, `a.csv:2: column "w": inf is not a finite number of single precision`)

	plain := Plain([]string{"x0", "x1"})
	for content, want := range map[string]Points{"1,\n,2\n": points([]float64{1, nan}, []float64{nan, 2}), "a,b\n1,NaN\n": points([]float64{1, nan})} {
		if got, err := plain.ReadIncomplete(inFile(t, "a.csv", content)); err != nil || !same(got, want) {
			t.Errorf("%q: %v, %v; want %v", content, got, err, want)
		}
	}
	if got, err := plain.ReadIncomplete(inFile(t, "a.csv", "7\n"), "x0"); err != nil || !same(got, points([]float64{nan, 7})) {
		t.Errorf("the rest without names: %v, %v", got, err)
	}
	array := filepath.Join(t.TempDir(), "p.npy")
	if err := WriteNPY(array, points([]float64{nan, 7}), Float32); err != nil {
		t.Fatal(err)
	}
	for absent, want := range map[string]Points{"": points([]float64{nan, 7}), "x1": points([]float64{nan, nan})} {
		if got, err := plain.ReadIncomplete(array, absent); err != nil || !same(got, want) {
			t.Errorf("of an array, without %q: %v, %v", absent, got, err)
		}
	}
	if got, err := Plain([]string{"a", "b", "c"}).ReadIncomplete(array, "b"); err != nil || !same(got, points([]float64{nan, nan, 7})) {
		t.Errorf("of an array of the rest: %v, %v", got, err)
	}
	if _, err := plain.Read(array); err == nil {
		t.Error("points with a missing coordinate are read as whole")
	}
}

func TestSpread(t *testing.T) {
	e := &Encoding{Columns: []EncodedColumn{{Name: "c", Categories: []string{"red", "green"}}, {Name: "w"}}}
	if got, want := e.Spread(points([]float64{1, 0}, []float64{0, 1})), points([]float64{1, 1, 0}, []float64{0, 0, 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
