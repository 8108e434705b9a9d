package datasets

import (
	"fmt"
	"slices"
)

// InMemory is points that a program has already. It is no kind that a config can name.
type InMemory struct {
	// Points are all of them, in their own units.
	Points Points
	// Columns are the names of the coordinates; empty: x0, x1, ….
	Columns []string
	Preparation
}

// NewInMemory returns points with the default settings of files: a fifth is kept for testing, and nothing is standardised.
func NewInMemory(points Points) *InMemory {
	return &InMemory{Points: points, Preparation: defaultPreparation}
}

// HasDensity says that none is known.
func (s *InMemory) HasDensity() bool { return false }

// Load implements Source: it copies, splits and prepares the points. An error names the point and the column at fault, both counted
// from 0.
func (s *InMemory) Load(env Env) (*Set, error) {
	p := s.Points
	if p.N < 1 || p.Dim < 1 || len(p.Values) != p.N*p.Dim {
		return nil, fmt.Errorf("%d points of %d coordinates in %d numbers; want 1 or more of both, and their product", p.N, p.Dim, len(p.Values))
	}
	if len(s.Columns) > 0 && len(s.Columns) != p.Dim {
		return nil, fmt.Errorf("%d names of columns for points of %d coordinates", len(s.Columns), p.Dim)
	}
	columns := slices.Clone(s.Columns)
	if len(columns) == 0 {
		columns = unnamed(p.Dim)
	}
	for i, v := range p.Values {
		if !isFinite(v) {
			return nil, fmt.Errorf("point %d has %s %v; want finite numbers", i/p.Dim, columns[i%p.Dim], v)
		}
	}
	return s.prepare(p, columns, nil, env.Seed)
}

// PointsOf returns rows of equal lengths as points. An error names the row, counted from 0, that has another length than the first.
func PointsOf(rows [][]float64) (Points, error) {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return Points{}, fmt.Errorf("no numbers in %d rows; want one point a row, of one coordinate or more", len(rows))
	}
	p := NewPoints(len(rows), len(rows[0]))
	for i, row := range rows {
		if len(row) != p.Dim {
			return Points{}, fmt.Errorf("row %d has %d coordinates, and row 0 has %d", i, len(row), p.Dim)
		}
		copy(p.Row(i), row)
	}
	return p, nil
}
