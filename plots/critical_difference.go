package plots

import (
	"errors"
	"fmt"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// CriticalDifference draws mean ranks of methods on a line, the best at the
// left, with bars under those that are not told apart (Demšar 2006).
type CriticalDifference struct {
	Title   string // of the figure; may be empty
	Methods []RankedMethod
	// Difference is that of mean ranks from which on methods differ, drawn as a
	// bar of its length; 0 draws none.
	Difference float64
	// Groups are the first and the last of methods that are not told apart, as
	// indices of Methods.
	Groups [][2]int
	Note   string // small, below the figure; may be empty
}

// RankedMethod is a method and its mean rank.
type RankedMethod struct {
	Name string
	Rank float64 // from 1, the best, to the number of methods
}

// Save writes the figure to path, as PNG or SVG by its extension. It is an error
// if there are fewer than two methods, they are not in the order of their ranks,
// or a rank or a group cannot be.
func (d CriticalDifference) Save(path string) error { return save(path, d.layout) }

func (d CriticalDifference) check() error {
	k := len(d.Methods)
	if k < 2 {
		return errors.New("critical difference: want two methods or more")
	}
	last := 1.
	for _, m := range d.Methods {
		if !(last <= m.Rank && m.Rank <= float64(k)) {
			return fmt.Errorf("critical difference: %s has the rank %g: want ranks in ascending order, from 1 to %d", m.Name, m.Rank, k)
		}
		last = m.Rank
	}
	for _, g := range d.Groups {
		if !(0 <= g[0] && g[0] <= g[1] && g[1] < k) {
			return fmt.Errorf("critical difference: the group %d to %d is not among %d methods", g[0], g[1], k)
		}
	}
	if !(d.Difference >= 0) || !finite(d.Difference) {
		return fmt.Errorf("critical difference: %g is no difference", d.Difference)
	}
	return nil
}

const (
	nameLine     vg.Length = 15 // a method
	groupLine    vg.Length = 7  // a bar
	scaleRoom    vg.Length = 24 // the bar of the critical difference and its label
	rankTickRoom vg.Length = 16
	widestName   vg.Length = 190
)

func (d CriticalDifference) layout() (sheet, error) {
	if err := d.check(); err != nil {
		return sheet{}, err
	}
	k := len(d.Methods)
	left := (k + 1) / 2
	before, after := d.nameRoom(d.Methods[:left]), d.nameRoom(d.Methods[left:])
	rows, bars := d.barRows()
	noteHeight := vg.Length(0)
	if d.Note != "" {
		noteHeight = noteRoom + 4
	}
	scale := vg.Length(0)
	if d.Difference > 0 {
		scale = scaleRoom
	}
	under := groupLine*vg.Length(bars) + 8
	height := pixel(figureTitleRoom(d.Title) + 2*margin + scale + rankTickRoom + under + nameLine*vg.Length(left) + noteHeight + margin)
	return sheet{pageWidth, height, func(c draw.Canvas) {
		drawFigureTitle(c, d.Title)
		line := c.Max.Y - figureTitleRoom(d.Title) - 2*margin - scale - rankTickRoom
		from, to := margin+before, pageWidth-margin-after
		x := func(rank float64) vg.Length {
			return from + vg.Length((rank-1)/float64(k-1))*(to-from)
		}
		c.StrokeLine2(frameLine, from, line, to, line)
		every := (k + 19) / 20
		for rank := 1; rank <= k; rank += every {
			at := x(float64(rank))
			c.StrokeLine2(frameLine, at, line, at, line+tickLength)
			drawText(c, aligned(tickText, draw.XCenter, draw.YBottom), vg.Point{X: at, Y: line + tickLength + 3}, strconv.Itoa(rank), to-from)
		}
		if d.Difference > 0 {
			d.drawScale(c, from, to, x(1+d.Difference), line+rankTickRoom+6)
		}
		for i, m := range d.Methods {
			level, outside, align, room := i, from, draw.XRight, before
			if i >= left {
				level, outside, align, room = k-1-i, to, draw.XLeft, after
			}
			y := line - under - nameLine*(vg.Length(level)+0.5)
			d.drawMethod(c, m, vg.Point{X: x(m.Rank), Y: line}, vg.Point{X: outside, Y: y}, aligned(labelText, align, draw.YCenter), room)
		}
		for g, row := range rows {
			y := line - 6 - groupLine*vg.Length(row)
			ends := d.Groups[g]
			c.StrokeLine2(draw.LineStyle{Color: ink, Width: 3}, x(d.Methods[ends[0]].Rank)-3, y, x(d.Methods[ends[1]].Rank)+3, y)
		}
		drawText(c, aligned(noteText, draw.XCenter, draw.YBottom), vg.Point{X: c.Center().X, Y: margin}, d.Note, pageWidth-2*margin)
	}}, nil
}

// barRows puts each group's bar into the first row where it meets no other, and
// counts the rows.
func (d CriticalDifference) barRows() (rows []int, count int) {
	var ends []int // of the last bar of each row
	for _, g := range d.Groups {
		row := 0
		for row < len(ends) && ends[row] >= g[0] {
			row++
		}
		if row == len(ends) {
			ends = append(ends, 0)
		}
		ends[row] = g[1]
		rows = append(rows, row)
	}
	return rows, len(ends)
}

// nameRoom is the width of the names and ranks at one side.
func (d CriticalDifference) nameRoom(methods []RankedMethod) vg.Length {
	widest := vg.Length(0)
	for _, m := range methods {
		widest = max(widest, labelText.Width(m.Name))
	}
	return min(widest, widestName) + rankRoom
}

// rankRoom is the width of a rank and the spaces around it.
var rankRoom = 12 + noteText.Width("10.00")

// drawScale draws the critical difference as a bar from the first rank; what is
// longer than the axis is cut there, and has no end.
func (d CriticalDifference) drawScale(c draw.Canvas, from, end, to, y vg.Length) {
	label := fmt.Sprintf("critical difference %.2f", d.Difference)
	if to > end {
		label += ", more than there is"
	} else {
		c.StrokeLine2(frameLine, to, y-tickLength, to, y+tickLength)
	}
	c.StrokeLine2(frameLine, from, y-tickLength, from, y+tickLength)
	c.StrokeLine2(frameLine, from, y, min(to, end), y)
	drawText(c, aligned(noteText, draw.XLeft, draw.YBottom), vg.Point{X: from, Y: y + 5}, label, pageWidth-from-margin)
}

// drawMethod leads from a rank on the line to the name and rank at the side.
func (d CriticalDifference) drawMethod(c draw.Canvas, m RankedMethod, at, outside vg.Point, style draw.TextStyle, room vg.Length) {
	c.StrokeLine2(frameLine, at.X, at.Y, at.X, outside.Y)
	c.StrokeLine2(frameLine, at.X, outside.Y, outside.X, outside.Y)
	rank := fmt.Sprintf("%.2f", m.Rank)
	ranks := aligned(noteText, style.XAlign, draw.YCenter)
	side := vg.Length(1)
	if style.XAlign == draw.XRight {
		side = -1
	}
	drawText(c, ranks, vg.Point{X: outside.X + side*6, Y: outside.Y}, rank, room)
	drawText(c, style, vg.Point{X: outside.X + side*rankRoom, Y: outside.Y}, m.Name, room-rankRoom)
}
