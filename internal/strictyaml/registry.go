package strictyaml

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
)

// Registry knows the kinds of the sections that are Go interfaces.
type Registry struct {
	kinds map[reflect.Type]map[string]func() any
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{map[reflect.Type]map[string]func() any{}}
}

// Register names the kinds of the interface T. Each constructor returns a pointer to a new struct of settings with its
// defaults filled in. Register panics where a constructor or a tag of its struct is malformed: both are mistakes in the
// program.
func Register[T any](r *Registry, kinds map[string]func() T) {
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Interface {
		panic(fmt.Sprintf("strictyaml: %s is not an interface", t))
	}
	r.kinds[t] = map[string]func() any{}
	for name, construct := range kinds {
		made := reflect.TypeOf(construct())
		if made == nil || made.Kind() != reflect.Pointer || made.Elem().Kind() != reflect.Struct {
			panic(fmt.Sprintf("strictyaml: kind %s of %s is a %v, not a pointer to a struct", name, t, made))
		}
		fieldsOf(made.Elem())
		r.kinds[t][name] = func() any { return construct() }
	}
}

// KindOf is the name under which the type of some settings is known; empty where it is not.
func KindOf[T any](kinds map[string]func() T, settings T) string {
	for name, construct := range kinds {
		if reflect.TypeOf(construct()) == reflect.TypeOf(settings) {
			return name
		}
	}
	return ""
}

// names lists the kinds of an interface in alphabetical order.
func (r *Registry) names(t reflect.Type) []string {
	return slices.Sorted(maps.Keys(r.kinds[t]))
}

// nameOf is the kind of a value of an interface type, or empty.
func (r *Registry) nameOf(t reflect.Type, value any) string {
	for _, name := range r.names(t) {
		if reflect.TypeOf(r.kinds[t][name]()) == reflect.TypeOf(value) {
			return name
		}
	}
	return ""
}

// field is a field of a struct that is a key.
type field struct {
	key   string
	index []int // the path to it through inlined structs
	rules rules
}

// knownFields are those of fieldsOf, by type: a suite decodes the same ones many thousand times.
var knownFields sync.Map

// fieldsOf lists the keys of a struct in the order of its fields. It panics on a malformed tag. The list is not to be changed.
func fieldsOf(t reflect.Type) []field {
	if known, ok := knownFields.Load(t); ok {
		return known.([]field)
	}
	fields := readFields(t)
	knownFields.Store(t, fields)
	return fields
}

func readFields(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("yaml")
		switch {
		case !ok || tag == "-":
		case tag == ",inline":
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				fields = append(fields, inner)
			}
		default:
			r, err := parseRules(f.Tag.Get("check"))
			if err != nil {
				panic(fmt.Sprintf("strictyaml: %s.%s: %v", t, f.Name, err))
			}
			fields = append(fields, field{tag, []int{i}, r})
		}
	}
	return fields
}
