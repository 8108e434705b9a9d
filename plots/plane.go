package plots

import (
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

func (g plane) layout() sheet {
	axes := g.axes.orDefault()
	x := axis{label: axes.X, min: g.field.XMin, max: g.field.XMax}
	y := axis{label: axes.Y, min: g.field.YMin, max: g.field.YMax}

	// The widths of the labels depend on how many fit, that on the panel's
	// size, and that on the widths: the second pass has settled.
	rows := (len(g.panels) + g.columns - 1) / g.columns
	barInBlank := rows*g.columns > len(g.panels)
	left := vg.Length(50)
	gap, barGap := vg.Length(16), vg.Length(14)
	var width, height, barRoom vg.Length
	for range 2 {
		room := pageWidth - left - margin - vg.Length(g.slots-1)*gap
		if !barInBlank {
			room -= barGap + barRoom
		}
		width = pixel(room/vg.Length(g.slots) - onePixel) // pixel rounds up
		height = pixel(width * vg.Length(g.field.aspect()))
		x.ticks = x.fitTicks(width)
		y.ticks = y.makeTicks(int(height / 22))
		left = margin + y.yAxisRoom()
		barRoom = g.scale.barRoom(height)
		before, after := x.overhang(width)
		gap, barGap = pixel(max(gap, before+after+4)), pixel(max(barGap, after+4))
	}
	top := titleRoom
	for _, p := range g.panels {
		if p.note != "" {
			top = titleRoom + noteRoom
		}
	}
	if top > titleRoom {
		for k := range g.panels {
			g.panels[k].note += " " // an empty note keeps the titles in line
		}
	}
	sheetWidth := left + vg.Length(g.columns)*width + vg.Length(g.columns-1)*gap + margin
	if !barInBlank {
		sheetWidth += barGap + barRoom
	}
	if g.columns == g.slots {
		sheetWidth = pageWidth
	}
	rowHeight := top + height + xAxisRoom
	sheetHeight := pixel(figureTitleRoom(g.title) + margin + vg.Length(rows)*rowHeight + vg.Length(rows-1)*4)

	place := func(k int) vg.Rectangle {
		row, column := k/g.columns, k%g.columns
		bottom := sheetHeight - figureTitleRoom(g.title) - margin/2 - vg.Length(row)*(rowHeight+4) - top - height
		return box(left+vg.Length(column)*(width+gap), pixel(bottom), width, height)
	}
	return sheet{sheetWidth, sheetHeight, func(c draw.Canvas) {
		drawFigureTitle(c, g.title)
		for k, spec := range g.panels {
			p := panel{Rectangle: place(k), x: x, y: y, title: spec.title, note: spec.note}
			p.hideY = k%g.columns > 0
			if spec.heat != nil {
				drawHeat(c, p, *spec.heat, g.scale)
			}
			if spec.paint != nil {
				spec.paint(c, p)
			}
			p.drawFrame(c)
		}
		if barInBlank {
			blank := panel{Rectangle: place(len(g.panels))}
			g.scale.drawBar(c, blank, blank.Min.X+barGap)
			return
		}
		for row := range rows {
			last := panel{Rectangle: place((row+1)*g.columns - 1)}
			g.scale.drawBar(c, last, last.Max.X+barGap)
		}
	}}
}
