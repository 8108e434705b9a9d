// Package metrics measures how good a model is.
//
// In one and two dimensions integrals over a grid give the partition function, the likelihood and the divergences from
// the true density, exactly up to the grid.
package metrics

import (
	"fmt"
)

// Grid is a regular grid of N points along each axis, from Low to High, both included. It integrates by the
// trapezoidal rule, which is very accurate for smooth functions that vanish at the border.
type Grid struct {
	Low, High []float64
	N         int
}

// Points an axis, by dimension; margin is how far a grid reaches beyond the data on each side, in ranges of the data;
// near is the part of an axis that counts as the border, on each side.
const (
	points1, points2 = 4001, 401
	margin           = 0.4
	near             = 0.02
)

// GridFor chooses the grid for data in one or two dimensions: the range of the data widened by 40 % on each side.
// An n of 0 takes 4001 points an axis in one dimension, and 401 in two.
func GridFor(low, high []float64, n int) (Grid, error) {
	dim := len(low)
	if dim < 1 || dim > 2 {
		return Grid{}, fmt.Errorf("a grid is for one or two dimensions; the data has %d", dim)
	}
	if n == 0 {
		n = points1
		if dim == 2 {
			n = points2
		}
	}
	n |= 1 // every second point then makes a grid with the same ends
	if n < 16 || n > 20001 {
		return Grid{}, fmt.Errorf("a grid of %d points an axis; want 16 to 20001", n)
	}
	g := Grid{Low: make([]float64, dim), High: make([]float64, dim), N: n}
	for k := range dim {
		width := high[k] - low[k]
		if width == 0 {
			width = 1
		}
		g.Low[k], g.High[k] = low[k]-margin*width, high[k]+margin*width
	}
	return g, nil
}

// Dim is the number of axes.
func (g Grid) Dim() int { return len(g.Low) }

// Size is the number of points.
func (g Grid) Size() int {
	size := 1
	for range g.Low {
		size *= g.N
	}
	return size
}

// place writes point i to x and returns its weight in an integral, and whether it is near the border.
func (g Grid) place(i int, x []float64) (weight float64, border bool) {
	weight = 1
	edge := near * float64(g.N-1)
	for k := range x {
		at := i % g.N
		i /= g.N
		step := (g.High[k] - g.Low[k]) / float64(g.N-1)
		x[k] = g.Low[k] + float64(at)*step
		weight *= step
		if at == 0 || at == g.N-1 {
			weight /= 2
		}
		border = border || float64(at) < edge || float64(at) > float64(g.N-1)-edge
	}
	return weight, border
}

// Points are those of the grid, row by row, and their weights in an integral.
func (g Grid) Points() (points, weights []float64) {
	points, weights, _, _ = g.chunk(0, g.Size())
	return points, weights
}

// coarser is how much more point i weighs in the grid of every second point along each axis, of which it may be none.
func (g Grid) coarser(i int) (factor float64) {
	factor = 1
	for range g.Low {
		if i%g.N%2 == 1 {
			return 0
		}
		factor *= 2
		i /= g.N
	}
	return factor
}

// chunk is count points from one on: coordinates row by row, weights, 1 for those near the border, and the factors of
// the coarser grid. Beyond the end of the grid points repeat the last one with weight 0.
func (g Grid) chunk(from, count int) (points, weights, border, coarser []float64) {
	dim := g.Dim()
	points, weights, border = make([]float64, count*dim), make([]float64, count), make([]float64, count)
	coarser = make([]float64, count)
	for i := range count {
		weight, isNear := g.place(min(from+i, g.Size()-1), points[i*dim:(i+1)*dim])
		if from+i < g.Size() {
			weights[i], coarser[i] = weight, g.coarser(from+i)
			if isNear {
				border[i] = 1
			}
		}
	}
	return points, weights, border, coarser
}
