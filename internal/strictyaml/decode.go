package strictyaml

import (
	"fmt"
	"reflect"
	"strings"
)

// Check refuses settings for reasons that are not in their tags. section is a pointer to a struct that was decoded;
// report takes one of its keys (or none, for the section as a whole) and what is wrong with it.
type Check func(section any, report func(key, problem string))

// checker is what a struct implements to refuse combinations of its keys.
type checker interface {
	Check(report func(key, problem string))
}

// Decode puts the document into the struct that into points to, over the defaults it holds, and runs the checks on
// every struct in it. The error is of type [Errors].
func (d *Document) Decode(into any, registry *Registry, checks ...Check) error {
	dec := &decoder{registry, checks, nil}
	dec.section(d.root, d.root.at, reflect.ValueOf(into).Elem(), "")
	all := &Document{files: d.files, errs: append(dec.errs, d.errs...)}
	return all.sorted()
}

type decoder struct {
	registry *Registry
	checks   []Check
	errs     Errors
}

func (d *decoder) refuse(at place, key, format string, args ...any) bool {
	d.errs = append(d.errs, at.error(key, format, args...))
	return false
}

// section decodes a map into a struct. at is where errors about the section as a whole belong. It returns whether all
// is right, as do the functions below.
func (d *decoder) section(n *node, at place, v reflect.Value, path string) bool {
	fields := fieldsOf(v.Type())
	right := true
	var known []string
	for _, f := range fields {
		known = append(known, f.key)
		target, key := v.FieldByIndex(f.index), join(path, f.key)
		if e := n.lookup(f.key); e != nil {
			right = d.value(e.value, e.at, target, key, f.rules) && right
		} else {
			right = d.missing(at, target, key, f.rules) && right
		}
	}
	for _, e := range n.entries {
		if n.lookup(e.key) != nil && !contains(fields, e.key) && e.key != kindKey(v) {
			right = d.refuse(e.at, join(path, e.key), "unknown key; %s", suggest(e.key, known))
		}
	}
	return right && d.check(n, at, v, path)
}

// check runs the rules over several keys of a struct.
func (d *decoder) check(n *node, at place, v reflect.Value, path string) bool {
	before := len(d.errs)
	report := func(key, problem string) {
		first, _, _ := strings.Cut(key, ".")
		first, _, _ = strings.Cut(first, "[")
		if e := n.lookup(first); e != nil {
			at = e.value.at
		}
		d.refuse(at, join(path, key), "%s", problem)
	}
	settings := v.Addr().Interface()
	if c, ok := settings.(checker); ok {
		c.Check(report)
	}
	for _, c := range d.checks {
		c(settings, report)
	}
	return len(d.errs) == before
}
