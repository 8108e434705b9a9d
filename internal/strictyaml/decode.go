package strictyaml

import (
	"fmt"
	"reflect"
	"slices"
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
	dec.section(d.root, d.root.at, reflect.ValueOf(into).Elem(), "", false)
	all := Document{files: d.files, errs: slices.Concat(d.errs, dec.errs)}
	return all.sorted()
}

type decoder struct {
	registry *Registry
	checks   []Check
	errs     Errors
}

func (d *decoder) refuse(at place, key, format string, args ...any) bool {
	d.errs.add(at.error(key, format, args...))
	return false
}

// section decodes a map into a struct. at is where errors about the section as a whole belong; kinds says that the map
// has a key "kind", dealt with already. The result is whether all is right, as it is of the functions below.
func (d *decoder) section(n *node, at place, v reflect.Value, path string, kinds bool) bool {
	right, own := true, true // own: as far as keys go that are no sections themselves
	var known []string
	if kinds {
		known = append(known, "kind")
	}
	for _, f := range fieldsOf(v.Type()) {
		known = append(known, f.key)
		target, key := v.FieldByIndex(f.index), join(path, f.key)
		var ok bool
		if e := n.lookup(f.key); e != nil {
			ok = d.value(e.value, e.at, target, key, f.rules)
		} else {
			ok = d.missing(at, target, key, f.rules)
		}
		right = ok && right
		if target.Kind() != reflect.Struct && target.Kind() != reflect.Interface {
			own = ok && own
		}
	}
	for _, e := range n.entries {
		if !slices.Contains(known, e.key) {
			right = d.refuse(e.at, join(path, e.key), "unknown key; %s", suggest(e.key, known))
		}
	}
	// A rule over several keys would only repeat what is wrong with one of them. Elsewhere it has news.
	if own {
		right = d.check(n, at, v, path) && right
	}
	return right
}

// missing looks at a key that is not in the document: its default may not do.
func (d *decoder) missing(at place, v reflect.Value, key string, r rules) bool {
	isSection := v.Kind() == reflect.Struct && v.Type() != treeType || v.Kind() == reflect.Interface && !v.IsNil()
	switch {
	case r.required && v.IsZero():
		return d.refuse(at, key, "is missing; %s", d.needed(v.Type(), r))
	case isSection:
		return d.value(&node{kind: mapNode, at: at}, at, v, key, r)
	case r.problem(v, "") != "":
		return d.refuse(at, key, "is missing; %s", d.needed(v.Type(), r))
	}
	return true
}

// needed says what to give a missing key.
func (d *decoder) needed(t reflect.Type, r rules) string {
	if t.Kind() == reflect.Interface {
		return "a map with a kind is needed, one of: " + strings.Join(d.registry.names(t), ", ")
	}
	return r.needed()
}

// value decodes n into v, of whatever type, and holds it to its rules. keyAt is the place of its key.
func (d *decoder) value(n *node, keyAt place, v reflect.Value, key string, r rules) bool {
	shown := ""
	if v.Type() == treeType {
		v.Set(reflect.ValueOf(Tree{n}))
		return true
	}
	switch v.Kind() {
	case reflect.Interface:
		return d.polymorphic(n, keyAt, v, key)
	case reflect.Struct:
		if n.kind != mapNode {
			return d.refuse(n.at, key, "found %s; a map of keys and values is needed", n.describe())
		}
		return d.section(n, keyAt, v, key, false)
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return d.value(n, keyAt, v.Elem(), key, r)
	case reflect.Slice:
		if !d.list(n, v, key, r) {
			return false
		}
	default:
		if r.isWord(v, n) {
			v.SetInt(r.named)
		} else if needed := setScalar(v, n); needed != "" {
			if r.word != "" {
				needed = strings.Replace(needed, " is needed", " or "+r.word+" is needed", 1)
			}
			return d.refuse(n.at, key, "found %s; %s", n.describe(), needed)
		}
		shown = n.text
	}
	if problem := r.problem(v, shown); problem != "" {
		return d.refuse(n.at, key, "%s", problem)
	}
	return true
}

// list decodes the elements of a list.
func (d *decoder) list(n *node, v reflect.Value, key string, r rules) bool {
	if n.kind != listNode {
		return d.refuse(n.at, key, "found %s; a list is needed", n.describe())
	}
	var each rules
	if r.each != nil {
		each = *r.each
	}
	right := true
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		right = d.value(item, item.at, v.Index(i), fmt.Sprintf("%s[%d]", key, i), each) && right
	}
	return right
}

// polymorphic decodes a section whose kind decides its type. It starts from the value that v holds where that is of the
// same kind, or where none is given.
func (d *decoder) polymorphic(n *node, keyAt place, v reflect.Value, key string) bool {
	names := d.registry.names(v.Type())
	known := strings.Join(names, ", ")
	if n.kind != mapNode {
		return d.refuse(n.at, key, "found %s; a map with a kind is needed, one of: %s", n.describe(), known)
	}
	rest := *n
	rest.entries = slices.Clone(n.entries)
	kind, given := rest.remove("kind")
	switch {
	case !given && v.IsNil():
		return d.refuse(keyAt, join(key, "kind"), "is missing; known: %s", known)
	case !given:
	case kind.kind != scalarNode || kind.isNull():
		return d.refuse(kind.at, join(key, "kind"), "found %s; a name is needed, one of: %s", kind.describe(), known)
	case !slices.Contains(names, kind.text):
		return d.refuse(kind.at, join(key, "kind"), "%q is unknown; %s", abbreviate(kind.text), suggest(kind.text, names))
	case v.IsNil() || d.registry.nameOf(v.Type(), v.Interface()) != kind.text:
		v.Set(reflect.ValueOf(d.registry.kinds[v.Type()][kind.text]()))
	}
	return d.section(&rest, keyAt, v.Elem().Elem(), key, true)
}

// check runs the rules over several keys of a struct.
func (d *decoder) check(n *node, at place, v reflect.Value, path string) bool {
	before := len(d.errs)
	report := func(key, problem string) {
		where, within := at, n
		named, _, _ := strings.Cut(key, "[")
		for part := range strings.SplitSeq(named, ".") { // as far down as it is given
			e := within.lookup(part)
			if e == nil {
				break
			}
			where, within = e.value.at, e.value
		}
		d.refuse(where, join(path, key), "%s", problem)
	}
	settings := v.Addr().Interface()
	if c, ok := settings.(checker); ok {
		c.Check(report)
	}
	for _, check := range d.checks {
		check(settings, report)
	}
	return len(d.errs) == before
}
