package strictyaml

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Value is a key of a document by its dotted path, such as method.sigma, and its value as text. A list is one value.
type Value struct {
	Key, Text string
	// Data is the value for programs: a bool, a json.Number, a string, nil, a []any, or a map[string]any of these.
	Data any
}

// Flatten lists the values of a document in the order of the file.
func Flatten(text []byte) (values []Value, err error) {
	root, errs := parse("", text)
	if len(errs) > 0 {
		return nil, errs
	}
	root.flatten("", &values)
	return values, nil
}

func (n *node) flatten(path string, values *[]Value) {
	if n.kind != mapNode {
		*values = append(*values, Value{path, n.flow(), n.data()})
		return
	}
	for _, e := range n.entries {
		e.value.flatten(join(path, e.key), values)
	}
}

// flow writes a tree in one line.
func (n *node) flow() string {
	var parts []string
	switch n.kind {
	case listNode:
		for _, item := range n.items {
			parts = append(parts, item.flow())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case mapNode:
		for _, e := range n.entries {
			parts = append(parts, e.key+": "+e.value.flow())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	if n.quoted || n.text == "" {
		return fmt.Sprintf("%q", n.text)
	}
	return n.text
}

// data is the tree as encoding/json has it.
func (n *node) data() any {
	switch {
	case n.kind == listNode:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.data()
		}
		return list
	case n.kind == mapNode:
		m := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			m[e.key] = e.value.data()
		}
		return m
	case n.quoted:
		return n.text
	case n.isNull():
		return nil
	case n.text == "true" || n.text == "false":
		return n.text == "true"
	case isNumber(n.text):
		return json.Number(numeral(n.text))
	}
	return n.text
}

// numeral writes a number of YAML as JSON has it, which wants digits on both sides of a point, and no plus sign.
func numeral(text string) string {
	if json.Valid([]byte(text)) {
		return text
	}
	if whole, ok := wholeNumber(text); ok {
		return strconv.FormatInt(whole, 10)
	}
	f, _ := strconv.ParseFloat(text, 64) // it is a number; one out of range becomes the nearest that there is
	return strconv.FormatFloat(max(-math.MaxFloat64, min(math.MaxFloat64, f)), 'g', -1, 64)
}
