package results

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// columns are those of a table of rows: what every row has, an axis each between run and seed, a figure each between dim and
// warnings.
type columns struct {
	axes    []string
	figures []string
}

// Columns before the axes, between them and the figures, and after the figures. All of them are text but for those in numbers.
var (
	leading  = []string{"suite", "run"}
	middle   = []string{"seed", "method_kind", "data_kind", "model_kind", "status", "reason", "dim"}
	trailing = []string{"warnings", "replicas", "started", "joule", "go", "gomlx", "backend", "device", "cpu", "cpus", "key", "config_yaml"}
	numbers  = []string{"seed", "dim", "replicas", "cpus"}
)

// Reserved are the names that an axis cannot have, since columns have them.
func Reserved(axis string) bool {
	_, isFigure := FigureOf(axis)
	return isFigure || slices.Contains(leading, axis) || slices.Contains(trailing, axis) || slices.Contains(middle, axis)
}

// columnsOf are those that some row has something in.
func columnsOf(rows iter.Seq2[*Row, error]) (c columns, err error) {
	used := map[string]bool{}
	for row, err := range rows {
		if err != nil {
			return c, err
		}
		for _, a := range row.Axes {
			if !slices.Contains(c.axes, a.Key) {
				c.axes = append(c.axes, a.Key)
			}
		}
		for name := range row.Metrics {
			used[name] = true
		}
	}
	for _, f := range Figures {
		if used[f.Name] {
			c.figures = append(c.figures, f.Name)
		}
	}
	return c, nil
}

func (c columns) names() []string {
	return slices.Concat(leading, c.axes, middle, c.figures, trailing)
}

// field is the text of a row that a column is made of as it stands; nil: it is none of these.
func (r *Row) field(column string) *string {
	switch column {
	case "suite":
		return &r.Suite
	case "run":
		return &r.Run
	case "method_kind":
		return &r.Method
	case "data_kind":
		return &r.Data
	case "model_kind":
		return &r.Model
	case "status":
		return (*string)(&r.Status)
	case "reason":
		return &r.Reason
	case "joule":
		return &r.Joule
	case "go":
		return &r.Go
	case "gomlx":
		return &r.GoMLX
	case "backend":
		return &r.Backend
	case "device":
		return &r.Device
	case "cpu":
		return &r.CPU
	case "key":
		return &r.Key
	case "config_yaml":
		return &r.Config
	}
	return nil
}

// between separates the warnings of a row in its column.
const between = "; "

// text is what a row has in a column that is no figure and no whole number.
func (r *Row) text(column string) string {
	if own := r.field(column); own != nil {
		return *own
	}
	switch column {
	case "warnings":
		return strings.Join(r.Warnings, between)
	case "started":
		if r.Started.IsZero() {
			return ""
		}
		return r.Started.UTC().Format(time.RFC3339)
	}
	value, _ := r.Axis(column)
	return value
}

// set puts text that was read into a row, and is the inverse of text.
func (r *Row) set(column, text string) (err error) {
	own := r.field(column)
	switch {
	case column == "status" && !slices.Contains(Statuses, Status(text)):
		return fmt.Errorf("%.40q is no status; want one of %v", text, Statuses)
	case own != nil:
		*own = text
	case text == "": // a run of another suite in the same table has no such axis
	case column == "warnings":
		r.Warnings = strings.Split(text, between)
	case column == "started":
		if r.Started, err = time.Parse(time.RFC3339, text); err != nil {
			return fmt.Errorf("%.40q is no time such as 2006-01-02T15:04:05Z", text)
		}
	default:
		r.Axes = append(r.Axes, Setting{column, text})
	}
	return nil
}

// number is what a row has in a column of whole numbers.
func (r *Row) number(column string) int64 {
	switch column {
	case "seed":
		return r.Seed
	case "dim":
		return int64(r.Dim)
	case "replicas":
		return int64(r.Replicas)
	}
	return int64(r.CPUs)
}

// setNumber is the inverse of number.
func (r *Row) setNumber(column string, x int64) {
	switch column {
	case "seed":
		r.Seed = x
	case "dim":
		r.Dim = int(x)
	case "replicas":
		r.Replicas = int(x)
	default:
		r.CPUs = int(x)
	}
}

// checkHeader reports a table that has no column that every table of results has.
func checkHeader(names []string) error {
	var missing []string
	for _, want := range []string{"run", "seed", "status"} {
		if !slices.Contains(names, want) {
			missing = append(missing, want)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("is no table of results: it has no column %s", strings.Join(missing, ", "))
	}
	if twice := slices.Sorted(slices.Values(names)); len(slices.Compact(twice)) < len(names) {
		return errors.New("is no table of results: two of its columns have one name")
	}
	return nil
}
