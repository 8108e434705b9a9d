package datasets

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Files that do not belong together, and settings that the files do not fit.
func TestIDXMisfits(t *testing.T) {
	floats := binary.BigEndian.AppendUint32(nil, math.Float32bits(0.5))
	for _, c := range []struct {
		change func(dir string, s *IDX)
		want   string
	}{
		{func(dir string, s *IDX) { write(t, dir+"/train-labels-idx1-ubyte", idx(8, []int{5}, 1, 2, 3, 4, 5)) },
			"DIR/train-labels-idx1-ubyte: 5 labels for the 6 images of DIR/train-images-idx3-ubyte.gz: the files do not belong together"},
		{func(dir string, s *IDX) {
			write(t, dir+"/t10k-images-idx3-ubyte", idx(8, []int{3, 3, 2}, counting(18)...))
		},
			"DIR/train-images-idx3-ubyte.gz has images of 2×3 pixels, and DIR/t10k-images-idx3-ubyte of 3×2: they have to be alike"},
		{func(dir string, s *IDX) {
			write(t, dir+"/train-labels-idx1-ubyte", idx(8, []int{6, 2, 3}, counting(36)...))
		},
			"DIR/train-labels-idx1-ubyte: an array of shape 6×2×3, as images are, want labels: of one axis"},
		{func(dir string, s *IDX) { write(t, dir+"/train-labels-idx1-ubyte", idx(13, []int{1}, floats...)) },
			"DIR/train-labels-idx1-ubyte: label 1 is 0.5, want a whole number"},
		{func(dir string, s *IDX) { os.Remove(dir + "/t10k-images-idx3-ubyte") },
			"DIR: there is no t10k-images-idx3-ubyte or t10k-images-idx3-ubyte.gz in the folder; want the four files of MNIST, or the path of a file"},
		{func(dir string, s *IDX) { s.Labels = dir + "/train-labels-idx1-ubyte" },
			"DIR: is a folder, whose files go by their names: leave out labels, test_path and test_labels, or name a file"},
		{func(dir string, s *IDX) { s.Classes = []string{"7", "8"} },
			`DIR/train-labels-idx1-ubyte: classes: there is no class "8", did you mean "7"?; it has 7, 9, 10`},
		{func(dir string, s *IDX) { s.Path, s.Classes = dir+"/t10k-images-idx3-ubyte", []string{"7"} },
			"DIR/t10k-images-idx3-ubyte: classes: the images have no labels; want a file of them (labels)"},
		{func(dir string, s *IDX) { s.Classes = []string{"9"} }, "DIR/train-images-idx3-ubyte.gz: 1 image, want at least 2"},
		{func(dir string, s *IDX) { s.White = 20 },
			"DIR/train-images-idx3-ubyte.gz: image 4, row 2, column 1: 21 is not in [0, 20]: set white to the value of the brightest pixel, or leave the values as they are (scale: none, without dequantise)"},
		{func(dir string, s *IDX) {
			s.Path, s.TestFraction = dir+"/b", 0
			write(t, s.Path, idx(9, []int{2, 1, 1}, 1, 0xff))
		},
			"DIR/b: image 2, row 1, column 1: -1 is not in [0, 255]: set white to the value of the brightest pixel, or leave the values as they are (scale: none, without dequantise)"},
		{func(dir string, s *IDX) {
			s.Path = dir + "/b"
			write(t, s.Path, idx(13, []int{1, 1, 1}, floats...))
			s.Dequantise = true
		},
			"DIR/b: 1 image, want at least 2"},
		{func(dir string, s *IDX) {
			s.Path, s.TestFraction, s.Dequantise = dir+"/b", 0, true
			write(t, s.Path, idx(13, []int{2, 1, 1}, slices.Repeat(floats, 2)...))
		}, "DIR/b: image 1, row 1, column 1: 0.5 is not a whole number, and dequantise is for steps of 1: give the pixels as they were, or leave it out"},
		{func(dir string, s *IDX) {
			s.Path, s.Scale, s.TestFraction = dir+"/b", scaleNone, 0
			write(t, s.Path, idx(13, []int{2, 1, 1, 2}, slices.Concat(floats, floats, floats, binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(math.NaN()))))...))
		}, "DIR/b: image 2, row 1, column 1, channel 2: NaN is not a finite number of single precision"},
		{func(dir string, s *IDX) { s.Dequantise, s.White = true, 65535 }, "dequantise: 65535 values are more than 4096, which noise within one could be told apart in"},
		{func(dir string, s *IDX) { s.Augment.Shift = 2 }, "augment.shift: 2 is too far for images of 2×3 pixels, want less than 2"},
		{func(dir string, s *IDX) { s.Logit, s.Scale = 0.1, scaleSymmetric }, "logit: 0.1 is for values in [0, 1]: scale has to be unit"},
		{func(dir string, s *IDX) { s.Logit, s.Standardize = 0.1, true }, "logit: 0.1 is for values in [0, 1], which standardize leaves: one of them only"},
		{func(dir string, s *IDX) {
			s.Path, s.Standardize = dir+"/b", true
			write(t, s.Path, idx(8, []int{5, 1, 1}, 3, 3, 3, 3, 3))
		}, "DIR/b: standardize: all pixels of all images are 3"},
		{func(dir string, s *IDX) { s.Path = "fetched:mnist" }, "fetched:mnist: it has not been fetched: joule data fetch mnist gets it"},
		{func(dir string, s *IDX) { s.Path = "fetched:../x" }, "fetched:../x: want the name of fetched data, such as fetched:mnist"},
	} {
		dir := mnistLike(t)
		t.Setenv(EnvDataDir, t.TempDir())
		s := NewIDX()
		s.Path = dir
		c.change(dir, s)
		_, err := s.Load(Env{})
		wantError(t, err, strings.ReplaceAll(c.want, "DIR", dir))
	}
}

