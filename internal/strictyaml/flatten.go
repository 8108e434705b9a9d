package strictyaml

import (
	"fmt"
	"strings"
)

// Value is a key of a document by its dotted path, such as method.sigma, and its value as text. A list is one value.
type Value struct{ Key, Text string }

// Flatten lists the values of a document in the order of the file.
func Flatten(text []byte) (values []Value, err error) {
	root, errs := parse("", text)
	if len(errs) > 0 {
		return nil, Errors(errs)
	}
	root.flatten("", &values)
	return values, nil
}

func (n *node) flatten(path string, values *[]Value) {
	if n.kind != mapNode {
		*values = append(*values, Value{path, n.flow()})
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
