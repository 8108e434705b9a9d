package configs

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"joule/datasets"
)

// standIns puts small sets of random images where configs look for MNIST and, beside the working directory, for CIFAR-10.
func standIns(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv(datasets.EnvDataDir, dir)
	t.Chdir(dir)
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		pixels := make([]byte, n)
		for i := range pixels {
			pixels[i] = byte(r.UintN(256))
		}
		return pixels
	}
	for part, n := range map[string]uint32{"train": 1000, "t10k": 20} { // more than coordinates, for a covariance
		images, labels := []byte{0, 0, 8, 3}, []byte{0, 0, 8, 1}
		for _, size := range []uint32{n, 28, 28} {
			images = binary.BigEndian.AppendUint32(images, size)
		}
		labels = binary.BigEndian.AppendUint32(labels, n)
		for i := range n {
			labels = append(labels, byte(i%10))
		}
		folder := filepath.Join("mnist", part)
		write(t, folder+"-images-idx3-ubyte", string(append(images, noise(int(n)*28*28)...)))
		write(t, folder+"-labels-idx1-ubyte", string(labels))
	}
	for _, part := range []string{"train", "test"} {
		for class := range 10 {
			picture := image.NewNRGBA(image.Rect(0, 0, 32, 32))
			copy(picture.Pix, noise(len(picture.Pix)))
			path := filepath.Join("cifar10", part, strconv.Itoa(class), "1.png")
			var file bytes.Buffer
			if err := png.Encode(&file, picture); err != nil {
				t.Fatal(err)
			}
			write(t, path, file.String())
		}
	}
}
