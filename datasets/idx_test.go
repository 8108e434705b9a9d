package datasets

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// idx writes an IDX file.
func idx(kind byte, shape []int, data ...byte) []byte {
	file := []byte{0, 0, kind, byte(len(shape))}
	for _, n := range shape {
		file = binary.BigEndian.AppendUint32(file, uint32(n))
	}
	return append(file, data...)
}

func zipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// counting are the bytes 0, 1, 2, ….
func counting(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i)
	}
	return data
}

// mnistLike makes a folder with the four files: six images of 2×3 pixels for training, three for testing.
func mnistLike(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"train-images-idx3-ubyte.gz": zipped(t, idx(8, []int{6, 2, 3}, counting(36)...)),
		"train-labels-idx1-ubyte":    idx(8, []int{6}, 7, 10, 9, 7, 7, 10),
		"t10k-images-idx3-ubyte":     idx(8, []int{3, 2, 3}, counting(18)...),
		"t10k-labels-idx1-ubyte.gz":  zipped(t, idx(8, []int{3}, 9, 7, 10)),
	} {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestIDXFolder(t *testing.T) {
	s := NewIDX()
	s.Path, s.Scale = mnistLike(t), scaleNone
	set, err := s.Load(Env{})
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.N != 6 || set.Test.N != 3 || *set.Image != (Image{2, 3, 1}) || set.Transform != nil {
		t.Errorf("%d and %d points of %v, transform %v", set.Train.N, set.Test.N, set.Image, set.Transform)
	}
	if !slices.Equal(set.Test.Row(1), []float64{6, 7, 8, 9, 10, 11}) {
		t.Errorf("the second test image is %v", set.Test.Row(1))
	}
	if want := []string{"r0c0", "r0c1", "r0c2", "r1c0", "r1c1", "r1c2"}; !slices.Equal(set.Columns, want) {
		t.Errorf("columns %v", set.Columns)
	}
	if want := (&Labels{Classes: []string{"7", "9", "10"}, Test: []int{1, 0, 2}}); !reflect.DeepEqual(set.Labels.Classes, want.Classes) || !slices.Equal(set.Labels.Test, want.Test) {
		t.Errorf("labels %+v", set.Labels)
	}
	for i := range set.Train.N { // whose labels have followed them
		image := int(set.Train.Row(i)[0]) / 6
		if got, want := set.Labels.Classes[set.Labels.Train[i]], []string{"7", "10", "9", "7", "7", "10"}[image]; got != want {
			t.Errorf("image %d has the label %s, want %s", image, got, want)
		}
	}
}

// Without a file of test images some of the others are for testing, each with its label; by the seed, and none twice.
func TestIDXSplit(t *testing.T) {
	dir := mnistLike(t)
	load := func(seed int64) *Set {
		s := NewIDX()
		s.Path, s.Labels, s.Scale, s.TestFraction = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte", scaleNone, 0.5
		set, err := s.Load(Env{Dir: dir, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	set := load(1)
	var seen []float64
	for _, part := range []struct {
		Points
		labels []int
	}{{set.Train, set.Labels.Train}, {set.Test, set.Labels.Test}} {
		for i := range part.N {
			first := part.Row(i)[0]
			seen = append(seen, first)
			if got, want := set.Labels.Classes[part.labels[i]], []string{"7", "10", "9", "7", "7", "10"}[int(first)/6]; got != want {
				t.Errorf("the image of %v has the label %s, want %s", first, got, want)
			}
		}
	}
	if slices.Sort(seen); set.Test.N != 3 || !slices.Equal(seen, []float64{0, 6, 12, 18, 24, 30}) {
		t.Errorf("%d test images, all are %v", set.Test.N, seen)
	}
	if !reflect.DeepEqual(load(1), set) || reflect.DeepEqual(load(2), set) {
		t.Error("the split does not depend on the seed alone")
	}
}

func TestIDXTypes(t *testing.T) {
	be := binary.BigEndian
	for kind, c := range map[byte]struct {
		data []byte
		want []float64
	}{
		0x08: {[]byte{200, 1}, []float64{200, 1}},
		0x09: {[]byte{200, 1}, []float64{-56, 1}},
		0x0b: {be.AppendUint16(be.AppendUint16(nil, 300), 0xfffe), []float64{300, -2}},
		0x0c: {be.AppendUint32(be.AppendUint32(nil, 70000), 0xfffffffe), []float64{70000, -2}},
		0x0d: {be.AppendUint32(be.AppendUint32(nil, math.Float32bits(0.5)), math.Float32bits(-3)), []float64{0.5, -3}},
		0x0e: {be.AppendUint64(be.AppendUint64(nil, math.Float64bits(0.1)), math.Float64bits(-3)), []float64{0.1, -3}},
	} {
		a, err := parseIDX("a", idx(kind, []int{2}, c.data...))
		if err != nil {
			t.Errorf("type %02x: %v", kind, err)
			continue
		}
		for i, want := range c.want {
			if got := a.kind.value(a.data[i*a.kind.size:]); got != want {
				t.Errorf("type %02x: value %d is %v, want %v", kind, i, got, want)
			}
		}
	}
}

func TestIDXErrors(t *testing.T) {
	whole := idx(8, []int{2, 2, 2}, counting(8)...)
	packed := zipped(t, whole)
	for _, c := range []struct {
		content []byte
		want    string
	}{
		{nil, "the file is empty, want an IDX file: two zero bytes, a type of values and a number of axes"},
		{[]byte("a,b\n1,2\n"), "the file starts with 61 2c 62 0a, want an IDX file: two zero bytes, a type of values and a number of axes"},
		{whole[:3], "the file starts with 00 00 08, want an IDX file: two zero bytes, a type of values and a number of axes"},
		{idx(7, []int{2}, 1, 2), "type 0x07 of values (third byte), want 08, 09, 0b, 0c, 0d or 0e"},
		{idx(8, nil), "0 axes (fourth byte), want 1 for labels, 3 or 4 for images"},
		{idx(8, []int{1, 1, 1, 1, 1}, 1), "5 axes (fourth byte), want 1 for labels, 3 or 4 for images"},
		{whole[:14], "the file is truncated: it ends within the sizes of its 3 axes"},
		{whole[:20], "the file is truncated: it holds 4 of the 8 bytes of 2×2×2 values of type unsigned byte: copy or fetch it again"},
		{append(bytes.Clone(whole), 1), "bytes follow the last of 2×2×2 values of type unsigned byte, want none: the sizes in the file's header are wrong, or the file is"},
		{idx(8, []int{3, 0, 2}), "shape 3×0: it holds no values"},
		{idx(8, []int{1 << 31, 1 << 31, 1 << 31}), "shape 2147483648: more than 1073741824 values, for which there is no memory"},
		{idx(14, []int{1 << 16, 1 << 14, 2}), "shape 65536×16384×2: more than 1073741824 values, for which there is no memory"},
		{idx(8, []int{2, 2}, counting(4)...), "an array of shape 2×2, want images: [number, height, width] or [number, height, width, channels]"},
		{idx(8, []int{2}, 1, 2), "an array of one axis, as labels are, want images: of three axes, or four"},
		{idx(8, []int{1, 1, 1}, 1), "1 image, want at least 2"},
		{packed[:len(packed)-6], "the compressed file is truncated: copy or fetch it again"},
		{packed[:5], "the compressed file is truncated: copy or fetch it again"},
		{slices.Concat(packed[:len(packed)-6], []byte{1, 2, 3, 4, 5, 6}), "the compressed file is damaged (gzip: invalid checksum): copy or fetch it again"},
	} {
		path := filepath.Join(t.TempDir(), "a")
		write(t, path, c.content)
		s := NewIDX()
		s.Path, s.TestFraction = path, 0
		_, err := s.Load(Env{})
		wantError(t, err, path+": "+c.want)
	}
}
