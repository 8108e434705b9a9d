package points

import (
	"bufio"
	"encoding/csv"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"joule/cmd/internal/cli"
	"joule/datasets"
	"joule/internal/atomicfile"
)

// checkPointsOutput is cli.CheckOutput for writePoints.
func checkPointsOutput(path string) error {
	if cli.IsStdout(path) {
		return nil
	}
	return cli.CheckOutput(path, ".npy", ".csv")
}

// writePoints writes a table as float32 NPY or as CSV, by the ending of the path.
func writePoints(path string, stdout io.Writer, points datasets.Points, columns []string) error {
	if cli.IsStdout(path) {
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
	case cli.IsStdout(path):
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
