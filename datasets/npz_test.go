package datasets

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// npz writes an .npz file of arrays by name.
func npz(t *testing.T, method uint16, arrays ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(arrays); i += 2 {
		f, err := w.CreateHeader(&zip.FileHeader{Name: arrays[i].(string) + ".npy", Method: method})
		if err == nil {
			_, err = f.Write(arrays[i+1].([]byte))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// byteArray is an array of bytes of NumPy's format.
func byteArray(shape string, data ...byte) []byte {
	return npy(1, entries("|u1", "False", shape), data...)
}

func TestNPZOfKeras(t *testing.T) {
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		path := filepath.Join(t.TempDir(), "mnist.npz")
		write(t, path, npz(t, method, "x_train", byteArray("(6, 2, 3)", counting(36)...), "y_train", byteArray("(6,)", 3, 1, 2, 2, 2, 1),
			"x_test", byteArray("(3, 2, 3)", counting(18)...), "y_test", byteArray("(3, 1)", 1, 2, 10)))
		s := NewNPZ()
		s.Path, s.Scale = path, scaleNone
		set, err := s.Load(Env{})
		if err != nil {
			t.Fatal(err)
		}
		if set.Train.N != 6 || *set.Image != (Image{2, 3, 1}) || !slices.Equal(set.Test.Row(1), []float64{6, 7, 8, 9, 10, 11}) {
			t.Errorf("%d images of %v, the second for testing %v", set.Train.N, set.Image, set.Test.Row(1))
		}
		if !slices.Equal(set.Labels.Classes, []string{"1", "2", "3", "10"}) || !slices.Equal(set.Labels.Test, []int{0, 1, 3}) {
			t.Errorf("labels %+v", set.Labels)
		}
	}
}

// The same two images of 2×3 pixels in two channels, in every layout.
func TestNPZLayouts(t *testing.T) {
	const n, h, w, c = 2, 2, 3, 2
	value := func(i, y, x, k int) byte { return byte(100*i + 30*y + 10*x + k) }
	var last, first, fortran []byte
	for i := range n {
		for y := range h {
			for x := range w {
				for k := range c {
					last = append(last, value(i, y, x, k))
				}
			}
		}
		for k := range c {
			for y := range h {
				for x := range w {
					first = append(first, value(i, y, x, k))
				}
			}
		}
	}
	for k := range c {
		for x := range w {
			for y := range h {
				for i := range n {
					fortran = append(fortran, value(i, y, x, k))
				}
			}
		}
	}
	for name, f := range map[string]struct {
		array  []byte
		change func(*NPZ)
	}{
		"channels last":        {byteArray("(2, 2, 3, 2)", last...), func(*NPZ) {}},
		"rows":                 {byteArray("(2, 12)", last...), func(s *NPZ) { s.Shape = []int{2, 3, 2} }},
		"channels first":       {byteArray("(2, 2, 2, 3)", first...), func(s *NPZ) { s.ChannelsFirst = true }},
		"rows, channels first": {byteArray("(2, 12)", first...), func(s *NPZ) { s.Shape, s.ChannelsFirst = []int{2, 3, 2}, true }},
		"Fortran":              {npy(1, entries("|u1", "True", "(2, 2, 3, 2)"), fortran...), func(*NPZ) {}},
	} {
		path := filepath.Join(t.TempDir(), "a.npy")
		write(t, path, f.array)
		s := NewNPZ()
		s.Path, s.Scale, s.TestFraction = path, scaleNone, 0
		f.change(s)
		set, err := s.Load(Env{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := [][]float64{set.Train.Row(0), set.Train.Row(1)}
		slices.SortFunc(got, slices.Compare)
		for i := range n {
			for k, x := range got[i] {
				if x != float64(last[i*12+k]) {
					t.Fatalf("%s: image %d is %v, want %v", name, i, got[i], last[i*12:(i+1)*12])
				}
			}
		}
		if *set.Image != (Image{2, 3, 2}) || set.Columns[3] != "r0c1k1" {
			t.Errorf("%s: images of %v, columns %v", name, set.Image, set.Columns)
		}
	}
}

// Single .npy files: images in one, labels in another, those for testing in more. The brightest pixel of floats is 1.
func TestNPYFilesOfImages(t *testing.T) {
	dir := t.TempDir()
	floats := func(n int) (data []byte) {
		for i := range n {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(i)/float32(n-1)))
		}
		return data
	}
	write(t, dir+"/x.npy", npy(1, entries("<f4", "False", "(4, 1, 2)"), floats(8)...))
	write(t, dir+"/y.npy", byteArray("(4,)", 0, 1, 1, 0))
	write(t, dir+"/tx.npy", npy(1, entries("<f4", "False", "(2, 1, 2)"), floats(4)...))
	write(t, dir+"/ty.npy", byteArray("(2,)", 0, 1))
	s := NewNPZ()
	s.Path, s.Labels, s.TestPath, s.TestLabels, s.Scale = "x.npy", "y.npy", "tx.npy", "ty.npy", scaleSymmetric
	relative := *s
	if err := s.Locate(dir); err != nil || s.Labels != filepath.Join(dir, "y.npy") {
		t.Fatalf("labels at %s, %v", s.Labels, err)
	}
	set, err := s.Load(Env{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(set.Test.Values, []float64{-1, -1 + 2*float64(float32(1)/3), -1 + 2*float64(float32(2)/3), 1}) || !slices.Equal(set.Labels.Test, []int{0, 1}) {
		t.Errorf("test images %v, labels %+v", set.Test.Values, set.Labels)
	}
	if again, err := relative.Load(Env{Dir: dir}); err != nil || !reflect.DeepEqual(again, set) {
		t.Errorf("by relative paths: %v, %v", again, err)
	}
}

func TestNPZErrors(t *testing.T) {
	two := npz(t, zip.Deflate, "a", byteArray("(2, 1, 2)", 1, 2, 3, 4), "labels", byteArray("(2,)", 1, 2))
	for _, c := range []struct {
		content []byte
		change  func(*NPZ)
		want    string
	}{
		{two[:len(two)-30], func(s *NPZ) {}, ": the zip file is truncated or damaged (zip: not a valid zip file): copy or fetch it again"},
		{npz(t, zip.Store), func(s *NPZ) {}, ": there is no array in the zip file, want an .npz file"},
		{two, func(s *NPZ) {}, ": array says which of the arrays the images are; it has a, labels"},
		{two, func(s *NPZ) { s.Array = "b" }, `: there is no array "b", did you mean "a"?; it has a, labels`},
		{two, func(s *NPZ) { s.Array, s.Labels = "a", "lables" }, `: there is no array "lables", did you mean "labels"?; it has a, labels`},
		{two, func(s *NPZ) { s.Array = "labels" }, `: array "labels": an array of shape (2,), want images: [number, height, width] or [number, height, width, channels]; shape says how rows of numbers are images`},
		{two, func(s *NPZ) { s.Array, s.Labels = "a", "a" }, `: array "a": an array of shape (2, 1, 2), want labels: of one axis`},
		{two, func(s *NPZ) { s.Array, s.Shape = "a", []int{3, 1} }, `: array "a": shape: images of 3×1 have 3 numbers, and those of the array, which has the shape (2, 1, 2), 2`},
		{npz(t, zip.Store, "a", byteArray("(2, 1, 2)", 1, 2, 3), "b", []byte(nil)), func(s *NPZ) { s.Array = "a" },
			`: array "a": the file is truncated: it holds 3 of the 4 bytes of shape (2, 1, 2) and type |u1`},
		{npz(t, zip.Store, "a", byteArray("(2, 1, 2)", 1, 2, 3, 4, 5)), func(s *NPZ) {}, `: array "a": bytes follow the last value of shape (2, 1, 2) and type |u1, want none`},
		{npz(t, zip.Store, "a", npy(1, entries("|O", "False", "(2,)"))), func(s *NPZ) {},
			`: array "a": values of type "|O", want f4, f8, i1, i2, i4, i8, u1, u2, u4 or u8 after < or >`},
		{npz(t, zip.Store, "a", byteArray("(2, 1073741824, 1)")), func(s *NPZ) {}, `: array "a": shape (2, 1073741824, 1): more than 1073741824 values, for which there is no memory`},
		{byteArray("(2, 1, 2)", 1, 2, 3, 4), func(s *NPZ) { s.Array = "a" }, `: is no .npz file, whose arrays have names: leave out the name "a"`},
		{npz(t, zip.Store, "a", byteArray("(2, 1, 2)", 1, 2, 3, 4), "a", byteArray("(1,)", 1)), func(s *NPZ) {}, `: there are two arrays "a"`},
	} {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, c.content)
		s := NewNPZ()
		s.Path, s.TestFraction = path, 0
		c.change(s)
		_, err := s.Load(Env{})
		wantError(t, err, path+c.want)
	}
	damaged := npz(t, zip.Store, "a", byteArray("(2, 1, 2)", 1, 2, 3, 4))
	damaged[bytes.Index(damaged, []byte{1, 2, 3, 4})]++
	file, err := parseArrays("f", damaged)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.read("a")
	wantError(t, err, `f: array "a": the compressed file is damaged (zip: checksum error): copy or fetch it again`)
}

func TestNPZCheck(t *testing.T) {
	for want, s := range map[string]*NPZ{
		"shape: [3] has one number, want height and width, or height, width and channels": {Shape: []int{3}, ImageData: defaultImageData()},
		"test_labels: there is no test_array that they belong to":                         {TestLabels: "y", ImageData: defaultImageData()},
		`classes: "a" is there twice`:                                                     {ImageData: ImageData{Scale: scaleUnit, Classes: []string{"b", "a", "a"}}},
	} {
		var got []string
		s.Check(func(key, problem string) { got = append(got, fmt.Sprintf("%s: %s", key, problem)) })
		if strings.Join(got, "\n") != want {
			t.Errorf("%q, want %s", got, want)
		}
	}
}
