package strictyaml

import (
	"math"
	"reflect"
	"slices"
)

// Describer says what settings mean, for [SchemaOf].
type Describer struct {
	// Sections are the names of the sections that come in kinds, by their interface types, such as method.
	Sections map[reflect.Type]string
	// What says what a key of a section is, or, where key is empty, what the section is. A section is named by its dotted path from
	// the root, or from the innermost section of a kind that it is in, such as data.augment; the root is empty. kind is empty for
	// sections that have none.
	What func(section, kind, key string) string
	// Refine narrows the schema of a key down to what else is known of it; may be nil.
	Refine func(section, kind, key string, s *Schema)
}

// SchemaOf is the schema of the files that Decode takes into settings, a pointer to a struct with its defaults. It knows what tags and
// the registry say. What methods named Check and others refuse it does not know, nor what a file extends: in one with a key extends
// no key is missing, and sections without a kind can be of any.
func SchemaOf(settings any, registry *Registry, describer Describer) *Schema {
	m := &schemaMaker{registry: registry, Describer: describer}
	v := reflect.ValueOf(settings).Elem()
	s := m.section(v, "", "")
	s.Dialect = "https://json-schema.org/draft/2020-12/schema"
	s.Properties = append(Properties{{"extends", &Schema{Type: "string", MinLength: new(1), Description: m.What("", "", "extends")}}}, s.Properties...)
	if whole := m.whole(v); whole != nil {
		s.If, s.Else = &Schema{Required: []string{"extends"}}, whole
	}
	s.Defs = m.defs
	return s
}

// schemaMaker collects the definitions that schemas refer to: SECTION for a section of any kind, SECTION.KIND for one of a kind, and
// the same after "whole:" for what must be given of them.
type schemaMaker struct {
	registry *Registry
	Describer
	defs Properties
}

// define makes a definition unless there is one, and refers to it. It is listed before it is made, since sections nest.
func (m *schemaMaker) define(name string, make func() *Schema) *Schema {
	if m.defs.Get(name) == nil {
		place := &Schema{}
		m.defs = append(m.defs, Property{name, place})
		*place = *make()
	}
	return &Schema{Ref: "#/$defs/" + name}
}

// section is the schema of a struct that holds its defaults.
func (m *schemaMaker) section(v reflect.Value, name, kind string) *Schema {
	s := &Schema{Type: "object", Description: m.What(name, kind, ""), AdditionalProperties: false}
	if kind != "" {
		s.Properties = Properties{{"kind", &Schema{Const: kind}}}
	}
	for _, f := range fieldsOf(v.Type()) {
		s.Properties = append(s.Properties, Property{f.key, m.key(v, f, name, kind)})
	}
	return s
}

// key is the schema of a field of a section.
func (m *schemaMaker) key(section reflect.Value, f field, name, kind string) *Schema {
	s := m.value(section.FieldByIndex(f.index), f.rules, join(name, f.key))
	if what := m.What(name, kind, f.key); what != "" {
		s.Description = what
	}
	if m.Refine != nil {
		m.Refine(name, kind, f.key, s)
	}
	return s
}

// value is the schema of a value that holds its default. name is that of the section that it may be.
func (m *schemaMaker) value(v reflect.Value, r rules, name string) *Schema {
	if v.Type() == treeType {
		return &Schema{}
	}
	switch v.Kind() {
	case reflect.Interface:
		s := m.anyKind(v.Type())
		if !v.IsNil() {
			s.Default = map[string]string{"kind": m.registry.nameOf(v.Type(), v.Interface())}
		}
		return s
	case reflect.Struct:
		return m.section(v, name, "")
	case reflect.Pointer:
		if v.IsNil() {
			s := m.value(reflect.New(v.Type().Elem()).Elem(), r, name)
			s.Default = nil
			return s
		}
		return m.value(v.Elem(), r, name)
	case reflect.Slice:
		return m.list(v, r, name)
	}
	s := r.schema(v)
	if !m.isNeeded(v, r) && v.Interface() != "" { // no text is none
		s.Default = v.Interface()
	}
	if r.word != "" {
		word := &Schema{Const: r.word}
		if v.Int() == r.named {
			s.Default = r.word
		}
		s = &Schema{Default: s.Default, AnyOf: []*Schema{s, word}}
		s.AnyOf[0].Default = nil
	}
	return s
}

// list is the schema of a slice. Lists are replaced as a whole, so that their elements have to be.
func (m *schemaMaker) list(v reflect.Value, r rules, name string) *Schema {
	var each rules
	if r.each != nil {
		each = *r.each
	}
	element := reflect.New(v.Type().Elem()).Elem()
	s := &Schema{Type: "array", Items: m.value(element, each, name)}
	s.Items.Default = nil
	if whole := m.wholeValue(element); whole != nil {
		s.Items = &Schema{AllOf: []*Schema{s.Items, whole}}
	}
	if !v.IsNil() && !m.isNeeded(v, r) {
		s.Default = v.Interface()
	}
	s.MinItems, s.MaxItems = r.length.sizes()
	return s
}

