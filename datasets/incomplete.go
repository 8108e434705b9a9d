package datasets

import (
	"math"
	"path/filepath"
	"strings"
)

// ReadIncomplete reads points as [ReadPoints] does, of which some coordinates may be missing: those of cells that are empty or hold
// NaN or NA are NaN. Without names of columns it takes all of them, but for one without a name in the header.
func ReadIncomplete(path string, columns ...string) (Points, []string, error) {
	if strings.ToLower(filepath.Ext(path)) != ".npy" {
		t, err := readTable(path)
		if err != nil {
			return Points{}, nil, err
		}
		if len(columns) == 0 {
			for _, name := range t.labels() {
				if name != "" {
					columns = append(columns, name)
				}
			}
		}
		return t.points(columns, numberOrNone)
	}
	content, name, err := readFile(path, "")
	if err != nil {
		return Points{}, nil, err
	}
	points, err := parseNPYOf(name, content, func(x float64) bool { return math.IsNaN(x) || representable(x) })
	if err != nil {
		return Points{}, nil, err
	}
	return points, unnamed(points.Dim), nil
}

// numberOrNone reads a cell that may be missing.
func numberOrNone(cell string) (float64, error) {
	switch strings.ToLower(cell) {
	case "", "nan", "na":
		return math.NaN(), nil
	}
	return number(cell)
}
