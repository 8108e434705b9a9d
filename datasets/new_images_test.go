package datasets

import (
	"image"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// The same images come out of files of every kind as their pixels.
func TestReadImages(t *testing.T) {
	dir, size := t.TempDir(), Image{2, 3, 1}
	want := points([]float64{1, 2, 3, 4, 5, 6}, []float64{7, 8, 9, 10, 11, 12})
	pictures := filepath.Join(dir, "pictures")
	if err := os.Mkdir(pictures, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/pictures/a.png", picture(t, grayPicture(3, 1, 2, 3, 4, 5, 6)))
	write(t, dir+"/pictures/b.png", picture(t, grayPicture(3, 7, 8, 9, 10, 11, 12)))
	write(t, dir+"/i.gz", zipped(t, idx(8, []int{2, 2, 3}, counting(13)[1:]...)))
	write(t, dir+"/n.npy", byteArray("(2, 2, 3)", counting(13)[1:]...))
	write(t, dir+"/n.npz", npz(t, 8, "images", byteArray("(2, 2, 3)", counting(13)[1:]...)))
	for _, name := range []string{"pictures", "i.gz", "n.npy", "n.npz"} {
		path := filepath.Join(dir, name)
		if holds, err := HoldsImages(path); err != nil || !holds {
			t.Errorf("%s holds images: %v, %v", name, holds, err)
		}
		if got, err := ReadImages(path, NewIDX(), size, 0); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := ReadImages(dir+"/pictures/b.png", NewIDX(), size, 0); err != nil || !reflect.DeepEqual(got, want.Rows([]int{1})) {
		t.Errorf("of one picture: %v, %v", got, err)
	}
	for _, name := range []string{"a.csv", "a.parquet"} {
		if holds, err := HoldsImages(name); err != nil || holds {
			t.Errorf("%s holds images: %v, %v", name, holds, err)
		}
	}

	// As those of the source: dequantised, resized, with their channels first.
	noisy := NewIDX()
	noisy.Dequantise = true
	got, err := ReadImages(dir+"/i.gz", noisy, size, 1)
	if err != nil {
		t.Fatal(err)
	}
	differ := false
	for i, v := range got.Values {
		differ = differ || v-want.Values[i] != got.Values[0]-want.Values[0]
		if math.Floor(v) != want.Values[i] || v == want.Values[i] {
			t.Errorf("%v is dequantised to %v", want.Values[i], v)
		}
	}
	if again, err := ReadImages(dir+"/i.gz", noisy, size, 1); err != nil || !reflect.DeepEqual(again, got) || !differ {
		t.Errorf("the noise of the same seed: %v, %v and %v", err, got, again)
	}
	small := NewImages()
	small.Resize = []int{1, 1}
	if got, err := ReadImages(pictures, small, Image{1, 1, 1}, 0); err != nil || got.N != 2 || got.Values[0] < 2 || got.Values[0] > 5 {
		t.Errorf("resized: %v, %v", got, err)
	}
	first := NewNPZ()
	first.ChannelsFirst = true
	write(t, dir+"/c.npy", byteArray("(1, 2, 1, 3)", 1, 2, 3, 4, 5, 6))
	if got, err := ReadImages(dir+"/c.npy", first, Image{1, 3, 2}, 0); err != nil || !reflect.DeepEqual(got, points([]float64{1, 4, 2, 5, 3, 6})) {
		t.Errorf("channels first: %v, %v", got, err)
	}
}

func TestReadImagesRefuses(t *testing.T) {
	dir, size, logit := t.TempDir(), Image{2, 3, 1}, NewIDX()
	logit.Logit, logit.White = 0.05, 10
	write(t, dir+"/a.png", picture(t, image.NewGray(image.Rect(0, 0, 2, 2))))
	write(t, dir+"/empty.png", nil)
	write(t, dir+"/i", idx(8, []int{2, 2, 3}, counting(12)...))
	write(t, dir+"/cut", idx(8, []int{2, 2, 3}, counting(11)...))
	write(t, dir+"/labels", idx(8, []int{2}, 1, 2))
	write(t, dir+"/n.npz", npz(t, 8, "x", byteArray("(1, 2, 3)", counting(6)...), "y", byteArray("(1, 2, 3)", counting(6)...)))
	for _, c := range []struct {
		name   string
		source Source
		want   string
	}{
		{"a.png", NewIDX(), "a.png: an image of 2×2 pixels, and the run was trained on those of 2×3"},
		{"empty.png", NewIDX(), "empty.png: the file is empty, want a PNG or JPEG image"},
		{"i", NewCSV(), "i: holds images, and the run was trained on other data"},
		{"i", logit, "i: image 2, row 2, column 3: 11 is not in [0, 10]"},
		{"cut", NewIDX(), "cut: the file is truncated"},
		{"labels", NewIDX(), "labels: an array of one axis, as labels are, want images"},
		{"n.npz", NewIDX(), "n.npz: holds the arrays x, y; want one of images alone"},
	} {
		_, err := ReadImages(filepath.Join(dir, c.name), c.source, size, 0)
		wantErrorContaining(t, err, c.want)
	}
	_, err := ReadImages(dir+"/i", NewIDX(), Image{3, 2, 1}, 0)
	wantErrorContaining(t, err, "i: images of 2×3 pixels, and the run was trained on those of 3×2")
	if _, err := HoldsImages(dir + "/none"); err == nil {
		t.Error("a file that is not there holds something")
	}
}
