package plots

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

type figure interface{ Save(path string) error }

// evaluated returns an n by n field of f over a rectangle.
func evaluated(xMin, xMax, yMin, yMax float64, n int, f func(x, y float64) float64) Field {
	field := Field{XMin: xMin, XMax: xMax, YMin: yMin, YMax: yMax, NX: n, NY: n}
	centers := field.Centers()
	for k, x := range centers.X {
		field.Values = append(field.Values, f(x, centers.Y[k]))
	}
	return field
}

// twoGaussians is −log of the equal mixture of N((−2, −2), ½ I) and N((2, 2), ½ I).
func twoGaussians(x, y float64) float64 {
	a := -(x+2)*(x+2) - (y+2)*(y+2)
	b := -(x-2)*(x-2) - (y-2)*(y-2)
	top := max(a, b)
	return math.Log(2*math.Pi) - top - math.Log(math.Exp(a-top)+math.Exp(b-top))
}

// bowl has its one minimum at the origin.
func bowl(x, y float64) float64 { return x*x + y*y }

func normalPoints(n int) Points {
	random := rand.New(rand.NewPCG(1, 2))
	var p Points
	for range n {
		p.X = append(p.X, random.NormFloat64())
		p.Y = append(p.Y, random.NormFloat64())
	}
	return p
}

// examples has one figure of each kind.
func examples() map[string]figure {
	energy := evaluated(-5, 5, -5, 5, 40, twoGaussians)
	density := energy.mapped(func(e float64) float64 { return math.Exp(-e) })
	points := normalPoints(300)
	return map[string]figure{
		"energy map":          EnergyMap{Title: "two <Gaussians> & \"dsm\"", Data: points, Energy: energy, Contours: true},
		"samples":             SamplesOverDensity{Title: "two <Gaussians> & \"dsm\"", Samples: points, Energy: energy, Truth: &density},
		"training curves":     TrainingCurves{Title: "two <Gaussians> & \"dsm\"", Series: []Series{{Name: "loss", Unit: "nats", Steps: points.X, Values: points.Y}}},
		"energy histograms":   EnergyHistograms{Title: "two <Gaussians> & \"dsm\"", Sets: []EnergySet{{"data", points.X}, {"samples", points.Y}}},
		"grid":                Grid{Title: "two <Gaussians> & \"dsm\"", Data: points, Models: []Model{{Name: "mle", Energy: energy}, {Name: "nce", Note: "KL 0.004", Energy: energy}}},
		"critical difference": ranked(),
	}
}

// saved writes the figure to a new folder and returns the file.
func saved(t *testing.T, f figure, name string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := f.Save(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func decoded(t *testing.T, f figure) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(saved(t, f, "figure.png")))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// svgText returns all the text of the figure's SVG, one element a line, and
// checks that the file is well-formed.
func svgText(t *testing.T, f figure) string {
	t.Helper()
	var text strings.Builder
	decoder := xml.NewDecoder(bytes.NewReader(saved(t, f, "figure.svg")))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return text.String()
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		if data, ok := token.(xml.CharData); ok {
			text.WriteString(strings.TrimSpace(string(data)) + "\n")
		}
	}
}

// pixelAt returns the colour in the middle of the pixel at a place on the page,
// in points from its lower left corner.
func pixelAt(img image.Image, at vg.Point) color.RGBA {
	x := int(at.X / onePixel)
	y := img.Bounds().Dy() - 1 - int(at.Y/onePixel)
	return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
}

// near reports whether two colours differ by no more than a level or two.
func near(a, b color.RGBA) bool {
	distance := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return distance(a.R, b.R)+distance(a.G, b.G)+distance(a.B, b.B) <= 6
}

func TestPNGIs1200PixelsWide(t *testing.T) {
	for name, f := range examples() {
		if width := decoded(t, f).Bounds().Dx(); width != 1200 {
			t.Errorf("%s: %d pixels wide, want 1200", name, width)
		}
	}
}

func TestSVGHoldsTheTitle(t *testing.T) {
	for name, f := range examples() {
		if text := svgText(t, f); !strings.Contains(text, "two <Gaussians> & \"dsm\"\n") {
			t.Errorf("%s: no title in the SVG's text:\n%s", name, text)
		}
	}
}

func TestSVGNamesItsImagesAndFontsSoThatViewersFindThem(t *testing.T) {
	svg := saved(t, examples()["energy map"], "a.svg")
	for _, want := range []string{`xlink:href="data:image/png;base64,iVBORw0KGgo`, "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("no %s in the SVG", want)
		}
	}
	if bytes.Contains(svg, []byte("image/jpg")) {
		t.Error("a PNG is called a JPEG")
	}
}

func TestSameFigureSameBytes(t *testing.T) {
	for _, name := range []string{"a.png", "a.svg"} {
		first := examples()
		for kind, f := range examples() {
			if !bytes.Equal(saved(t, first[kind], name), saved(t, f, name)) {
				t.Errorf("%s: two %s files differ", kind, name)
			}
		}
	}
}

func TestOtherExtensionsAreRefused(t *testing.T) {
	for ext, quoted := range map[string]string{".pdf": `".pdf"`, "": `""`} {
		for name, f := range examples() {
			path := filepath.Join(t.TempDir(), "figure"+ext)
			want := fmt.Sprintf("%s: cannot write a figure with extension %s: use .png or .svg", path, quoted)
			if err := f.Save(path); err == nil || err.Error() != want {
				t.Errorf("%s:\n got %v\nwant %s", name, err, want)
			}
		}
	}
	if err := examples()["grid"].Save(filepath.Join(t.TempDir(), "FIGURE.PNG")); err != nil {
		t.Errorf("capitals: %v", err)
	}
}

func TestFailureLeavesNothingBehind(t *testing.T) {
	folder := t.TempDir()
	occupied := filepath.Join(folder, "taken.png")
	if err := os.Mkdir(occupied, 0o755); err != nil {
		t.Fatal(err)
	}
	f := examples()["energy map"]
	if err := f.Save(occupied); err == nil {
		t.Error("a folder was overwritten")
	}
	missing := filepath.Join(folder, "none", "a.png")
	want := "write " + missing + ": no such file or directory"
	if err := f.Save(missing); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := (EnergyMap{}).Save(filepath.Join(folder, "bad.png")); err == nil {
		t.Error("an empty field was drawn")
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "taken.png" {
		t.Errorf("left behind: %v", entries)
	}
}

func TestSaveReplacesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := examples()["grid"].Save(path); err != nil {
		t.Fatal(err)
	}
	if file, _ := os.ReadFile(path); !bytes.HasPrefix(file, []byte("\x89PNG")) {
		t.Error("the old file is still there")
	}
}
