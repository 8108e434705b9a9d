package trained

import (
	"fmt"
	"strings"

	"joule/configs"
	"joule/datasets"
	"joule/rundir"
)

// DescribeData is what a run keeps of its data, in the units of the source.
func DescribeData(set *datasets.Set) rundir.Dataset {
	low, high := rangeOf(set)
	d := rundir.Dataset{
		Columns: set.Columns, Standardizer: (*rundir.Standardizer)(set.Transform), Encoding: set.Encoding,
		Train: set.TrainSize(), Validation: set.Validation.N, Test: set.Test.N, Min: low, Max: high,
		Image: (*rundir.Image)(set.Image),
	}
	if set.Labels != nil {
		d.Classes = set.Labels.Classes
	}
	return d
}

// rangeOf is the smallest and largest value of each column over all the points, in the units of the source.
func rangeOf(set *datasets.Set) (low, high []float64) {
	if set.Stream != nil {
		return set.Stream.Low, set.Stream.High
	}
	low, high = set.Train.Range()
	for _, part := range []datasets.Points{set.Validation, set.Test} {
		if part.N == 0 {
			continue
		}
		partLow, partHigh := part.Range()
		for k := range low {
			low[k], high[k] = min(low[k], partLow[k]), max(high[k], partHigh[k])
		}
	}
	// The map back keeps the order of numbers, so that the ends are those of all points undone.
	ends := set.Transform.Undo(datasets.Points{N: 2, Dim: len(low), Values: append(low, high...)})
	return ends.Row(0), ends.Row(1)
}

// Few shows a list, of a long one the first.
func Few[T any](list []T) string {
	const most = 10
	if len(list) <= most {
		return fmt.Sprint(list)
	}
	return fmt.Sprintf("%v… (%d)", strings.TrimSuffix(fmt.Sprint(list[:most]), "]"), len(list))
}

// Locate makes the paths of a config's data, and of data that its method names, absolute.
func Locate(config *configs.Config) error {
	for _, section := range []any{config.Data, config.Method} {
		if located, ok := section.(interface{ Locate(dir string) error }); ok {
			if err := located.Locate(config.Dir); err != nil {
				return err
			}
		}
	}
	return nil
}
