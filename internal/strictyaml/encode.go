package strictyaml

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Encode writes the struct that v points to as YAML that decodes to the same value. Keys stand in the order of the
// struct; nil pointers, interfaces and slices are left out. An error names a key that has no YAML form: a number that
// is not finite, text that is not UTF-8, or a value of no registered kind.
func Encode(v any, registry *Registry) ([]byte, error) {
	e := encoder{registry}
	lines, err := e.section(reflect.ValueOf(v).Elem(), "", "")
	if err != nil {
		return nil, err
	}
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}

type encoder struct{ registry *Registry }

// section gives the lines of a struct. kind is empty where it has none.
func (e *encoder) section(v reflect.Value, kind, path string) (lines []string, err error) {
	if kind != "" {
		lines = append(lines, "kind: "+quote(kind))
	}
	for _, f := range fieldsOf(v.Type()) {
		value, key := v.FieldByIndex(f.index), join(path, f.key)
		switch value.Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Slice:
			if value.IsNil() {
				continue
			}
		}
		if word := f.rules.word; word != "" && value.CanInt() && value.Int() == f.rules.named {
			lines = append(lines, f.key+": "+word)
			continue
		}
		inner, err := e.value(value, key)
		if err != nil {
			return nil, err
		}
		if len(inner) == 1 && !isBlock(value) {
			lines = append(lines, f.key+": "+inner[0])
			continue
		}
		lines = append(lines, f.key+":")
		for _, line := range inner {
			lines = append(lines, "  "+line)
		}
	}
	if len(lines) == 0 {
		lines = []string{"{}"}
	}
	return lines, nil
}

// isBlock tells whether a value is written on lines of its own below its key.
func isBlock(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface, reflect.Struct:
		return true
	case reflect.Pointer:
		return isBlock(v.Elem())
	case reflect.Slice:
		return v.Len() > 0 && isBlock(v.Index(0))
	}
	return false
}

// value gives the lines of a value: one, unless it is a block.
func (e *encoder) value(v reflect.Value, key string) ([]string, error) {
	switch v.Kind() {
	case reflect.Interface:
		kind := e.registry.nameOf(v.Type(), v.Interface())
		if kind == "" {
			return nil, fmt.Errorf("%s: %T is of no known kind", key, v.Interface())
		}
		return e.section(v.Elem().Elem(), kind, key)
	case reflect.Pointer:
		return e.value(v.Elem(), key)
	case reflect.Struct:
		return e.section(v, "", key)
	case reflect.Slice:
		return e.list(v, key)
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return nil, fmt.Errorf("%s: %q is not UTF-8", key, v.String())
		}
		return []string{quote(v.String())}, nil
	case reflect.Bool:
		return []string{strconv.FormatBool(v.Bool())}, nil
	case reflect.Int, reflect.Int64:
		return []string{strconv.FormatInt(v.Int(), 10)}, nil
	case reflect.Float64:
		if math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0) {
			return nil, fmt.Errorf("%s: %v is not finite", key, v.Float())
		}
		return []string{strconv.FormatFloat(v.Float(), 'g', -1, 64)}, nil
	}
	return nil, fmt.Errorf("%s: a %s has no YAML form", key, v.Type())
}

func (e *encoder) list(v reflect.Value, key string) ([]string, error) {
	var flow, block []string
	for i := range v.Len() {
		lines, err := e.value(v.Index(i), fmt.Sprintf("%s[%d]", key, i))
		if err != nil {
			return nil, err
		}
		flow = append(flow, lines[0])
		for j, line := range lines {
			if j == 0 {
				block = append(block, "- "+line)
			} else {
				block = append(block, "  "+line)
			}
		}
	}
	if isBlock(v) {
		return block, nil
	}
	return []string{"[" + strings.Join(flow, ", ") + "]"}, nil
}

var plain = regexp.MustCompile(`^[A-Za-z_/][A-Za-z0-9_/.-]*(:[A-Za-z0-9_/.-]+)*$`)

// Quote writes text as a value or a key that is read back as text.
func Quote(text string) string { return quote(text) }

// quote writes text so that it is read back as text.
func quote(text string) string {
	n := node{text: text}
	if plain.MatchString(text) && !n.isNull() && text != "true" && text != "false" {
		return text
	}
	return strconv.Quote(text)
}
