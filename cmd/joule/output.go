package main

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"joule/datasets"
	"joule/internal/atomicfile"
)

// checkOutput reports an output path that cannot be written, before the work for it is done: its ending is none of
// those given, or its folder does not exist.
func checkOutput(path string, endings ...string) error {
	if ending := strings.ToLower(filepath.Ext(path)); !slices.Contains(endings, ending) {
		return coded(exitUsage, fmt.Errorf("--output %s: the name ends in %q; want %s", path, ending, strings.Join(endings, " or ")))
	}
	return checkFolder("output", path)
}

// checkFolder reports that the folder of a path given by a flag does not exist, or that the path is a folder itself.
func checkFolder(flag, path string) error {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return coded(exitUsage, fmt.Errorf("--%s %s: there is no folder %s", flag, path, filepath.Dir(path)))
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return coded(exitUsage, fmt.Errorf("--%s %s: is a folder; want a file", flag, path))
	}
	return nil
}

// isSameFile reports whether two paths, whose folders exist, lead to one file, which need not exist.
func isSameFile(a, b string) bool {
	same := func(a, b string) bool {
		one, errOne := os.Stat(a)
		two, errTwo := os.Stat(b)
		return errOne == nil && errTwo == nil && os.SameFile(one, two)
	}
	return same(a, b) || filepath.Base(a) == filepath.Base(b) && same(filepath.Dir(a), filepath.Dir(b))
}

// isStdout reports whether an output path stands for standard output.
func isStdout(path string) bool { return path == "" || path == "-" }

// checkPointsOutput is checkOutput for writePoints.
func checkPointsOutput(path string) error {
	if isStdout(path) {
		return nil
	}
	return checkOutput(path, ".npy", ".csv")
}

// writePoints writes a table as float32 NPY or as CSV, by the ending of the path.
func writePoints(path string, stdout io.Writer, points datasets.Points, columns []string) error {
	if isStdout(path) {
		return writeCSV(stdout, points, columns, number)
	}
	if strings.ToLower(filepath.Ext(path)) == ".npy" {
		if len(columns) == 1 && (columns[0] == energyColumn || columns[0] == logDensityColumn) {
			return datasets.WriteNPYVector(path, points.Values, datasets.Float32)
		}
		return datasets.WriteNPY(path, points, datasets.Float32)
	}
	return atomicfile.Write(path, func(w io.Writer) error { return writeCSV(w, points, columns, number) })
}

// writeTable writes points as the columns of the data that they are like: those of categories by name in CSV, and by number in
// NPY where their names are no numbers.
func writeTable(path string, stdout io.Writer, points datasets.Points, e *datasets.Encoding) error {
	values := e.Decode(points)
	text := func(k int, v float64) string { return e.Text(k, v, 32) }
	switch {
	case isStdout(path):
		return writeCSV(stdout, values, e.Names(), text)
	case strings.ToLower(filepath.Ext(path)) == ".npy":
		return datasets.WriteNPY(path, e.Numbers(values), datasets.Float32)
	}
	return atomicfile.Write(path, func(w io.Writer) error { return writeCSV(w, values, e.Names(), text) })
}

// number is a value as short as float32 allows.
func number(_ int, v float64) string { return strconv.FormatFloat(v, 'g', -1, 32) }

// writeCSV writes a header and a line a point, given the text of a value in a column.
func writeCSV(w io.Writer, points datasets.Points, columns []string, text func(k int, v float64) string) error {
	buffered := bufio.NewWriter(w)
	lines := csv.NewWriter(buffered)
	if err := lines.Write(columns); err != nil {
		return err
	}
	cells := make([]string, points.Dim)
	for i := range points.N {
		for k, v := range points.Row(i) {
			cells[k] = text(k, v)
		}
		if err := lines.Write(cells); err != nil {
			return err
		}
	}
	lines.Flush()
	if err := lines.Error(); err != nil {
		return err
	}
	return buffered.Flush()
}
