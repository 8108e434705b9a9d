package datasets

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

func TestNPYRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.npy")
	p := points([]float64{math.Pi, -1e-30}, []float64{3, 4}, []float64{1e30, 0})
	if err := WriteNPY(path, p, Float64); err != nil {
		t.Fatal(err)
	}
	back, columns, err := ReadPoints(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, p) || !slices.Equal(columns, []string{"x0", "x1"}) {
		t.Errorf("%v %v", back, columns)
	}

	if err := WriteNPY(path, p, Float32); err != nil { // replaces the file
		t.Fatal(err)
	}
	if back, _, err = ReadPoints(path); err != nil {
		t.Fatal(err)
	}
	for k, v := range p.Values {
		if back.Values[k] != float64(float32(v)) {
			t.Errorf("value %d: %v, want %v", k, back.Values[k], float32(v))
		}
	}

	if err := WriteNPYVector(path, []float64{5, 6}, Float32); err != nil {
		t.Fatal(err)
	}
	if back, _, err = ReadPoints(path); err != nil || !reflect.DeepEqual(back, points([]float64{5}, []float64{6})) {
		t.Errorf("%v %v", back, err)
	}
}

// The bytes that numpy.save writes for numpy.array([1, 2], '<f4').
func TestNPYHeaderIsNumPys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.npy")
	if err := WriteNPYVector(path, []float64{1, 2}, Float32); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }" +
		"                                                            \n\x00\x00\x80\x3f\x00\x00\x00\x40"
	if string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWriteNPYRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "p.npy")
	wantError(t, WriteNPYVector(path, []float64{1}, "<i4"), path+`: cannot write type "<i4", want <f4 or <f8`)
	err := WriteNPYVector(filepath.Join(dir, "no", "p.npy"), []float64{1}, Float32)
	wantErrorContaining(t, err, "write "+filepath.Join(dir, "no", "p.npy"), "no such file or directory")
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
