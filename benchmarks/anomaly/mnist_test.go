package main

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"joule/datasets"
)

// Four quarter turns and two inversions give the images again; one is known.
func TestTransformations(t *testing.T) {
	size := datasets.Image{Height: 2, Width: 3, Channels: 1}
	images := datasets.Points{N: 2, Dim: 6, Values: []float64{1, 2, 3, 4, 5, 6, 0, 10, 255, 7, 8, 9}}
	turned := rotated(images, size)
	if want := []float64{4, 1, 5, 2, 6, 3, 7, 0, 8, 10, 9, 255}; !slices.Equal(turned.Values, want) {
		t.Errorf("turned %v, want %v", turned.Values, want)
	}
	for range 3 {
		size.Height, size.Width = size.Width, size.Height
		turned = rotated(turned, size)
	}
	if !slices.Equal(turned.Values, images.Values) {
		t.Errorf("four turns give %v", turned.Values)
	}
	negative := inverted(images)
	if negative.Row(1)[0] != 255 || negative.Row(1)[2] != 0 || !slices.Equal(inverted(negative).Values, images.Values) {
		t.Errorf("inverted %v", negative.Values)
	}
}

// Pixels of noise have all values from black to white, with their mean and variance.
func TestNoise(t *testing.T) {
	drawn := noise(datasets.NewPoints(100, 784), rand.New(rand.NewPCG(1, 1)))
	seen := map[float64]bool{}
	n, mean, square := float64(len(drawn.Values)), 0.0, 0.0
	for _, v := range drawn.Values {
		seen[v] = true
		mean += v / n
		square += v * v / n
	}
	// The standard errors of the mean and the mean square are 0.26 and 70.
	if len(seen) != 256 || !seen[0] || !seen[255] || mean < 126.2 || mean > 128.8 || square < 21370 || square > 22065 {
		t.Errorf("%d values, mean %v, mean square %v; want 256, 127.5 and 21717.5", len(seen), mean, square)
	}
}

// Training images are drawn from one file, the held-out ones from the other, all of them once, and the outliers are made of these.
func TestDealImages(t *testing.T) {
	folder := t.TempDir()
	for name, first := range map[string]byte{"train": 0, "t10k": 100} {
		images := []byte{0, 0, 8, 3}
		for _, n := range []uint32{20, 2, 2} {
			images = binary.BigEndian.AppendUint32(images, n)
		}
		labels := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 1}, 20)
		for i := range byte(20) {
			images = append(images, first+i, 0, 0, 0)
			labels = append(labels, i%10)
		}
		for file, content := range map[string][]byte{"-images-idx3-ubyte": images, "-labels-idx1-ubyte": labels} {
			if err := os.WriteFile(filepath.Join(folder, name+file), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, err := dealImages(folder, 12, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	again, err := dealImages(folder, 12, 5, 1)
	if err != nil || !slices.Equal(s.points().Values, again.points().Values) {
		t.Errorf("the same seed deals otherwise, %v", err)
	}
	if s.set.Train.N != 12 || s.set.Test.N != 5 || len(s.outliers) != 3 || s.points().N != 20 {
		t.Fatalf("%d, %d and %d points, %d sets of outliers", s.set.Train.N, s.set.Test.N, s.points().N, len(s.outliers))
	}
	seen := map[float64]bool{}
	for i := range 12 {
		v := s.set.Train.Row(i)[0]
		if v > 19 || seen[v] {
			t.Errorf("training image %d starts with %v", i, v)
		}
		seen[v] = true
	}
	for i := range 5 {
		v := s.set.Test.Row(i)[0]
		if v < 100 || seen[v] || s.outliers[0].Row(i)[1] != v || s.outliers[1].Row(i)[0] != 255-v {
			t.Errorf("held-out image %d starts with %v, turned %v, inverted %v", i, v, s.outliers[0].Row(i), s.outliers[1].Row(i))
		}
		seen[v] = true
	}
}

// Scores of the points of a split, in their order, are told apart by set of outliers.
func TestDetections(t *testing.T) {
	s := &split{&datasets.Set{Test: datasets.NewPoints(2, 1)}, []datasets.Points{datasets.NewPoints(2, 1), datasets.NewPoints(1, 1)}}
	found, err := detections([]*split{s, s}, [][]float64{{2, 4, 1, 3, 5}, {2, 4, 5, 6, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range [][]float64{{0.25, 1}, {1, 0}} {
		for i, d := range found[k] {
			if d.AUROC != want[i] {
				t.Errorf("set %d of outliers, split %d: AUROC %v, want %v", k, i, d.AUROC, want[i])
			}
		}
	}
}
