package plots

import (
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Images stand in rows, each pixel enlarged, with a gap around; beyond black and white nothing changes.
func TestImageGrid(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		grid   ImageGrid
		pixels [][]string // of the picture before it is enlarged: g of the gap, or two digits a channel
	}{
		{
			ImageGrid{Height: 1, Width: 2, Channels: 1, Low: -1, High: 1, Columns: 2, Values: []float64{-1, 1, 0, 5, -7, nan}},
			[][]string{
				{"g", "g", "g", "g", "g", "g", "g"},
				{"g", "00", "ff", "g", "80", "ff", "g"},
				{"g", "g", "g", "g", "g", "g", "g"},
				{"g", "00", "p", "g", "g", "g", "g"},
				{"g", "g", "g", "g", "g", "g", "g"},
			},
		}, {
			ImageGrid{Height: 2, Width: 1, Channels: 3, Low: 0, High: 255, Values: []float64{1, 2, 3, 255, 0, 128}},
			[][]string{{"g", "g", "g"}, {"g", "010203", "g"}, {"g", "ff0080", "g"}, {"g", "g", "g"}},
		},
	} {
		picture := decoded(t, c.grid)
		scale := gridWidth / len(c.pixels[0])
		if size := picture.Bounds().Size(); size != image.Pt(scale*len(c.pixels[0]), scale*len(c.pixels)) {
			t.Errorf("the picture is of %v pixels", size)
		}
		for y, row := range c.pixels {
			for x, want := range row {
				for _, corner := range []image.Point{{x * scale, y * scale}, {(x+1)*scale - 1, (y+1)*scale - 1}} {
					if got := colorText(picture.At(corner.X, corner.Y)); got != want && got != strings.Repeat(want, 3) {
						t.Errorf("pixel %d, %d is %s, want %s", x, y, got, want)
					}
				}
			}
		}
	}
}

func colorText(c color.Color) string {
	switch rgba := color.RGBAModel.Convert(c).(color.RGBA); rgba {
	case faint:
		return "g"
	case pink:
		return "p"
	default:
		const digits = "0123456789abcdef"
		text := ""
		for _, v := range []uint8{rgba.R, rgba.G, rgba.B} {
			text += string(digits[v>>4]) + string(digits[v&15])
		}
		return text
	}
}

// As many images are in a row as make the figure about square; large ones are not enlarged.
func TestImageGridShape(t *testing.T) {
	for _, c := range []struct{ n, height, width, columns, scale int }{
		{16, 8, 8, 4, 32}, {17, 8, 8, 5, 26}, {8, 2, 16, 1, 66}, {100, 32, 32, 10, 3}, {1, 1300, 1300, 1, 1},
	} {
		g := ImageGrid{Height: c.height, Width: c.width, Channels: 1, High: 1, Values: make([]float64, c.n*c.height*c.width)}
		picture, err := g.draw()
		if err != nil {
			t.Fatal(err)
		}
		gap := max(1, (c.width+8)/16)
		if got, want := picture.Bounds().Dx(), c.scale*(c.columns*(c.width+gap)+gap); got != want {
			t.Errorf("%+v: the picture is %d pixels wide, want %d", c, got, want)
		}
	}
}

func TestImageGridAsSVG(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.svg")
	if err := (ImageGrid{Height: 1, Width: 1, Channels: 1, High: 1, Values: []float64{0.5}}).Save(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(text), `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 1200"`) || !strings.Contains(string(text), "data:image/png;base64,") {
		t.Errorf("%.200s, %v", text, err)
	}
}

func TestImageGridRefuses(t *testing.T) {
	whole := ImageGrid{Height: 2, Width: 2, Channels: 1, High: 1, Values: make([]float64, 4)}
	for want, change := range map[string]func(*ImageGrid){
		"image grid: images of 2 channels cannot be drawn: want 1, gray, or 3, red, green and blue": func(g *ImageGrid) { g.Channels = 2 },
		"image grid: 4 values are not images of 3×2 pixels":                                         func(g *ImageGrid) { g.Height = 3 },
		"image grid: 0 values are not images of 2×2 pixels":                                         func(g *ImageGrid) { g.Values = nil },
		"image grid: black is 1 and white 1: want black below white":                                func(g *ImageGrid) { g.Low = 1 },
	} {
		g := whole
		change(&g)
		path := filepath.Join(t.TempDir(), "g.png")
		if err := g.Save(path); err == nil || err.Error() != path+": "+want {
			t.Errorf("error %v, want %s", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("a refused figure was written")
		}
	}
	if err := whole.Save("g.jpg"); err == nil || !strings.Contains(err.Error(), "use .png or .svg") {
		t.Errorf("error %v", err)
	}
}
