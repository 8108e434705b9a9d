package datasets

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// picture encodes an image as PNG.
func picture(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// grayPicture is a gray image of the given width.
func grayPicture(width int, shades ...byte) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, width, len(shades)/width))
	copy(m.Pix, shades)
	return m
}

// folder makes a folder of files, whose names may have a folder in them.
func folder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, content)
	}
	return dir
}

// raw is a source of images whose pixels stay as they are, all for training.
func raw(path string) *Images {
	s := NewImages()
	s.Path, s.Scale, s.TestFraction = path, scaleNone, 0
	return s
}

// sorted are the points of a part in order.
func sorted(p Points) (rows [][]float64) {
	for i := range p.N {
		rows = append(rows, p.Row(i))
	}
	slices.SortFunc(rows, slices.Compare)
	return rows
}

// Gray and paletted files stay gray, and become color beside others; folders are classes; what is no image by its name is
// left alone.
func TestImagesOfFolders(t *testing.T) {
	red := image.NewRGBA(image.Rect(0, 0, 2, 1))
	red.Set(0, 0, color.RGBA{200, 0, 0, 255})
	red.Set(1, 0, color.NRGBA{0, 100, 200, 51}) // a fifth of it, over black
	palette := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.Gray{7}, color.Gray{9}})
	palette.Pix = []byte{1, 0}
	a, b := picture(t, grayPicture(2, 10, 20)), picture(t, palette)

	set, err := raw(folder(t, map[string][]byte{"b.PNG": b, "a.png": a, "notes.txt": nil, ".hidden.png": nil, "other/c.png": picture(t, red)})).Load(Env{})
	if err != nil {
		t.Fatal(err)
	}
	if got := sorted(set.Train); *set.Image != (Image{1, 2, 1}) || !slices.Equal(got[0], []float64{9, 7}) || !slices.Equal(got[1], []float64{10, 20}) || set.Labels != nil {
		t.Errorf("images of %v: %v, labels %v", set.Image, got, set.Labels)
	}

	dir := folder(t, map[string][]byte{"cats/1.png": a, "cats/2.png": b, "dogs/1.png": picture(t, red)})
	if set, err = raw(dir).Load(Env{Seed: 3}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(set.Labels.Classes, []string{"cats", "dogs"}) || *set.Image != (Image{1, 2, 3}) {
		t.Fatalf("images of %v, classes %v", set.Image, set.Labels.Classes)
	}
	for i, class := range set.Labels.Train {
		got := set.Train.Row(i)
		if want := []float64{200, 0, 0, 0, 20, 40}; (class == 1) != slices.Equal(got, want) {
			t.Errorf("an image of the class %s is %v", set.Labels.Classes[class], got)
		}
		if class == 0 && got[0] != got[2] {
			t.Errorf("a gray pixel has become %v", got)
		}
	}
	s := raw(dir)
	s.Channels = 1
	if set, err = s.Load(Env{}); err != nil {
		t.Fatal(err)
	}
	luma := math.Round(0.299*200 - 0.5) // red as it is seen
	if got := sorted(set.Train); set.Image.Channels != 1 || math.Abs(got[2][0]-luma) > 1 && math.Abs(got[1][0]-luma) > 1 && math.Abs(got[0][0]-luma) > 1 {
		t.Errorf("in gray: %v, want a pixel of %v", got, luma)
	}
}

