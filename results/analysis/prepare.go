package analysis

import (
	"fmt"
	"slices"

	"joule/results"
)

// Prepare makes rows that were read fit to be looked at. Rows that are there twice, as where a directory was given twice, count
// once; it is an error if a run has two different results. The kinds of method, data and model that a run lacks which has failed
// before they were known are filled in, in copies.
func Prepare(rows []*results.Row) ([]*results.Row, error) {
	seen := make(map[string]*results.Row, len(rows))
	distinct := make([]*results.Row, 0, len(rows))
	for _, r := range rows {
		first, known := seen[r.Key]
		switch {
		case r.Key == "" || !known:
			seen[r.Key] = r
			distinct = append(distinct, r)
		case first.Status != r.Status || !first.Started.Equal(r.Started):
			return nil, fmt.Errorf("there are two results of %s of the suite %s; results of the same runs are compared, not put together", r.Run, r.Suite)
		}
	}
	nameData(distinct)
	for _, field := range kinds {
		fill(distinct, field)
	}
	return distinct, nil
}

// nameData gives the runs of a cell that are not completed the data of those that are: before a file is opened its kind is all that
// is known of it.
func nameData(rows []*results.Row) {
	names := map[string][]string{} // of the completed runs, by cell
	cellOf := func(r *results.Row) string {
		values := []string{r.Suite}
		for _, a := range r.Axes {
			values = append(values, a.Key, a.Value)
		}
		return joined(values)
	}
	for _, r := range rows {
		if cell := cellOf(r); r.Status == results.Completed && len(r.Axes) > 0 && !slices.Contains(names[cell], r.Data) {
			names[cell] = append(names[cell], r.Data)
		}
	}
	for i, r := range rows {
		if r.Status == results.Completed || len(r.Axes) == 0 {
			continue
		}
		if known := names[cellOf(r)]; len(known) == 1 && known[0] != r.Data {
			other := *r
			other.Data, rows[i] = known[0], &other
		}
	}
}

// kinds are what a run may lack.
var kinds = []func(*results.Row) *string{
	func(r *results.Row) *string { return &r.Method },
	func(r *results.Row) *string { return &r.Data },
	func(r *results.Row) *string { return &r.Model },
}

// fill sets a field where it is empty and an axis tells it: one of whose values each goes with one value of the field.
func fill(rows []*results.Row, field func(*results.Row) *string) {
	if !slices.ContainsFunc(rows, func(r *results.Row) bool { return *field(r) == "" }) {
		return
	}
	with := map[results.Setting]string{} // the value of the field that a setting goes with
	ambiguous := map[string]bool{}       // axes that do not tell it
	for _, r := range rows {
		value := *field(r)
		if value == "" {
			continue
		}
		for _, a := range r.Axes {
			if other, known := with[a]; known && other != value {
				ambiguous[a.Key] = true
			}
			with[a] = value
		}
	}
	for i, r := range rows {
		if *field(r) != "" {
			continue
		}
		for _, a := range r.Axes {
			if value, known := with[a]; known && !ambiguous[a.Key] {
				other := *r
				*field(&other), rows[i] = value, &other
				break
			}
		}
	}
}
