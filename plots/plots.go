// Package plots draws joule's figures: energies and densities over the plane,
// samples, training curves and energy histograms.
//
// A figure is a plain value that holds its data; Save draws it to a file,
// as PNG (1200 pixels wide) or SVG by the file's extension:
//
//	err := plots.EnergyMap{Title: "two Gaussians", Data: points, Energy: field}.Save("energy.png")
//
// The same value gives the same bytes every time. A file is either written
// whole or not at all. Colours keep one meaning in all figures: data are blue,
// samples are vermilion, noise is grey, and a value that is not finite is pink.
package plots

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"joule/internal/atomicfile"
)

const (
	// dpi makes half a point one pixel, so that lengths in half points are sharp.
	dpi = 144
	// pageWidth is 1200 pixels.
	pageWidth vg.Length = 600
)

// A sheet is a figure that is laid out and ready to be drawn.
type sheet struct {
	width, height vg.Length
	draw          func(draw.Canvas)
}

// save lays a figure out, draws it in memory and writes the file atomically.
func save(path string, layout func() (sheet, error)) error {
	ext := strings.ToLower(filepath.Ext(path))
	if ext != ".png" && ext != ".svg" {
		return fmt.Errorf("%s: cannot write a figure with extension %q: use .png or .svg", path, filepath.Ext(path))
	}
	s, err := layout()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var file bytes.Buffer
	if ext == ".png" {
		err = encodePNG(&file, s)
	} else {
		err = encodeSVG(&file, s)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := file.WriteTo(w)
		return err
	})
}

func (s sheet) paint(c vg.CanvasSizer) {
	canvas := draw.New(c)
	canvas.SetColor(color.White)
	canvas.Fill(canvas.Rectangle.Path())
	s.draw(canvas)
}

func encodePNG(w io.Writer, s sheet) error {
	c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(s.width, s.height), vgimg.UseDPI(dpi))}
	s.paint(c)
	_, err := c.WriteTo(w)
	return err
}

func encodeSVG(w io.Writer, s sheet) error {
	c := vgsvg.New(s.width, s.height)
	s.paint(c)
	var text bytes.Buffer
	if _, err := c.WriteTo(&text); err != nil {
		return err
	}
	// vgsvg names a PNG a JPEG, and a font that few machines have with no
	// fallback; Arial and Helvetica have the same metrics.
	svg := bytes.ReplaceAll(text.Bytes(), []byte("data:image/jpg;"), []byte("data:image/png;"))
	svg = bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	_, err := w.Write(svg)
	return err
}
