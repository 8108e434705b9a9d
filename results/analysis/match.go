package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"joule/results"
)

// pair are two runs with the same seed and settings, but for what is compared.
type pair struct{ a, b *results.Row }

// matchedCell are the pairs that differ in their seeds alone.
type matchedCell struct {
	name  string
	keys  []results.Setting // that tell it from the other cells
	pairs []pair
}

// matched are the runs of two sets side by side.
type matched struct {
	cells        []*matchedCell
	onlyA, onlyB []*results.Row
}

// match pairs rows that are alike in keys and seed. The cells are in the order in which they first occur in a.
func match(a, b []*results.Row, keys []string) (*matched, error) {
	all := append(slices.Clone(keys), "seed")
	first, err := index(a, all)
	if err != nil {
		return nil, err
	}
	second, err := index(b, all)
	if err != nil {
		return nil, err
	}
	both := slices.Concat(a, b)
	telling := tellingKeys(both, keys)
	m := &matched{}
	cells := map[string]*matchedCell{}
	for _, r := range a {
		partner := second[identity(r, all)]
		if partner == nil {
			m.onlyA = append(m.onlyA, r)
			continue
		}
		name := identity(r, keys)
		c := cells[name]
		if c == nil {
			c = &matchedCell{name: r.Data}
			var values []string
			for _, key := range telling {
				value, _ := r.Axis(key)
				c.keys, values = append(c.keys, results.Setting{Key: key, Value: value}), append(values, label([]string{value}))
			}
			if len(values) > 0 {
				c.name = strings.Join(values, "/")
			}
			cells[name] = c
			m.cells = append(m.cells, c)
		}
		c.pairs = append(c.pairs, pair{r, partner})
	}
	for _, r := range b {
		if first[identity(r, all)] == nil {
			m.onlyB = append(m.onlyB, r)
		}
	}
	for _, c := range m.cells {
		slices.SortFunc(c.pairs, func(p, q pair) int { return cmp.Compare(p.a.Seed, q.a.Seed) })
	}
	return m, nil
}

// identity is a name of a row's values of keys; not to have one is something else than an empty value.
func identity(r *results.Row, keys []string) string {
	values := make([]string, len(keys))
	for i, key := range keys {
		v, ok := r.Axis(key)
		if values[i] = v; !ok {
			values[i] = "\x01"
		}
	}
	return joined(values)
}

// index has rows by their identity; an error if two have the same.
func index(rows []*results.Row, keys []string) (map[string]*results.Row, error) {
	byName := make(map[string]*results.Row, len(rows))
	for _, r := range rows {
		name := identity(r, keys)
		if other := byName[name]; other != nil {
			return nil, twice(other, r)
		}
		byName[name] = r
	}
	return byName, nil
}

// tellingKeys are those of the keys, from the first, that tell rows apart which the ones before do not.
func tellingKeys(rows []*results.Row, keys []string) (telling []string) {
	groups := 1
	for _, key := range keys {
		more := append(telling[:len(telling):len(telling)], key)
		if n := len(groupBy(rows, more)); n > groups {
			telling, groups = more, n
		}
	}
	return telling
}

// matchBeside pairs two sets of results by their axes and seeds, and by suite where the axes do not tell their runs apart.
func matchBeside(a, b []*results.Row) (*matched, error) {
	axes := axesOf(slices.Concat(a, b))
	m, err := match(a, b, axes)
	if err != nil {
		if m, err = match(a, b, append(axes, "suite")); err != nil {
			return nil, err
		}
	}
	if len(m.cells) == 0 {
		return nil, fmt.Errorf("no run of the one is in the other: these have the axes %s, and those %s, or other values or seeds", list(axesOf(a)), list(axesOf(b)))
	}
	return m, nil
}

// matchBetween pairs runs that differ in a key. Other keys in which no run of the one side is like one of the other go with it, and
// are returned, but for those of the data: figures on different data do not compare.
func matchBetween(a, b []*results.Row, key string) (m *matched, with []string, err error) {
	var keys []string
	for _, k := range append(axesOf(slices.Concat(a, b)), "method", "data", "model", "suite") {
		if k == key || slices.Contains(keys, k) {
			continue
		}
		others := valuesOf(b, k)
		isShared := slices.ContainsFunc(valuesOf(a, k), func(v string) bool { return slices.Contains(others, v) })
		if isShared || isOfData(k) && !isOfData(key) {
			keys = append(keys, k)
		} else {
			with = append(with, k)
		}
	}
	if m, err = match(a, b, keys); err != nil {
		return nil, nil, err
	}
	if len(m.cells) == 0 {
		return nil, nil, fmt.Errorf("no run of the one has its like among the others: with the same %s and seed", list(keys))
	}
	return m, with, nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}
