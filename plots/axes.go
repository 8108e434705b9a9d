package plots

import (
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// An axis maps [min, max] to [0, 1]. Both ends are finite, max > min, and
// min > 0 where log is set.
type axis struct {
	label    string
	min, max float64
	log      bool
	ticks    []tick
	// labelRoom is the least width that the tick labels of a vertical axis
	// take, to keep axis labels in line.
	labelRoom vg.Length
}

func (a axis) norm(v float64) float64 {
	if a.log {
		return (math.Log(v) - math.Log(a.min)) / (math.Log(a.max) - math.Log(a.min))
	}
	// Halves keep the differences of huge values finite.
	return (v/2 - a.min/2) / (a.max/2 - a.min/2)
}

// widestLabel is the room that the tick labels of a vertical axis take.
func (a axis) widestLabel() vg.Length {
	widest := a.labelRoom
	for _, t := range a.ticks {
		widest = max(widest, tickText.Width(t.label))
	}
	return widest
}

// A panel is one pair of axes: its frame, and the text around it.
type panel struct {
	vg.Rectangle
	x, y  axis
	title string // above the frame
	note  string // small, under the title or right of it
	// hideX and hideY leave the labels to a neighbour with the same axis.
	hideX, hideY bool
	// highTitle leaves the note's line free where there is no note.
	highTitle bool
	// leftTitle puts the title at the left and the note at the right of one line.
	leftTitle bool
}

const (
	tickLength vg.Length = 3
	// xAxisRoom is the height of tick labels and axis label under a frame;
	// bareXAxisRoom that of the ticks alone.
	xAxisRoom     vg.Length = 32
	bareXAxisRoom vg.Length = 8
	titleRoom     vg.Length = 17 // a panel's title
	noteRoom      vg.Length = 12 // a panel's note in a line of its own
	margin        vg.Length = 8  // of the page
)

// yAxisRoom is the width of tick labels and axis label beside a frame.
func (a axis) yAxisRoom() vg.Length {
	room := tickLength + 3 + a.widestLabel()
	if a.label != "" {
		room += 17
	}
	return pixel(room + 2)
}

const onePixel vg.Length = 72. / dpi

// pixel rounds a length up to whole pixels.
func pixel(l vg.Length) vg.Length {
	return vg.Length(math.Ceil(float64(l/onePixel)-1e-6)) * onePixel
}

func box(x, y, width, height vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + width, Y: y + height}}
}

func (p panel) width() vg.Length  { return p.Max.X - p.Min.X }
func (p panel) height() vg.Length { return p.Max.Y - p.Min.Y }

// at maps data coordinates to the page.
func (p panel) at(x, y float64) vg.Point {
	return vg.Point{
		X: p.Min.X + vg.Length(p.x.norm(x))*p.width(),
		Y: p.Min.Y + vg.Length(p.y.norm(y))*p.height(),
	}
}

// contains reports whether a data point is finite and inside the frame.
func (p panel) contains(x, y float64) bool {
	return p.x.min <= x && x <= p.x.max && p.y.min <= y && y <= p.y.max
}

var frameLine = draw.LineStyle{Color: ink, Width: 0.75}

// drawFrame draws the frame, ticks, labels and titles, over what is inside.
func (p panel) drawFrame(c draw.Canvas) {
	c.SetLineStyle(frameLine)
	c.Stroke(p.Path())
	for _, t := range p.x.ticks {
		x := p.Min.X + vg.Length(p.x.norm(t.value))*p.width()
		c.StrokeLine2(frameLine, x, p.Min.Y-t.length(), x, p.Min.Y)
		if !p.hideX {
			drawText(c, aligned(tickText, draw.XCenter, draw.YTop), vg.Point{X: x, Y: p.Min.Y - tickLength - 3}, t.label, p.width())
		}
	}
	for _, t := range p.y.ticks {
		y := p.Min.Y + vg.Length(p.y.norm(t.value))*p.height()
		c.StrokeLine2(frameLine, p.Min.X-t.length(), y, p.Min.X, y)
		if !p.hideY {
			drawText(c, aligned(tickText, draw.XRight, draw.YCenter), vg.Point{X: p.Min.X - tickLength - 3, Y: y}, t.label, pageWidth)
		}
	}
	middle := vg.Point{X: (p.Min.X + p.Max.X) / 2, Y: (p.Min.Y + p.Max.Y) / 2}
	if !p.hideX {
		drawText(c, aligned(labelText, draw.XCenter, draw.YTop), vg.Point{X: middle.X, Y: p.Min.Y - 18}, p.x.label, p.width())
	}
	if !p.hideY {
		style := aligned(labelText, draw.XCenter, draw.YBottom)
		style.Rotation = math.Pi / 2
		x := p.Min.X - tickLength - 3 - p.y.widestLabel() - 8
		drawText(c, style, vg.Point{X: x, Y: middle.Y}, p.y.label, p.height())
	}
	p.drawTitle(c, middle.X)
}

func (p panel) drawTitle(c draw.Canvas, middle vg.Length) {
	y := p.Max.Y + 6
	if p.leftTitle {
		note := fit(noteText, p.note, p.width()*3/4)
		drawText(c, aligned(noteText, draw.XRight, draw.YBottom), vg.Point{X: p.Max.X, Y: y}, note, p.width())
		drawText(c, panelText, vg.Point{X: p.Min.X, Y: y}, p.title, p.width()-noteText.Width(note)-8)
		return
	}
	if p.note != "" {
		drawText(c, aligned(noteText, draw.XCenter, draw.YBottom), vg.Point{X: middle, Y: y}, p.note, p.width())
	}
	if p.note != "" || p.highTitle {
		y += noteRoom
	}
	drawText(c, aligned(panelText, draw.XCenter, draw.YBottom), vg.Point{X: middle, Y: y}, p.title, p.width())
}

func (t tick) length() vg.Length {
	if t.label == "" {
		return tickLength / 2
	}
	return tickLength
}

// figureTitleRoom is the height that a figure's title takes.
func figureTitleRoom(title string) vg.Length {
	if title == "" {
		return 0
	}
	return 20
}

// drawFigureTitle draws a title at the top of the page, in its middle.
func drawFigureTitle(c draw.Canvas, title string) {
	drawText(c, aligned(titleText, draw.XCenter, draw.YTop), vg.Point{X: c.Center().X, Y: c.Max.Y - margin}, title, c.Max.X-c.Min.X-2*margin)
}
