package plots

import (
	"fmt"
	"math"
)

// A Field holds one value for each cell of a regular grid over a rectangle of
// the plane. XMin to YMax are the outer edges, and a value belongs to the
// middle of its cell; Centers gives the points to evaluate.
type Field struct {
	XMin, XMax, YMin, YMax float64
	NX, NY                 int
	// Values has NX·NY entries, row by row from YMin up: cell (i, j) is at
	// j·NX + i.
	Values []float64
}

// Points are points of the plane; X and Y have the same length.
type Points struct{ X, Y []float64 }

// Axes names the two coordinates, with their units; empty names are x₁ and x₂.
type Axes struct{ X, Y string }

// Centers returns the middles of the cells in the order of Values.
func (f Field) Centers() Points {
	var p Points
	for j := range f.NY {
		for i := range f.NX {
			p.X = append(p.X, f.x(i))
			p.Y = append(p.Y, f.y(j))
		}
	}
	return p
}

func (f Field) x(i int) float64 { return f.XMin + (f.XMax-f.XMin)*((float64(i)+0.5)/float64(f.NX)) }
func (f Field) y(j int) float64 { return f.YMin + (f.YMax-f.YMin)*((float64(j)+0.5)/float64(f.NY)) }

// check says what makes the field impossible to draw.
func (f Field) check(name string) error {
	if f.NX < 1 || f.NY < 1 || len(f.Values) != f.NX*f.NY {
		return fmt.Errorf("%s: %d values for a grid of %d by %d cells: want NX·NY of them, both at least 1", name, len(f.Values), f.NX, f.NY)
	}
	if !properRange(f.XMin, f.XMax) {
		return fmt.Errorf("%s: x from %g to %g is not a finite range with max above min", name, f.XMin, f.XMax)
	}
	if !properRange(f.YMin, f.YMax) {
		return fmt.Errorf("%s: y from %g to %g is not a finite range with max above min", name, f.YMin, f.YMax)
	}
	for _, v := range f.Values {
		if finite(v) {
			return nil
		}
	}
	return fmt.Errorf("%s: none of its %d values is finite", name, len(f.Values))
}

// bounds returns the smallest and largest finite value, and whether all are finite.
func (f Field) bounds() (low, high float64, allFinite bool) {
	low, high, allFinite = math.Inf(1), math.Inf(-1), true
	for _, v := range f.Values {
		if finite(v) {
			low, high = min(low, v), max(high, v)
		} else {
			allFinite = false
		}
	}
	return low, high, allFinite
}

// mapped returns the field with g of its finite values.
func (f Field) mapped(g func(float64) float64) Field {
	values := make([]float64, len(f.Values))
	for i, v := range f.Values {
		if values[i] = v; finite(v) {
			values[i] = g(v)
		}
	}
	f.Values = values
	return f
}

// aspect is the height over the width to draw the field with: true to scale
// where the two ranges are alike, square where the coordinates plainly have
// units of their own.
func (f Field) aspect() float64 {
	ratio := (f.YMax - f.YMin) / (f.XMax - f.XMin)
	if ratio < 0.5 || ratio > 2 {
		return 1
	}
	return ratio
}

// at interpolates between the four nearest cells, (u, v) in units of the field's
// width and height. Beside a value that is not finite it takes the nearest
// cell, so that the hole keeps its size.
func (f Field) at(u, v float64) float64 {
	i, s := cellBefore(u, f.NX)
	j, t := cellBefore(v, f.NY)
	right, up := min(i+1, f.NX-1), min(j+1, f.NY-1)
	a, b := f.Values[j*f.NX+i], f.Values[j*f.NX+right]
	c, d := f.Values[up*f.NX+i], f.Values[up*f.NX+right]
	if finite(a) && finite(b) && finite(c) && finite(d) {
		return (1-t)*((1-s)*a+s*b) + t*((1-s)*c+s*d)
	}
	if s >= 0.5 {
		a, c = b, d
	}
	if t >= 0.5 {
		a = c
	}
	return a
}

// cellBefore returns the last of n cells whose middle is not after u in [0, 1],
// and how far u is from it to the next.
func cellBefore(u float64, n int) (int, float64) {
	position := max(0, min(float64(n-1), u*float64(n)-0.5))
	i := int(position)
	return i, position - float64(i)
}

func (p Points) check(name string) error {
	if len(p.X) != len(p.Y) {
		return fmt.Errorf("%s: %d x for %d y: want as many of each", name, len(p.X), len(p.Y))
	}
	return nil
}

func (a Axes) orDefault() Axes {
	if a.X == "" {
		a.X = "x₁"
	}
	if a.Y == "" {
		a.Y = "x₂"
	}
	return a
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
