package plots

import (
	"image"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A scale gives values their colours, and is drawn as a colour bar.
type scale struct {
	lo, hi float64 // hi > lo; values outside take the colour of the nearest end
	colors *colorMap
	label  string
	// lowWord and highWord say what the ends mean.
	lowWord, highWord string
	over              bool // values above hi exist
	holes             bool // values that are not finite exist
	contours          bool // lines at the bar's ticks
}

// drawImage fills a rectangle with one colour for each pixel of the page; u and
// v are the place in units of its width and height.
func (s scale) drawImage(c draw.Canvas, r vg.Rectangle, value func(u, v float64) float64) {
	width, height := int(r.Size().X/onePixel+0.5), int(r.Size().Y/onePixel+0.5)
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			v := value((float64(x)+0.5)/float64(width), 1-(float64(y)+0.5)/float64(height))
			if math.IsNaN(v) || math.IsInf(v, 0) {
				img.SetRGBA(x, y, pink)
			} else {
				img.SetRGBA(x, y, s.colors.at((v-s.lo)/(s.hi-s.lo)))
			}
		}
	}
	c.DrawImage(r, img)
}

// drawHeat fills the panel with the field.
func drawHeat(c draw.Canvas, p panel, f Field, s scale) {
	s.drawImage(c, p.Rectangle, f.at)
	if s.contours {
		for _, t := range s.ticks(p.height()) {
			drawContour(c, p, f, t.value)
		}
	}
}

var contourLine = draw.LineStyle{Color: translucent(faint, 0.6), Width: 0.5}

// drawContour draws the line where the field is at level, by marching squares
// over the middles of the cells.
func drawContour(c draw.Canvas, p panel, f Field, level float64) {
	var path vg.Path
	for j := range f.NY - 1 {
		for i := range f.NX - 1 {
			corners := [4]float64{f.Values[j*f.NX+i], f.Values[j*f.NX+i+1], f.Values[(j+1)*f.NX+i+1], f.Values[(j+1)*f.NX+i]}
			xs := [4]float64{f.x(i), f.x(i + 1), f.x(i + 1), f.x(i)}
			ys := [4]float64{f.y(j), f.y(j), f.y(j + 1), f.y(j + 1)}
			var crossings []vg.Point
			for k, a := range corners {
				next := (k + 1) % 4
				b := corners[next]
				if !finite(a) || !finite(b) {
					crossings = nil
					break
				}
				if (a < level) != (b < level) {
					t := (level - a) / (b - a)
					crossings = append(crossings, p.at(xs[k]+t*(xs[next]-xs[k]), ys[k]+t*(ys[next]-ys[k])))
				}
			}
			// Four crossings are a saddle; both ways to join them are right.
			for k := 0; k+1 < len(crossings); k += 2 {
				path.Move(crossings[k])
				path.Line(crossings[k+1])
			}
		}
	}
	if len(path) > 0 {
		c.SetLineStyle(contourLine)
		c.Stroke(path)
	}
}

const barWidth vg.Length = 12 // of a colour bar

// ticks returns the bar's ticks. Where values are cut at hi, the steps are such
// that hi gets one, if there are such steps.
func (s scale) ticks(length vg.Length) []tick {
	most := int(length / 22)
	for n := most; s.over && n >= 2; n-- {
		step := (s.hi - s.lo) / float64(n)
		mantissa := step / math.Pow(10, math.Floor(math.Log10(step)+1e-9))
		if mantissa < 6.5 && math.Abs(mantissa-math.Round(mantissa)) < 1e-9 {
			ticks := ticksOf(step, s.lo, s.hi)
			ticks[len(ticks)-1].label = "≥ " + ticks[len(ticks)-1].label
			return ticks
		}
	}
	return linearTicks(s.lo, s.hi, most)
}

func (s scale) barAxis(length vg.Length) axis {
	return axis{label: s.label, min: s.lo, max: s.hi, ticks: s.ticks(length)}
}

// drawBar draws the colour bar, with its words above and below, and its labels
// at the right.
func (s scale) drawBar(c draw.Canvas, at vg.Rectangle) {
	bar := panel{Rectangle: at, y: s.barAxis(at.Size().Y)}
	s.drawImage(c, at, func(_, v float64) float64 { return s.lo + v*(s.hi-s.lo) })
	c.SetLineStyle(frameLine)
	c.Stroke(bar.Path())

	right := bar.Max.X
	for _, t := range bar.y.ticks {
		y := bar.Min.Y + vg.Length(bar.y.norm(t.value))*bar.height()
		c.StrokeLine2(frameLine, right, y, right+tickLength, y)
		if s.contours {
			c.StrokeLine2(contourLine, bar.Min.X, y, right, y)
		}
		drawText(c, aligned(tickText, draw.XLeft, draw.YCenter), vg.Point{X: right + tickLength + 3, Y: y}, t.label, pageWidth)
	}
	label := aligned(labelText, draw.XCenter, draw.YTop)
	label.Rotation = math.Pi / 2
	drawText(c, label, vg.Point{X: right + tickLength + 3 + bar.y.widestLabel() + 8, Y: (bar.Min.Y + bar.Max.Y) / 2}, bar.y.label, bar.height()+2*titleRoom)

	drawText(c, aligned(noteText, draw.XLeft, draw.YTop), vg.Point{X: bar.Min.X, Y: bar.Min.Y - 8}, s.lowWord, pageWidth)
	drawText(c, aligned(noteText, draw.XLeft, draw.YBottom), vg.Point{X: bar.Min.X, Y: bar.Max.Y + 8}, s.highWord, pageWidth)
	if s.holes {
		c.SetColor(pink)
		swatch := box(bar.Min.X, bar.Min.Y-26, barWidth, 6)
		c.Fill(swatch.Path())
		drawText(c, aligned(noteText, draw.XLeft, draw.YBottom), vg.Point{X: right + 4, Y: swatch.Min.Y}, "not finite", pageWidth)
	}
}