// Brought to a smaller size, an image keeps its mean; of test images there is a folder, too.
func TestImagesResized(t *testing.T) {
	large := image.NewGray(image.Rect(0, 0, 40, 30))
	for i := range large.Pix {
		large.Pix[i] = byte(40 + i%40*3)
	}
	var lossy bytes.Buffer
	if err := jpeg.Encode(&lossy, large, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	s := raw(folder(t, map[string][]byte{"a.png": picture(t, large), "b.jpeg": lossy.Bytes(), "c.png": picture(t, grayPicture(4, slices.Repeat([]byte{77}, 12)...))}))
	s.TestPath, s.Resize = s.Path, []int{3, 4}
	set, err := s.Load(Env{})
	if err != nil {
		t.Fatal(err)
	}
	if *set.Image != (Image{3, 4, 1}) || set.Train.N != 3 || set.Test.N != 3 {
		t.Fatalf("%d and %d images of %v", set.Train.N, set.Test.N, set.Image)
	}
	for i, want := range []float64{98.5, 98.5, 77} {
		mean := 0.
		for _, x := range set.Test.Row(i) {
			mean += x / 12
		}
		wantNear(t, "mean of image", mean, want, 1)
	}
}

func TestImagesErrors(t *testing.T) {
	a := picture(t, grayPicture(2, 10, 20))
	var lossy bytes.Buffer
	if err := jpeg.Encode(&lossy, grayPicture(8, make([]byte, 64)...), nil); err != nil {
		t.Fatal(err)
	}
	broken := slices.Clone(a)
	broken[16]++ // the width, for which the sum of the header is wrong then
	for _, c := range []struct {
		files  map[string][]byte
		change func(*Images)
		want   string
	}{
		{map[string][]byte{"a.png": a, "b.png": picture(t, grayPicture(1, 1, 2))}, func(*Images) {},
			"DIR/a.png is of 1×2 pixels (height×width), and DIR/b.png of 2×1: set resize to bring all to one size"},
		{map[string][]byte{"a.png": a, "b.png": []byte("GIF89a...")}, func(*Images) {}, `DIR/b.png: the file starts with "GIF89a..", want a PNG or JPEG image`},
		{map[string][]byte{"a.png": a, "b.png": nil}, func(*Images) {}, "DIR/b.png: the file is empty, want a PNG or JPEG image"},
		{map[string][]byte{"a.png": a, "b.png": a[:len(a)-20]}, func(*Images) {},
			"DIR/b.png: the image is truncated or damaged (png: invalid format: unexpected EOF): copy it again, or take it out of the folder"},
		{map[string][]byte{"a.jpg": lossy.Bytes(), "b.jpg": lossy.Bytes()[:lossy.Len()/2]}, func(*Images) {},
			"DIR/b.jpg: the image is truncated or damaged (unexpected EOF): copy it again, or take it out of the folder"},
		{map[string][]byte{"a.png": broken}, func(*Images) {},
			"DIR/a.png: the image is truncated or damaged (png: invalid format: invalid checksum): copy it again, or take it out of the folder"},
		{map[string][]byte{"a.txt": a, "x/b.txt": a}, func(*Images) {}, "DIR: there is no .png, .jpg or .jpeg file in the folder, nor in a folder in it"},
		{map[string][]byte{"a.png": a}, func(*Images) {}, "DIR: 1 image, want at least 2"},
		{map[string][]byte{"a.png": a}, func(s *Images) { s.Path += "/a.png" }, "DIR/a.png: not a directory"},
		{map[string][]byte{"a.png": a}, func(s *Images) { s.Path += "/b" }, "DIR/b: no such file or directory"},
		{map[string][]byte{"a.png": a, "b.png": a}, func(s *Images) { s.Resize, s.Channels = []int{4096, 4096}, 3 },
			"DIR: 2 images of 4096×4096×3 pixels are more than there is memory for: resize makes them smaller"},
	} {
		dir := folder(t, c.files)
		s := raw(dir)
		c.change(s)
		_, err := s.Load(Env{})
		wantError(t, err, strings.ReplaceAll(c.want, "DIR", dir))
	}
}

// What the file says of its size is looked at before anything is made of it.
func TestSizeOfPicture(t *testing.T) {
	content := picture(t, grayPicture(1, 0))
	header := content[12:29] // the type of the first chunk, and 13 bytes: first width and height
	binary.BigEndian.PutUint32(header[4:], 1<<20)
	binary.BigEndian.PutUint32(header[8:], 65)
	binary.BigEndian.PutUint32(content[29:], crc32.ChecksumIEEE(header))
	_, err := parseSize("a.png", content)
	wantError(t, err, "a.png: an image of 65×1048576 pixels, want 1 to 67108864")
	_, err = appendPicture(nil, "a.png", content, Image{1, 1, 1}, true)
	wantError(t, err, "a.png: an image of 65×1048576 pixels, want 1 to 67108864")
}
