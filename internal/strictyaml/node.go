package strictyaml

import (
	"fmt"
	"slices"
	"strconv"
)

type nodeKind int

const (
	scalarNode nodeKind = iota
	listNode
	mapNode
)

// node is a value in a document, with where it stands.
type node struct {
	kind    nodeKind
	at      place
	text    string  // of a scalar
	quoted  bool    // a scalar that is text whatever it looks like
	items   []*node // of a list
	entries []entry // of a map, in the order of the file
	path    bool    // a map that only leads to an assigned key
}

type entry struct {
	key   string
	at    place // of the key
	value *node
}

// lookup returns the entry of a key, or nil.
func (n *node) lookup(key string) *entry {
	for i := range n.entries {
		if n.entries[i].key == key {
			return &n.entries[i]
		}
	}
	return nil
}

// remove takes an entry out of a map.
func (n *node) remove(key string) (*node, bool) {
	e := n.lookup(key)
	if e == nil {
		return nil, false
	}
	value := e.value
	n.entries = slices.DeleteFunc(n.entries, func(e entry) bool { return e.key == key })
	return value, true
}

// move puts a tree at one place.
func (n *node) move(at place) {
	n.at = at
	for _, item := range n.items {
		item.move(at)
	}
	for i := range n.entries {
		n.entries[i].at = at
		n.entries[i].value.move(at)
	}
}

// merge puts over on top of under: maps are merged key by key, all else is replaced. A map whose kind changes loses its
// other keys, since they belong to the old kind. Neither argument is changed.
func merge(under, over *node) *node {
	if under.kind != mapNode || over.kind != mapNode {
		return over
	}
	if before, after := under.lookup("kind"), over.lookup("kind"); before != nil && after != nil && before.value.text != after.value.text {
		return over
	}
	merged := *over
	if over.path {
		merged.at = under.at
	}
	merged.entries = slices.Clone(under.entries)
	for _, e := range over.entries {
		old := merged.lookup(e.key)
		if old == nil {
			merged.entries = append(merged.entries, e)
			continue
		}
		value := merge(old.value, e.value)
		if value == e.value || !e.value.path {
			old.at = e.at
		}
		old.value = value
	}
	return &merged
}

// isNull tells whether n is a scalar that stands for no value.
func (n *node) isNull() bool {
	return n.kind == scalarNode && !n.quoted && slices.Contains([]string{"", "~", "null", "Null", "NULL"}, n.text)
}

// describe says what n is, for messages.
func (n *node) describe() string {
	switch {
	case n.kind == listNode:
		return "a list"
	case n.kind == mapNode:
		return "a map"
	case n.isNull():
		return "nothing"
	case !n.quoted && (isNumber(n.text) || n.text == "true" || n.text == "false"):
		return abbreviate(n.text)
	}
	return "the text " + strconv.Quote(abbreviate(n.text))
}

// abbreviate keeps hostile input out of messages.
func abbreviate(text string) string { return shorten(text, 40) }

func shorten(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return fmt.Sprintf("%s…", string(runes[:limit]))
}
