package plots

import (
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// The minimum is the brightest, what is beyond the span the darkest, y goes up, and what is not finite is pink.
func TestEnergyThumbnail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "map.png")
	f := Field{XMax: 1, YMax: 1, NX: 2, NY: 2, Values: []float64{-3, 100, math.NaN(), 1}}
	if err := (EnergyThumbnail{f, 8}).Save(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		x, y int
		want color.Color
	}{{0, 1, yellowFirst.at(0)}, {1, 1, yellowFirst.at(1)}, {0, 0, pink}, {1, 0, yellowFirst.at(32.0 / 63)}} {
		if got := picture.At(c.x, c.y); color.RGBAModel.Convert(got) != color.RGBAModel.Convert(c.want) {
			t.Errorf("pixel %d, %d is %v, want %v", c.x, c.y, got, c.want)
		}
	}
	if err := (EnergyThumbnail{Field{NX: 2, NY: 2}, 8}).Save(path); err == nil {
		t.Error("a field without values is drawn")
	}
}
