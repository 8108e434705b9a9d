package suitepage

import (
	"fmt"
	"slices"
	"strings"
)

// grid is methods down and data across.
type grid struct {
	Figure   string // that the fields have at first
	Corner   string
	Data     []string
	Truths   []*picture // of the data; nil: none is known
	Rows     []gridRow
	Pictures int
	Left     int // pictures that are left out
}

// gridRow is a method.
type gridRow struct {
	Number int
	Method string
	Cells  []gridCell
}

// gridCell is a method on a data set.
type gridCell struct {
	Cell    int // of the table; -1: there is none
	Data    int
	Picture *picture
	Field   field
	Why     string // in place of a picture
}

// gridOf is nil where there is neither a picture nor more than one line of figures, or where most of the grid would be empty.
func gridOf(all *cells, f figures, files *folders) *grid {
	figure, ok := f.main()
	if !ok || len(all.methods)*len(all.data) > 4*maxCells {
		return nil
	}
	g := &grid{Figure: figure.Name, Data: all.data, Truths: make([]*picture, len(all.data)), Corner: cornerOf(all)}
	rows := make([]gridRow, len(all.methods))
	for i, method := range all.methods {
		rows[i] = gridRow{Number: i, Method: method, Cells: make([]gridCell, len(all.data))}
		for j := range all.data {
			rows[i].Cells[j] = gridCell{Cell: -1, Data: j}
		}
	}
	best := bestOf(all, figure)
	for i, c := range all.cells[:min(len(all.cells), maxCells)] {
		cell := gridCell{Cell: i, Data: c.at, Picture: g.pictureOf(all, c, files)}
		if s, ok := c.figures[figure.Name]; ok {
			cell.Field.Text, cell.Field.Interval = s.text(figure)
			cell.Field.Best, cell.Field.Apart = best[i], s.isApart
		}
		if completed, others := ending(c.rows); completed == 0 {
			cell.Why = others
			if reason := cut(c.rows[0].Reason, 120); reason != "" {
				cell.Why += ": " + reason
			}
		}
		rows[c.method].Cells[c.at] = cell
	}
	for _, r := range rows {
		if slices.ContainsFunc(r.Cells, func(c gridCell) bool { return c.Cell >= 0 }) {
			g.Rows = append(g.Rows, r)
		}
	}
	if !slices.ContainsFunc(g.Truths, func(p *picture) bool { return p != nil }) {
		g.Truths = nil
	}
	if g.Pictures == 0 && (len(g.Rows) < 2 || len(g.Data) < 2) {
		return nil
	}
	return g
}

// pictureOf is the energy of the first run of a cell that has a picture of it; nil: there is none, or the page has enough. The
// truth is kept on the way.
func (g *grid) pictureOf(all *cells, c *cell, files *folders) *picture {
	method, data := all.methods[c.method], all.data[c.at]
	for _, run := range c.rows {
		if g.Truths[c.at] == nil {
			g.Truths[c.at] = files.picture(c.suite, run.Run, truthFile, fmt.Sprintf("True density of %s: bright is likely.", data))
		}
		if g.Pictures == maxPictures {
			if files.has(c.suite, run.Run, mapFile) {
				g.Left++
				return nil
			}
			continue
		}
		if p := files.picture(c.suite, run.Run, mapFile, fmt.Sprintf("Energy of %s on %s with seed %d: bright is likely.", method, data, run.Seed)); p != nil {
			g.Pictures++
			return p
		}
	}
	return nil
}

// cornerOf says what is down and what is across.
func cornerOf(all *cells) string {
	down, across := strings.Join(all.methodKeys, " · "), strings.Join(all.dataKeys, " · ")
	if down == "" {
		down = methodAxis
	}
	if across == "" {
		across = dataAxis
	}
	return down + "\u00a0↓ " + across + "\u00a0→"
}
