package plots

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"

	"joule/internal/atomicfile"
)

// EnergyThumbnail is an energy over the plane as a small picture without axes, for grids of many: bright is likely, and what is
// more than a span above the minimum is dark.
type EnergyThumbnail struct {
	Energy Field
	// Span is the energy that the colours reach over, in nats.
	Span float64
}

// thumbnailColors are how many colours a thumbnail has, beside that of what is not finite.
const thumbnailColors = 64

// Save writes the picture as PNG, a pixel a cell of the field, the top row last in y. The error names the path.
func (t EnergyThumbnail) Save(path string) error {
	f := t.Energy
	if len(f.Values) != f.NX*f.NY || len(f.Values) == 0 {
		return fmt.Errorf("%s: %d values for %d × %d cells", path, len(f.Values), f.NX, f.NY)
	}
	palette := make(color.Palette, thumbnailColors+1)
	for i := range thumbnailColors {
		palette[i] = yellowFirst.at(float64(i) / (thumbnailColors - 1))
	}
	palette[thumbnailColors] = pink
	least := math.Inf(1)
	for _, v := range f.Values {
		if finite(v) {
			least = min(least, v)
		}
	}
	picture := image.NewPaletted(image.Rect(0, 0, f.NX, f.NY), palette)
	for j := range f.NY {
		for i := range f.NX {
			v, at := f.Values[j*f.NX+i], uint8(thumbnailColors)
			if finite(v) {
				at = uint8(math.Round(min((v-least)/t.Span, 1) * (thumbnailColors - 1)))
			}
			picture.SetColorIndex(i, f.NY-1-j, at)
		}
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(w, picture)
	})
}