// anyKind is the schema of a section that comes in kinds.
func (m *schemaMaker) anyKind(t reflect.Type) *Schema {
	name := m.Sections[t]
	return m.define(name, func() *Schema {
		kinds := m.registry.names(t)
		kind := &Schema{Enum: kinds, Description: "which kind of " + name + " it is"}
		s := &Schema{Type: "object", Properties: Properties{{"kind", kind}}, If: &Schema{Required: []string{"kind"}}, Else: &Schema{}}
		for _, k := range kinds {
			ref := m.kind(t, k)
			s.AllOf = append(s.AllOf, &Schema{If: isKind(k), Then: ref})
			s.Else.AnyOf = append(s.Else.AnyOf, ref)
			kind.EnumDescriptions = append(kind.EnumDescriptions, m.What(name, k, ""))
		}
		return s
	})
}

// kind is the schema of a section of a kind.
func (m *schemaMaker) kind(t reflect.Type, kind string) *Schema {
	name := m.Sections[t]
	return m.define(name+"."+kind, func() *Schema {
		return m.section(reflect.ValueOf(m.registry.kinds[t][kind]()).Elem(), name, kind)
	})
}

func isKind(kind string) *Schema {
	return &Schema{Required: []string{"kind"}, Properties: Properties{{"kind", &Schema{Const: kind}}}}
}

// isNeeded says whether a key has to be given, since its default does not do. It goes by what decoder.missing goes by.
func (m *schemaMaker) isNeeded(v reflect.Value, r rules) bool {
	switch {
	case r.required && v.IsZero():
		return true
	case v.Type() == treeType:
		return false
	case v.Kind() == reflect.Struct:
		return slices.ContainsFunc(fieldsOf(v.Type()), func(f field) bool { return m.isNeeded(v.FieldByIndex(f.index), f.rules) })
	case v.Kind() == reflect.Interface && !v.IsNil():
		return m.isNeeded(v.Elem().Elem(), rules{})
	}
	return r.problem(v, "") != ""
}

// whole says what has to be given of a struct that holds its defaults, also in the sections within it; nil: nothing.
func (m *schemaMaker) whole(v reflect.Value) *Schema {
	s := &Schema{}
	for _, f := range fieldsOf(v.Type()) {
		value := v.FieldByIndex(f.index)
		if m.isNeeded(value, f.rules) {
			s.Required = append(s.Required, f.key)
		}
		if within := m.wholeValue(value); within != nil {
			s.Properties = append(s.Properties, Property{f.key, within})
		}
	}
	if s.Required == nil && s.Properties == nil {
		return nil
	}
	return s
}

func (m *schemaMaker) wholeValue(v reflect.Value) *Schema {
	switch {
	case v.Type() == treeType:
	case v.Kind() == reflect.Struct:
		return m.whole(v)
	case v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct:
		if v.IsNil() {
			v = reflect.New(v.Type().Elem())
		}
		return m.whole(v.Elem())
	case v.Kind() == reflect.Interface && v.IsNil():
		return &Schema{AllOf: []*Schema{{Required: []string{"kind"}}, m.wholeKind(v.Type())}}
	case v.Kind() == reflect.Interface:
		otherwise := []*Schema{m.kind(v.Type(), m.registry.nameOf(v.Type(), v.Interface()))}
		if whole := m.whole(v.Elem().Elem()); whole != nil {
			otherwise = append(otherwise, whole)
		}
		return &Schema{If: &Schema{Required: []string{"kind"}}, Then: m.wholeKind(v.Type()), Else: &Schema{AllOf: otherwise}}
	}
	return nil
}

// wholeKind says what has to be given of a section that has a kind.
func (m *schemaMaker) wholeKind(t reflect.Type) *Schema {
	return m.define("whole:"+m.Sections[t], func() *Schema {
		s := &Schema{}
		for _, k := range m.registry.names(t) {
			if whole := m.whole(reflect.ValueOf(m.registry.kinds[t][k]()).Elem()); whole != nil {
				s.AllOf = append(s.AllOf, &Schema{If: isKind(k), Then: whole})
			}
		}
		return s
	})
}

// schema is what rules and the type of a scalar say of it.
func (r rules) schema(v reflect.Value) *Schema {
	s := &Schema{}
	switch v.Kind() {
	case reflect.String:
		s.Type, s.Enum = "string", r.options
		s.MinLength, s.MaxLength = r.length.sizes()
		if r.required && s.MinLength == nil {
			s.MinLength = new(1)
		}
	case reflect.Bool:
		s.Type = "boolean"
	case reflect.Int, reflect.Int64:
		s.Type = "integer"
		r.value.bound(s)
	default:
		s.Type = "number"
		r.value.bound(s)
	}
	return s
}

// bound puts the ends of an interval into a schema; nil is all numbers.
func (i *interval) bound(s *Schema) {
	if i == nil {
		return
	}
	end := func(x float64, open bool, closed, exclusive **float64) {
		switch {
		case math.IsInf(x, 0):
		case open:
			*exclusive = &x
		default:
			*closed = &x
		}
	}
	end(i.low, i.lowOpen, &s.Minimum, &s.ExclusiveMinimum)
	end(i.high, i.highOpen, &s.Maximum, &s.ExclusiveMaximum)
}

// sizes are the least and the largest whole number of an interval, where it has them; nil is all numbers.
func (i *interval) sizes() (least, most *int) {
	if i == nil {
		return nil, nil
	}
	if !math.IsInf(i.low, 0) {
		least = new(int(math.Ceil(i.low)))
		if i.lowOpen && float64(*least) == i.low {
			*least++
		}
	}
	if !math.IsInf(i.high, 0) {
		most = new(int(math.Floor(i.high)))
		if i.highOpen && float64(*most) == i.high {
			*most--
		}
	}
	return least, most
}