// Classes are kept in the order given, and so many images of each file, by the seed.
func TestClassesAndLimit(t *testing.T) {
	s := NewIDX()
	s.Path, s.Classes, s.Scale = mnistLike(t), []string{"10", "7"}, scaleNone
	set, err := s.Load(Env{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(set.Labels.Classes, s.Classes) || set.Train.N != 5 || !slices.Equal(set.Labels.Test, []int{1, 0}) || set.Test.Row(0)[0] != 6 {
		t.Errorf("%d images, labels %+v, the first for testing %v", set.Train.N, set.Labels, set.Test.Row(0))
	}
	s.Limit = 2
	seen := map[float64]bool{}
	for seed := range int64(20) {
		set, err := s.Load(Env{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if set.Train.N != 2 || set.Test.N != 2 || len(set.Labels.Train) != 2 {
			t.Fatalf("%d and %d images, labels %v", set.Train.N, set.Test.N, set.Labels)
		}
		for i := range 2 {
			seen[set.Train.Row(i)[0]] = true
		}
	}
	if len(seen) != 5 {
		t.Errorf("20 seeds keep only the images of %v", seen)
	}
}

// Black and white come to where the scale says, with and without a bin of their own, and back.
func TestScales(t *testing.T) {
	for _, c := range []struct {
		change     func(*IDX)
		black, top float64 // where 0 and 255, or the end of its bin, come to
	}{
		{func(s *IDX) {}, 0, 1},
		{func(s *IDX) { s.Scale = scaleSymmetric }, -1, 1},
		{func(s *IDX) { s.Logit = 0.1 }, -math.Log(9), math.Log(9)},
		{func(s *IDX) { s.Dequantise = true }, 0, 1},
		{func(s *IDX) { s.Scale, s.Dequantise = scaleSymmetric, true }, -1, 1},
		{func(s *IDX) { s.White = 510 }, 0, 0.5},
	} {
		s := NewIDX()
		s.Path, s.TestFraction = filepath.Join(t.TempDir(), "a"), 0
		write(t, s.Path, idx(8, []int{2, 1, 2}, 0, 255, 255, 0))
		c.change(s)
		set, err := s.Load(Env{})
		if err != nil {
			t.Fatal(err)
		}
		top := 255.
		if s.Dequantise {
			top = 256
		}
		at := set.Transform.Apply(points([]float64{0, top})).Values
		wantNear(t, "black", at[0], c.black, 1e-12)
		wantNear(t, "white", at[1], c.top, 1e-12)
		for _, x := range set.Transform.Undo(set.Train).Values {
			if x = math.Floor(x + 1e-9); x != 0 && x != 255 {
				t.Errorf("a pixel comes back as %v", x)
			}
		}
		if err := set.Transform.Validate(2); err != nil {
			t.Error(err)
		}
	}
	s := NewIDX()
	s.Path, s.Standardize, s.TestFraction = filepath.Join(t.TempDir(), "a"), true, 0
	write(t, s.Path, idx(8, []int{2, 1, 2}, 0, 100, 50, 250))
	set, err := s.Load(Env{})
	if err != nil {
		t.Fatal(err)
	}
	mean, std := Points{N: 4, Dim: 1, Values: set.Train.Values}.Moments()
	wantNear(t, "mean of all pixels", mean[0], 0, 1e-12)
	wantNear(t, "deviation of all pixels", std[0], 1, 1e-12)
	if m := set.Transform.Mean; m[0] != m[1] {
		t.Errorf("pixels are standardised by %v", m)
	}
}
