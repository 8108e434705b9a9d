package plots

import (
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A plane lays out panels over the same rectangle of the plane in a grid, with
// one colour bar.
type plane struct {
	title  string
	axes   Axes
	field  Field // gives range and aspect
	scale  scale
	panels []planePanel
	// columns is the number of panels in a row.
	columns int
	// slots is the number of panels whose width fills the page; fewer columns
	// make a narrower page.
	slots int
}

// A planePanel is one picture of the plane: a heat map, points over it, or both.
type planePanel struct {
	title, note string
	heat        *Field
	paint       func(draw.Canvas, panel) // over the heat map; may be nil
}

// An arrangement is where everything goes on the page.
type arrangement struct {
	width, height vg.Length
	x, y          axis
	frames        []vg.Rectangle // of the panels
	bars          []vg.Rectangle // one a row, or one in the blank of the last row
}

// savePlane writes the figure that describe gives.
func savePlane(path string, describe func() (plane, error)) error {
	return save(path, func() (sheet, error) {
		g, err := describe()
		if err != nil {
			return sheet{}, err
		}
		return g.layout(), nil
	})
}

func (g plane) layout() sheet {
	a := g.arrange()
	return sheet{a.width, a.height, func(c draw.Canvas) {
		drawFigureTitle(c, g.title)
		for k, spec := range g.panels {
			p := panel{Rectangle: a.frames[k], x: a.x, y: a.y, title: spec.title, note: spec.note}
			p.hideY = k%g.columns > 0
			p.highTitle = g.hasNotes()
			if spec.heat != nil {
				drawHeat(c, p, *spec.heat, g.scale)
			}
			if spec.paint != nil {
				spec.paint(c, p)
			}
			p.drawFrame(c)
		}
		for _, bar := range a.bars {
			g.scale.drawBar(c, bar)
		}
	}}
}

func (g plane) hasNotes() bool {
	return slices.ContainsFunc(g.panels, func(p planePanel) bool { return p.note != "" })
}

func (g plane) arrange() arrangement {
	axes := g.axes.orDefault()
	x := axis{label: axes.X, min: g.field.XMin, max: g.field.XMax}
	y := axis{label: axes.Y, min: g.field.YMin, max: g.field.YMax}
	rows := (len(g.panels) + g.columns - 1) / g.columns
	barInBlank := rows*g.columns > len(g.panels)

	// The widths of the labels depend on how many fit, that on the panel's
	// size, and that on the widths: the second pass has settled.
	left, gap, barGap := vg.Length(50), vg.Length(16), vg.Length(14)
	var width, height, barRoom vg.Length
	for range 2 {
		room := pageWidth - left - margin - vg.Length(g.slots-1)*gap - barRoom
		width = pixel(room/vg.Length(g.slots) - onePixel) // pixel rounds up
		height = pixel(width * vg.Length(g.field.aspect()))
		x.ticks = x.fitTicks(width)
		y.ticks = y.makeTicks(int(height / 26))
		left = margin + y.yAxisRoom()
		before, after := x.overhang(width)
		gap, barGap = pixel(max(gap, before+after+4)), pixel(max(barGap, after+4))
		if !barInBlank {
			barRoom = barGap + barWidth + g.scale.barAxis(height).yAxisRoom()
		}
	}

	header := titleRoom
	if g.hasNotes() {
		header += noteRoom
	}
	const rowGap vg.Length = 4
	rowHeight := header + height + xAxisRoom + rowGap
	top := figureTitleRoom(g.title) + margin/2
	a := arrangement{width: pageWidth, height: pixel(top + vg.Length(rows)*rowHeight), x: x, y: y}
	if g.columns < g.slots {
		a.width = left + vg.Length(g.columns)*(width+gap) - gap + barRoom + margin
	}
	place := func(k int) vg.Rectangle {
		row, column := vg.Length(k/g.columns), vg.Length(k%g.columns)
		return box(left+column*(width+gap), pixel(a.height-top-row*rowHeight-header-height), width, height)
	}
	for k := range g.panels {
		a.frames = append(a.frames, place(k))
	}
	if barInBlank {
		blank := place(len(g.panels))
		a.bars = []vg.Rectangle{box(blank.Min.X+barGap, blank.Min.Y, barWidth, height)}
		return a
	}
	for row := range rows {
		last := place((row+1)*g.columns - 1)
		a.bars = append(a.bars, box(last.Max.X+barGap, last.Min.Y, barWidth, height))
	}
	return a
}
