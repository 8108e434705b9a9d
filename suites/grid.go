package suites

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"joule/internal/strictyaml"
	"joule/results"
)

// configAxis is the axis that says which configs runs start from.
const configAxis = "config"

// axis is a key of the grid with its values.
type axis struct {
	key    string
	values []value
}

// value is one of an axis.
type value struct {
	tree  strictyaml.Tree
	label string // in tables, and in Where and Exclude
	part  string // of the names of runs
}

var (
	keyForm = regexp.MustCompile(`^[a-z0-9_]+(\.[a-z0-9_]+)*$`)
	unnamed = regexp.MustCompile(`[^A-Za-z0-9._=+,-]+`)
)

// plain is text with all replaced that has no place in the name of a folder.
func plain(text string) string {
	text = unnamed.ReplaceAllString(text, "_")
	if strings.Trim(text, ".") == "" {
		return "_"
	}
	return text
}

// axes reads the grid.
func (s *Suite) axes() (list []axis, errs strictyaml.Errors) {
	if !s.Grid.IsGiven() {
		return nil, nil
	}
	entries, isMap := s.Grid.Entries()
	if !isMap {
		return nil, strictyaml.Errors{s.Grid.Fault("grid", "found "+s.Grid.Describe()+"; a map of keys and lists of values is needed")}
	}
	for _, e := range flat(entries) {
		key := "grid." + e.Key
		if problem := keyProblem(e.Key); problem != "" {
			errs = append(errs, e.Value.Fault(key, problem))
			continue
		}
		items, isList := e.Value.Items()
		if !isList || len(items) == 0 {
			errs = append(errs, e.Value.Fault(key, "found "+e.Value.Describe()+"; a list of values is needed"))
			continue
		}
		a := axis{key: e.Key}
		for _, item := range items {
			if e.Key == configAxis {
				if _, isText := item.Scalar(); !isText {
					errs = append(errs, item.Fault(key, "found "+item.Describe()+"; the name of a config is needed"))
				}
			}
			label, part := labelOf(e.Key, item)
			a.values = append(a.values, value{item, label, part})
		}
		a.tellApart()
		if i := slices.IndexFunc(list, func(b axis) bool { return b.key == a.key }); i >= 0 {
			list[i] = a // as an assignment to a key of the grid gives it new values
			continue
		}
		list = append(list, a)
	}
	return list, errs
}

// flat are the entries of maps within maps, with dotted keys: what can be written either way.
func flat(entries []strictyaml.Entry) (list []strictyaml.Entry) {
	for _, e := range entries {
		inner, isMap := e.Value.Entries()
		if !isMap {
			list = append(list, e)
			continue
		}
		for _, f := range flat(inner) {
			list = append(list, strictyaml.Entry{Key: e.Key + "." + f.Key, Value: f.Value})
		}
	}
	return list
}

// keyProblem says why a key is none that a cell can set.
func keyProblem(key string) string {
	switch {
	case key == "seed":
		return "seeds are not on an axis; the key seeds of the suite is their number"
	case key != configAxis && results.Reserved(key):
		return "is the name of a column of the results"
	case !keyForm.MatchString(key):
		return "is no key of a config; write it as in method.sigma"
	}
	return ""
}

// labelOf gives a value a short text, and its part of the names of runs.
func labelOf(key string, v strictyaml.Tree) (label, part string) {
	last := key[strings.LastIndex(key, ".")+1:]
	if text, isScalar := v.Scalar(); isScalar {
		switch {
		case key == configAxis:
			text = strings.TrimSuffix(text[strings.LastIndex(text, "/")+1:], ".yaml")
			return text, text
		case v.Text() == text && !strings.ContainsAny(text[:1], "-+.0123456789") && text != "true" && text != "false":
			return text, text
		}
		return text, last + "=" + text
	}
	if entries, isMap := v.Entries(); isMap {
		for _, e := range entries {
			if kind, isText := e.Value.Scalar(); isText && e.Key == "kind" {
				return kind, kind
			}
		}
	}
	if items, isList := v.Items(); isList {
		var texts []string
		for _, item := range items {
			texts = append(texts, item.Text())
		}
		label = strings.Join(texts, "x")
		return label, last + "=" + label
	}
	return v.Text(), last + "=" + v.Text()
}

// tellApart gives values of one label others: by the keys in which they differ, or else their whole text, or a number.
func (a *axis) tellApart() {
	for i := range a.values {
		var alike []int
		for j := range a.values {
			if a.values[j].label == a.values[i].label {
				alike = append(alike, j)
			}
		}
		if len(alike) < 2 {
			continue
		}
		trees := make([]strictyaml.Tree, len(alike))
		for n, j := range alike {
			trees[n] = a.values[j].tree
		}
		for n, j := range alike {
			if suffix := differences(trees, n); suffix != "" {
				a.values[j].label += " " + suffix
				a.values[j].part += "," + suffix
			} else if text, isScalar := trees[n].Scalar(); isScalar && a.key == configAxis {
				a.values[j].label, a.values[j].part = text, text
			}
		}
	}
	a.number(func(v *value) *string { return &v.label }, " ")
	for i := range a.values {
		a.values[i].part = plain(a.values[i].part)
	}
	a.number(func(v *value) *string { return &v.part }, "-")
}

// number makes texts of values unique by numbers.
func (a *axis) number(text func(*value) *string, before string) {
	used := map[string]bool{}
	for i := range a.values {
		own := text(&a.values[i])
		for n := 2; used[*own]; n++ {
			if candidate := fmt.Sprintf("%s%s%d", *own, before, n); !used[candidate] {
				*own = candidate
			}
		}
		used[*own] = true
	}
}

// differences are the keys of a map, with their values, that other maps do not have or have otherwise.
func differences(trees []strictyaml.Tree, of int) string {
	own, isMap := trees[of].Entries()
	if !isMap {
		return ""
	}
	var parts []string
	for _, e := range own {
		for i, other := range trees {
			entries, _ := other.Entries()
			same := slices.ContainsFunc(entries, func(o strictyaml.Entry) bool { return o.Key == e.Key && o.Value.Text() == e.Value.Text() })
			if i != of && !same {
				parts = append(parts, e.Key+"="+e.Value.Text())
				break
			}
		}
	}
	return strings.Join(parts, ",")
}
