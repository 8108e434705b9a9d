package analysis

import (
	"fmt"
	"slices"
	"strings"

	"joule/results"
)

// builtin are the keys that every row has beside its axes.
var builtin = []string{"method", "data", "model", "suite", "backend", "dim", "seed"}

// axesOf are the axes of rows in the order in which they first occur.
func axesOf(rows []*results.Row) (axes []string) {
	seen := map[string]bool{}
	for _, r := range rows {
		for _, a := range r.Axes {
			if !seen[a.Key] {
				seen[a.Key] = true
				axes = append(axes, a.Key)
			}
		}
	}
	return axes
}

// checkKeys reports a key that no row has.
func checkKeys(option string, keys []string, rows []*results.Row) error {
	known := axesOf(rows)
	for _, b := range builtin {
		if !slices.Contains(known, b) {
			known = append(known, b)
		}
	}
	for _, key := range keys {
		if !slices.Contains(known, key) {
			return refuse(option, "%s: no run has such a key; %s", key, hint(key, known))
		}
	}
	return nil
}

// valuesOf are the values of a key in the order in which they first occur.
func valuesOf(rows []*results.Row, key string) (values []string) {
	seen := map[string]bool{}
	for _, r := range rows {
		if v, ok := r.Axis(key); ok && !seen[v] {
			seen[v] = true
			values = append(values, v)
		}
	}
	return values
}

// group are the rows with the same values of some keys.
type group struct {
	values []string
	rows   []*results.Row
}

// groupBy groups rows, in the order in which the values first occur.
func groupBy(rows []*results.Row, keys []string) (groups []*group) {
	known := map[string]*group{}
	for _, r := range rows {
		values := make([]string, len(keys))
		for i, key := range keys {
			values[i], _ = r.Axis(key)
		}
		name := joined(values)
		g := known[name]
		if g == nil {
			g = &group{values: values}
			known[name] = g
			groups = append(groups, g)
		}
		g.rows = append(g.rows, r)
	}
	return groups
}

// joined is a name of values that no others have.
func joined(values []string) string { return strings.Join(values, "\x00") }

// mixed finds a key by which rows differ that have the same values of the given keys; false where there is none. Axes come first,
// then what differs without being one.
func mixed(rows []*results.Row, keys []string) (key string, values []string, found bool) {
	groups := groupBy(rows, keys)
	for _, key := range append(axesOf(rows), "method", "data", "model", "suite") {
		if slices.Contains(keys, key) {
			continue
		}
		for _, g := range groups {
			first, _ := g.rows[0].Axis(key)
			if slices.ContainsFunc(g.rows, func(r *results.Row) bool { v, _ := r.Axis(key); return v != first }) {
				return key, valuesOf(g.rows, key), true
			}
		}
	}
	return "", nil, false
}

// checkMixed reports rows that would be in one cell although they differ in more than the seed, and two of one seed. option is
// that by which a key could be added.
func checkMixed(rows []*results.Row, keys []string, option string) error {
	if key, values, found := mixed(rows, keys); found {
		if len(values) > 6 {
			values = append(values[:5:5], "…")
		}
		return refuse(option, "%s: runs would be taken together that differ in %s (%s); add it, or choose by --where %s=%s",
			strings.Join(keys, ","), key, strings.Join(values, ", "), key, values[0])
	}
	for _, g := range groupBy(rows, append(keys[:len(keys):len(keys)], "seed")) {
		if len(g.rows) > 1 {
			return twice(g.rows[0], g.rows[1])
		}
	}
	return nil
}

// twice is the error of two runs that no key tells apart.
func twice(a, b *results.Row) error {
	return fmt.Errorf("%s is there twice, with keys %s and %s: by settings that are no axes; results of different settings are compared, not put together",
		a.Run, a.Key, b.Key)
}

// columnKey is the key of what methods are tried on.
func columnKey(rows []*results.Row) string {
	axes := axesOf(rows)
	for _, key := range []string{"data", "data.kind", "data.path"} {
		if slices.Contains(axes, key) {
			return key
		}
	}
	return "data"
}

// methodKey is the key of what is most like a method: the first of config, method and method.kind of which a value was tried with
// several values of the columns, so that these can be compared; or else the first that varies, or that there is.
func methodKey(rows []*results.Row, columns []string) string {
	axes := axesOf(rows)
	var candidates []string
	for _, key := range []string{"config", "method", "method.kind"} {
		if slices.Contains(axes, key) {
			candidates = append(candidates, key)
		}
	}
	candidates = append(candidates, "method")
	several := len(groupBy(rows, columns)) > 1
	for _, key := range candidates {
		groups := groupBy(rows, []string{key})
		if len(groups) > 1 && (!several || slices.ContainsFunc(groups, func(g *group) bool { return len(groupBy(g.rows, columns)) > 1 })) {
			return key
		}
	}
	for _, key := range candidates {
		if len(valuesOf(rows, key)) > 1 {
			return key
		}
	}
	return candidates[0]
}

// isOfData says that a key belongs to the data rather than to what is tried on them.
func isOfData(key string) bool { return key == "data" || strings.HasPrefix(key, "data.") }

// problemOf is a name of the data of the rows of a cell, and of all settings of them: figures of others do not compare with its own.
func problemOf(rows []*results.Row) string {
	dim := 0
	for _, r := range rows {
		dim = max(dim, r.Dim) // one that has failed early has none
	}
	values := []string{rows[0].Data, fmt.Sprint(dim)}
	for _, a := range rows[0].Axes {
		if isOfData(a.Key) {
			values = append(values, a.Key, a.Value)
		}
	}
	return joined(values)
}

// layout fills in the keys that were not given. Rows that would be in one cell and differ are told apart by further keys, of the
// data or of methods, where these were not given.
func layout(rows []*results.Row, methods, data []string, methodOption, dataOption string) ([]string, []string, error) {
	if err := checkKeys(methodOption, methods, rows); err != nil {
		return nil, nil, err
	}
	if err := checkKeys(dataOption, data, rows); err != nil {
		return nil, nil, err
	}
	for _, key := range methods {
		if slices.Contains(data, key) {
			return nil, nil, refuse(dataOption, "%s: is among --%s as well", key, methodOption)
		}
	}
	ownMethods, ownData := len(methods) == 0, len(data) == 0
	if ownData {
		if key := columnKey(rows); !slices.Contains(methods, key) {
			data = []string{key}
		}
	}
	if ownMethods {
		if key := methodKey(rows, data); !slices.Contains(data, key) {
			methods = []string{key}
		}
	}
	for {
		key, _, found := mixed(rows, slices.Concat(methods, data))
		switch {
		case found && ownData && isOfData(key):
			data = append(data, key)
		case found && ownMethods:
			methods = append(methods, key)
		default:
			err := checkMixed(rows, slices.Concat(methods, data), methodOption)
			if ownData && len(data) > 1 && len(valuesOf(rows, data[0])) == 1 {
				data = data[1:] // all of one kind: the others tell them apart
			}
			return methods, data, err
		}
	}
}

// label is what values are called in a table.
func label(values []string) string {
	shown := make([]string, len(values))
	for i, v := range values {
		shown[i] = v
		if v == "" {
			shown[i] = "–"
		}
	}
	return strings.Join(shown, " ")
}
