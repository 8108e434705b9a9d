package datasets

import (
	"archive/zip"
	"bytes"
	"image/jpeg"
	"slices"
	"strings"
	"testing"

	"joule/internal/hostile"
)

// The most that may be allocated for each byte of a file: gzip and zip make a thousand bytes of one, and reading them into
// memory takes a few times that; decoders of images have tables and pixels of their own.
const (
	boundOfZipped   = 1 << 13
	boundOfPictures = 1 << 13
)

// checkLength reports an array whose bytes are not as many as its sizes say.
func checkLength(t *testing.T, sizes []int, size int, data []byte) {
	t.Helper()
	if n := product(sizes); n < 1 || n*size != len(data) {
		t.Fatalf("%d bytes of the sizes %v, %d each", len(data), sizes, size)
	}
}

// readIDXFile reads a file as any that it can be.
func readIDXFile(t *testing.T, content []byte) error {
	t.Helper()
	a, err := parseIDX("p.idx", content)
	if err != nil {
		return err
	}
	checkLength(t, a.shape, a.kind.size, a.data)
	labels, err := parseIDXLabels("p.idx", content)
	if err == nil && len(labels) != a.shape[0] {
		t.Fatalf("%d labels of %d", len(labels), a.shape[0])
	}
	return nil
}

// readNPZFile reads every array of a file.
func readNPZFile(t *testing.T, content []byte) error {
	t.Helper()
	file, err := parseArrays("p.npz", content)
	if err != nil {
		return err
	}
	for _, name := range slices.Concat(file.names, []string{""}) {
		a, err := file.read(name)
		if err != nil {
			return err
		}
		checkLength(t, a.sizes, a.size, a.data)
	}
	return nil
}

// readPicture reads a file of an image.
func readPicture(t *testing.T, content []byte) error {
	t.Helper()
	size, err := parseSize("p.png", content)
	if err != nil {
		return err
	}
	if size.Dim() > 1<<16 {
		return nil
	}
	data, err := appendPicture(nil, "p.png", content, size, false)
	if err == nil && len(data) != size.Dim() {
		t.Fatalf("%d bytes of an image of %v", len(data), &size)
	}
	return err
}

func validIDX(t *testing.T) [][]byte {
	plain := idx(8, []int{2, 2, 2}, counting(8)...)
	return [][]byte{plain, zipped(t, plain), idx(14, []int{2}, make([]byte, 16)...), idx(11, []int{1, 1, 1, 3}, counting(6)...)}
}

func validNPZ(t *testing.T) [][]byte {
	x, y := byteArray("(2, 1, 2)", 1, 2, 3, 4), npy(1, entries("<i8", "False", "(2,)"), make([]byte, 16)...)
	return [][]byte{npz(t, zip.Store, "x", x, "y", y), npz(t, zip.Deflate, "x_train", x), npy(2, entries(">f4", "True", "(1, 2, 2)"), make([]byte, 16)...)}
}

func validPictures(t *testing.T) [][]byte {
	m := grayPicture(5, counting(25)...)
	var lossy bytes.Buffer
	if err := jpeg.Encode(&lossy, m, nil); err != nil {
		t.Fatal(err)
	}
	return [][]byte{picture(t, m), lossy.Bytes()}
}

func TestHostileImages(t *testing.T) {
	t.Run("idx", func(t *testing.T) {
		hostile.Check(t, "p.idx: ", boundOfZipped, func(content []byte) error { return readIDXFile(t, content) }, validIDX(t)...)
	})
	t.Run("npz", func(t *testing.T) {
		hostile.Check(t, "p.npz: ", boundOfZipped, func(content []byte) error { return readNPZFile(t, content) }, validNPZ(t)...)
	})
	t.Run("pictures", func(t *testing.T) {
		hostile.Check(t, "p.png: ", boundOfPictures, func(content []byte) error { return readPicture(t, content) }, validPictures(t)...)
	})
}

// A header that promises more than the file holds costs nothing, nor does a compressed file that holds more than its header
// promises.
func TestPromisesOfImages(t *testing.T) {
	bomb := zipped(t, slices.Concat(idx(8, []int{2, 2, 2}), make([]byte, 1<<24)))
	for _, content := range [][]byte{idx(8, []int{1 << 29, 1, 1}, 1), idx(14, []int{1 << 27, 1, 1}, 1), zipped(t, idx(8, []int{1 << 29, 1, 1})), bomb} {
		hostile.Bounded(t, content, bound, func() {
			if _, err := parseIDX("p.idx", content); err == nil {
				t.Error("the file is accepted")
			}
		})
	}
	large := npz(t, zip.Deflate, "x", slices.Concat(byteArray("(2, 2, 2)"), make([]byte, 1<<24)))
	short := npz(t, zip.Deflate, "x", byteArray("(536870912, 1, 1)", 1))
	for _, content := range [][]byte{large, short} {
		hostile.Bounded(t, content, bound, func() {
			file, err := parseArrays("p.npz", content)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.read("x"); err == nil {
				t.Error("the file is accepted")
			}
		})
	}
	nested := npz(t, zip.Store, strings.Repeat("a/", 1000)+"x", byteArray("(1, 1, 1)", 1))
	if err := readNPZFile(t, nested); err != nil {
		t.Error(err)
	}
}

func FuzzIDX(f *testing.F) {
	plain := idx(8, []int{2, 2, 2}, counting(8)...)
	f.Add(plain)
	f.Add(idx(13, []int{2}, make([]byte, 8)...))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := readIDXFile(t, content); err != nil {
			hostile.CheckError(t, content, "p.idx: ", err)
		}
	})
}

func FuzzNPZ(f *testing.F) {
	f.Add(byteArray("(2, 1, 2)", 1, 2, 3, 4))
	f.Add(npy(1, entries("<f8", "True", "(1, 1, 1, 1)"), make([]byte, 8)...))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := readNPZFile(t, content); err != nil {
			hostile.CheckError(t, content, "p.npz: ", err)
		}
	})
}

func FuzzPicture(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00"))
	f.Add([]byte("\xff\xd8\xff\xe0"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := readPicture(t, content); err != nil {
			hostile.CheckError(t, content, "p.png: ", err)
		}
	})
}
