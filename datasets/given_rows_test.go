package datasets

import (
	"math"
	"reflect"
	"testing"
)

// Rows that come cell by cell have the coordinates of the same rows in a file.
func TestGivenRows(t *testing.T) {
	fill := 7.0
	e := &Encoding{Columns: []EncodedColumn{{Name: "h"}, {Name: "c", Categories: []string{"red", "green"}}, {Name: "k", Categories: []string{"1", "2.5"}}, {Name: "w", Fill: &fill}}}
	r := e.GivenRows()
	cells := func(adds ...error) {
		t.Helper()
		for _, err := range append(adds, r.End()) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	cells(r.Text(1, "green"), r.Number(0, 2), r.Number(2, 2.5), r.Missing(3))
	cells(r.Number(0, -3), r.Text(1, "red"), r.Text(2, "1"), r.Number(3, 4))
	fromFile, err := e.Read(inFile(t, "a.csv", "c,h,k,w\ngreen,2,2.5,\nred,-3,1,4\n"))
	if got := r.Points(); err != nil || r.N() != 2 || !reflect.DeepEqual(got, fromFile) {
		t.Errorf("%v, want %v, %v", got, fromFile, err)
	}

	for want, add := range map[string]func(r *GivenRows) error{
		`row 1, column "h": the value is missing, want a value; the run has nothing that stands in for one`:                         func(r *GivenRows) error { return r.Missing(0) },
		`row 1, column "h": "x" is text; want a number`:                                                                             func(r *GivenRows) error { return r.Text(0, "x") },
		`row 1, column "h": 1e+39 is not a finite number of single precision`:                                                       func(r *GivenRows) error { return r.Number(0, 1e39) },
		`row 1, column "h": +Inf is not a finite number of single precision`:                                                        func(r *GivenRows) error { return r.Number(0, math.Inf(1)) },
		`row 1, column "c": "gren" is none of the categories that the run was trained on, did you mean "green"?; it has red, green`: func(r *GivenRows) error { return r.Text(1, "gren") },
		`row 1, column "k": "3" is none of the categories that the run was trained on`:                                              func(r *GivenRows) error { return r.Number(2, 3) },
		`row 1, column "h": the value is missing`:                                                                                   func(r *GivenRows) error { return r.End() },
	} {
		wantErrorContaining(t, add(e.GivenRows()), want)
	}
}

// The content of an array is what its file would be.
func TestParseNPY(t *testing.T) {
	path := inFile(t, "a.npy", "")
	if err := WriteNPY(path, points([]float64{1, 2}, []float64{3, 4}), Float64); err != nil {
		t.Fatal(err)
	}
	content, _, err := readFile(path, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Plain([]string{"a", "b"}).ParseNPY("body.npy", content); err != nil || !reflect.DeepEqual(got, points([]float64{1, 2}, []float64{3, 4})) {
		t.Errorf("%v, %v", got, err)
	}
	for columns, e := range map[int]*Encoding{3: Plain([]string{"a", "b", "c"}), 1: Plain([]string{"x0"})} {
		if _, err := e.ParseNPY("body.npy", content); err == nil {
			t.Errorf("%d columns fit 2", columns)
		} else {
			wantErrorContaining(t, err, "body.npy: points of 2 coordinates, and the model was trained on ")
		}
	}
	_, err = Plain([]string{"a", "b"}).ParseNPY("body.npy", content[:100])
	wantErrorContaining(t, err, "body.npy: the file is truncated")
}
