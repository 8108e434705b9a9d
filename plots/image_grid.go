package plots

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"path/filepath"
	"strings"

	"joule/internal/atomicfile"
)

// ImageGrid draws images side by side, row by row: gray or in colour. Pixels are
// enlarged by whole numbers and stay sharp; a pixel that is not finite is pink.
type ImageGrid struct {
	Height, Width int
	Channels      int       // 1: gray; 3: red, green, blue
	Values        []float64 // image after image, each row by row, the channels of a pixel together
	Low, High     float64   // the values of black and of white; what is beyond is black or white
	Columns       int       // images in a row; 0: as many as make the figure about square
}

// The figure is enlarged as far as it stays below gridWidth pixels wide; between images there is
// gridGap of an image's width, and one pixel at least.
const (
	gridWidth = 1200
	gridGap   = 1. / 16
)

// maxGridPixels is how large a figure may be.
const maxGridPixels = 1 << 27

// Save writes the figure to path, as PNG or SVG by its extension. It is an error
// if there is no image, or the values are not those of whole images.
func (g ImageGrid) Save(path string) error {
	ext := strings.ToLower(filepath.Ext(path))
	if ext != ".png" && ext != ".svg" {
		return fmt.Errorf("%s: cannot write a figure with extension %q: use .png or .svg", path, filepath.Ext(path))
	}
	picture, err := g.draw()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if ext == ".svg" {
		size := picture.Bounds().Size()
		text := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %[2]d" width="%[1]d" height="%[2]d">`+
			`<image width="%[1]d" height="%[2]d" style="image-rendering:pixelated" href="data:image/png;base64,%[3]s"/></svg>`+"\n",
			size.X, size.Y, base64.StdEncoding.EncodeToString(file.Bytes()))
		file.Reset()
		file.WriteString(text)
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := file.WriteTo(w)
		return err
	})
}

// draw makes the picture.
func (g ImageGrid) draw() (image.Image, error) {
	dim := g.Height * g.Width * g.Channels
	switch {
	case g.Channels != 1 && g.Channels != 3:
		return nil, fmt.Errorf("image grid: images of %d channels cannot be drawn: want 1, gray, or 3, red, green and blue", g.Channels)
	case dim <= 0 || len(g.Values) == 0 || len(g.Values)%dim != 0:
		return nil, fmt.Errorf("image grid: %d values are not images of %d×%d pixels", len(g.Values), g.Height, g.Width)
	case !(g.Low < g.High):
		return nil, fmt.Errorf("image grid: black is %v and white %v: want black below white", g.Low, g.High)
	}
	n := len(g.Values) / dim
	columns := g.Columns
	if columns == 0 {
		columns = int(math.Ceil(math.Sqrt(float64(n) * float64(g.Height) / float64(g.Width))))
	}
	columns = max(1, min(columns, n))
	rows := (n + columns - 1) / columns
	gap := max(1, int(math.Round(gridGap*float64(g.Width))))
	width, height := columns*(g.Width+gap)+gap, rows*(g.Height+gap)+gap
	if width > maxGridPixels/height {
		return nil, fmt.Errorf("image grid: %d images of %d×%d pixels are more than a figure can hold", n, g.Height, g.Width)
	}
	scale := max(1, gridWidth/width)
	for scale > 1 && width*scale > maxGridPixels/(height*scale) {
		scale--
	}
	picture := image.NewRGBA(image.Rect(0, 0, width*scale, height*scale))
	fill(picture, picture.Bounds(), faint)
	for i := range n {
		left, top := gap+i%columns*(g.Width+gap), gap+i/columns*(g.Height+gap)
		for y := range g.Height {
			for x := range g.Width {
				at := i*dim + (y*g.Width+x)*g.Channels
				corner := image.Pt((left+x)*scale, (top+y)*scale)
				fill(picture, image.Rectangle{corner, corner.Add(image.Pt(scale, scale))}, g.color(g.Values[at:at+g.Channels]))
			}
		}
	}
	return picture, nil
}

// color is that of a pixel.
func (g ImageGrid) color(pixel []float64) color.RGBA {
	var c [3]uint8
	for k, v := range pixel {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return pink
		}
		c[k] = uint8(math.Round(255 * min(1, max(0, (v-g.Low)/(g.High-g.Low)))))
	}
	if g.Channels == 1 {
		c[1], c[2] = c[0], c[0]
	}
	return color.RGBA{c[0], c[1], c[2], 255}
}

func fill(picture *image.RGBA, area image.Rectangle, c color.RGBA) {
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			picture.SetRGBA(x, y, c)
		}
	}
}
