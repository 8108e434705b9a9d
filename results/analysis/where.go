package analysis

import (
	"errors"
	"slices"
	"strings"

	"joule/results"
)

// Condition is one on a key of rows: that it has one of some values.
type Condition struct {
	Key    string
	Values []string
}

// ParseWhere reads conditions of the form KEY=VALUE or KEY=VALUE,VALUE. A comma within brackets is part of its value. Of two
// conditions on one key either may hold.
func ParseWhere(texts []string) ([]Condition, error) {
	var where []Condition
	for _, text := range texts {
		key, list, found := strings.Cut(text, "=")
		key = strings.TrimSpace(key)
		if !found || key == "" {
			return nil, refuse("where", "%s: want KEY=VALUE or KEY=VALUE,VALUE", text)
		}
		if i := slices.IndexFunc(where, func(c Condition) bool { return c.Key == key }); i >= 0 {
			where[i].Values = append(where[i].Values, splitValues(list)...)
		} else {
			where = append(where, Condition{key, splitValues(list)})
		}
	}
	return where, nil
}

// splitValues cuts a list at its commas, but for those within brackets.
func splitValues(list string) (values []string) {
	depth, from := 0, 0
	for i, r := range list {
		switch r {
		case '[', '{', '(':
			depth++
		case ']', '}', ')':
			depth--
		case ',':
			if depth == 0 {
				values, from = append(values, strings.TrimSpace(list[from:i])), i+1
			}
		}
	}
	return append(values, strings.TrimSpace(list[from:]))
}

// Select keeps the rows for which all conditions hold. It is an error if no row has a key, or a value, or none is left.
func Select(rows []*results.Row, where []Condition) ([]*results.Row, error) {
	kept := rows
	for _, c := range where {
		if err := checkKeys("where", []string{c.Key}, rows); err != nil {
			return nil, err
		}
		for _, v := range c.Values {
			if _, err := matching("where", rows, c.Key, v); err != nil {
				return nil, err
			}
		}
		var some []*results.Row
		for _, r := range kept {
			if value, ok := r.Axis(c.Key); ok && slices.ContainsFunc(c.Values, func(v string) bool { return isSame(v, value) }) {
				some = append(some, r)
			}
		}
		kept = some
	}
	if len(kept) == 0 {
		if len(where) == 0 {
			return nil, errors.New("there are no runs")
		}
		return nil, refuse("where", "leaves none of the %d runs: none has all of it", len(rows))
	}
	return kept, nil
}

// matching are the rows with a value; an error if there is none.
func matching(option string, rows []*results.Row, key, value string) (found []*results.Row, err error) {
	for _, r := range rows {
		if v, ok := r.Axis(key); ok && isSame(v, value) {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		return nil, refuse(option, "%s=%s: no run has that; %s", key, value, hint(value, valuesOf(rows, key)))
	}
	return found, nil
}

// isSame compares values but for spaces, as in [8, 8].
func isSame(a, b string) bool {
	return a == b || strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "")
}
