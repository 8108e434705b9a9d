package datasets

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// ReadLabelled reads the points of a CSV file as [ReadPoints] does, and the text of one more column, which names the class of each
// point.
func ReadLabelled(path, label string, columns ...string) (points Points, names, labels []string, err error) {
	t, err := readTable(path)
	if err != nil {
		return Points{}, nil, nil, err
	}
	find := t.finder()
	at, found := find(label)
	if !found {
		return Points{}, nil, nil, fmt.Errorf("%s: there is no column %.60q%s", t.name, label, alternatives(label, t.labels()))
	}
	if len(columns) == 0 {
		all, err := t.pick(nil)
		if err != nil {
			return Points{}, nil, nil, err
		}
		for _, j := range all {
			if j != at {
				columns = append(columns, t.labels()[j])
			}
		}
	}
	if slices.Contains(columns, label) {
		return Points{}, nil, nil, fmt.Errorf("%s: column %.60q is one of the coordinates, and cannot be the label", t.name, label)
	}
	if points, names, err = t.points(columns, number); err != nil {
		return Points{}, nil, nil, err
	}
	for _, row := range t.rows {
		labels = append(labels, row[at])
	}
	return points, names, labels, nil
}

// readTable reads a CSV file with its header.
func readTable(path string) (*table, error) {
	if ending := strings.ToLower(filepath.Ext(path)); ending != ".csv" {
		return nil, fmt.Errorf("%s: the name ends in %q, want .csv", path, ending)
	}
	content, name, err := readFile(path, "")
	if err != nil {
		return nil, err
	}
	t, err := parseTable(name, content)
	if err != nil {
		return nil, err
	}
	return t, t.takeHeader(nil)
}

// points are the given columns, each cell as read gives it.
func (t *table) points(columns []string, read func(cell string) (float64, error)) (Points, []string, error) {
	picked, err := t.pick(columns)
	if err != nil {
		return Points{}, nil, err
	}
	points, names, labels := NewPoints(len(t.rows), len(picked)), make([]string, len(picked)), t.labels()
	for to, from := range picked {
		names[to] = labels[from]
		for i, row := range t.rows {
			if points.Row(i)[to], err = read(row[from]); err != nil {
				return Points{}, nil, fmt.Errorf("%s:%d: column %.60q: %w", t.name, t.lines[i], names[to], err)
			}
		}
	}
	return points, names, nil
}
