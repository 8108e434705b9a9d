package strictyaml

import (
	"reflect"
	"slices"
	"strings"
)

// Tree is a part of a document as it stands, for settings whose form is not known beforehand, such as values for keys that the
// document names itself. A field of this type takes whatever there is. It cannot be encoded.
type Tree struct{ node *node }

var treeType = reflect.TypeFor[Tree]()

// Entry is a key of a map, and its value.
type Entry struct {
	Key   string
	Value Tree
}

// IsGiven says whether there is anything.
func (t Tree) IsGiven() bool { return t.node != nil && !t.node.isNull() }

// Entries are those of a map, in the order of the file; false: it is none.
func (t Tree) Entries() ([]Entry, bool) {
	if t.node == nil || t.node.kind != mapNode {
		return nil, false
	}
	entries := make([]Entry, len(t.node.entries))
	for i, e := range t.node.entries {
		entries[i] = Entry{e.key, Tree{e.value}}
	}
	return entries, true
}

// Items are those of a list; false: it is none.
func (t Tree) Items() ([]Tree, bool) {
	if t.node == nil || t.node.kind != listNode {
		return nil, false
	}
	items := make([]Tree, len(t.node.items))
	for i, n := range t.node.items {
		items[i] = Tree{n}
	}
	return items, true
}

// Scalar is the text of a scalar; false: it is none.
func (t Tree) Scalar() (string, bool) {
	if t.node == nil || t.node.kind != scalarNode || t.node.isNull() {
		return "", false
	}
	return t.node.text, true
}

// Text is the tree in one line of YAML.
func (t Tree) Text() string {
	if t.node == nil {
		return ""
	}
	return t.node.line()
}

// Describe says what the tree is, for messages: a list, a map, nothing, or its text.
func (t Tree) Describe() string {
	if t.node == nil {
		return "nothing"
	}
	return t.node.describe()
}

// Fault is an error about the tree, at its place; key is its path in the document.
func (t Tree) Fault(key, problem string) Error {
	if t.node == nil {
		return Error{Key: key, Problem: problem}
	}
	return t.node.at.error(key, "%s", problem)
}

// line writes a tree in one line that is read back as the same.
func (n *node) line() string {
	var parts []string
	switch n.kind {
	case listNode:
		for _, item := range n.items {
			parts = append(parts, item.line())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case mapNode:
		for _, e := range n.entries {
			parts = append(parts, quote(e.key)+": "+e.value.line())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	switch {
	case n.isNull():
		return "null"
	case !n.quoted && (isNumber(n.text) || n.text == "true" || n.text == "false"):
		return n.text
	}
	return quote(n.text)
}

// widest is the longest line that Text writes where it could write several.
const widest = 100

// Text writes the document with all that it extends and that was assigned, as YAML that is read back as the same.
func (d *Document) Text() string {
	return strings.Join(d.root.lines(), "\n") + "\n"
}

// lines writes a tree in as many lines as are good to read.
func (n *node) lines() (lines []string) {
	if n.kind == scalarNode || len(n.items) == 0 && len(n.entries) == 0 {
		return []string{n.line()}
	}
	indent := func(first string, of []string) {
		for _, line := range of {
			lines = append(lines, first+line)
			first = "  "
		}
	}
	for _, item := range n.items {
		if line := item.line(); len(line) <= widest {
			indent("- ", []string{line})
		} else {
			indent("- ", item.lines())
		}
	}
	for _, e := range n.entries {
		if line := e.value.line(); len(line) <= widest {
			indent("", []string{quote(e.key) + ": " + line})
		} else {
			indent("", []string{quote(e.key) + ":"})
			indent("  ", e.value.lines())
		}
	}
	return lines
}

// Clone is a document to which assignments can be made without changing this one.
func (d *Document) Clone() *Document {
	return &Document{root: d.root, files: slices.Clip(d.files), errs: slices.Clip(d.errs)}
}

// Put sets a key, a dotted path, to a tree, over what is there. What is wrong with the tree is reported at its own place.
func (d *Document) Put(key string, value Tree) {
	if file := value.node.at.file; !slices.Contains(d.files, file) {
		d.files = append(d.files, file)
	}
	d.put(strings.Split(key, "."), value.node)
}

// put merges a value over what a path of keys leads to.
func (d *Document) put(keys []string, value *node) {
	for _, k := range slices.Backward(keys) {
		value = &node{kind: mapNode, at: value.at, path: true, entries: []entry{{k, value.at, value}}}
	}
	d.root = merge(d.root, value)
}
