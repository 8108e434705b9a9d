package strictyaml

import (
	"reflect"
	"slices"
)

// KeysOf lists the keys that an assignment can name in settings, a pointer to a struct, as dotted paths with their schemas, in the
// order of the struct. Of sections that come in kinds it has the keys of the kind that they are of; where all is set, those of
// all kinds, but of the kind that they are of in a section of the same sort. A path that stands for different keys of several kinds has a
// schema that takes what any of them takes.
func KeysOf(settings any, registry *Registry, describer Describer, all bool) Properties {
	l := &keyLister{schemaMaker: schemaMaker{registry: registry, Describer: describer}, all: all, at: map[string]int{}}
	l.section(reflect.ValueOf(settings).Elem(), "", "", "", nil)
	return l.keys
}

type keyLister struct {
	schemaMaker
	all  bool
	keys Properties
	at   map[string]int // places in keys
}

// section lists the keys of a struct at a path. within are the sections of a kind that it is in.
func (l *keyLister) section(v reflect.Value, name, kind, path string, within []reflect.Type) {
	for _, f := range fieldsOf(v.Type()) {
		value, at := v.FieldByIndex(f.index), join(path, f.key)
		l.add(at, l.key(v, f, name, kind))
		if value.Kind() == reflect.Pointer {
			if value.IsNil() {
				value = reflect.New(value.Type().Elem())
			}
			value = value.Elem()
		}
		switch {
		case value.Kind() == reflect.Struct && value.Type() != treeType:
			l.section(value, join(name, f.key), "", at, within)
		case value.Kind() == reflect.Interface:
			l.kinds(value, at, within)
		}
	}
}

// kinds lists the keys of a section that comes in kinds.
func (l *keyLister) kinds(v reflect.Value, path string, within []reflect.Type) {
	t := v.Type()
	l.anyKind(t)
	l.add(join(path, "kind"), l.defs.Get(l.Sections[t]).Properties.Get("kind"))
	isWithin := slices.Contains(within, t)
	within = append(slices.Clip(within), t)
	own := ""
	if !v.IsNil() {
		own = l.registry.nameOf(t, v.Interface())
		l.section(v.Elem().Elem(), l.Sections[t], own, path, within)
	}
	if !l.all || isWithin {
		return
	}
	for _, kind := range l.registry.names(t) {
		if kind != own {
			l.section(reflect.ValueOf(l.registry.kinds[t][kind]()).Elem(), l.Sections[t], kind, path, within)
		}
	}
}

// add lists a key, beside what is listed of its path already.
func (l *keyLister) add(path string, s *Schema) {
	i, ok := l.at[path]
	if !ok {
		l.at[path] = len(l.keys)
		l.keys = append(l.keys, Property{path, s})
		return
	}
	known := l.keys[i].Schema
	alternatives := []*Schema{known}
	if known.AnyOf != nil && known.Type == nil {
		alternatives = known.AnyOf
	}
	if slices.ContainsFunc(alternatives, func(other *Schema) bool { return alike(other, s) }) {
		return
	}
	l.keys[i].Schema = &Schema{Description: known.Description, AnyOf: append(slices.Clip(alternatives), s)}
}

// alike says whether two schemas take the same values, as far as can be seen.
func alike(a, b *Schema) bool {
	x, y := *a, *b
	x.Default, y.Default, x.Description, y.Description = nil, nil, "", ""
	return reflect.DeepEqual(x, y)
}
