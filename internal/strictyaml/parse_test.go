package strictyaml

import (
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "x.yaml:1:1: is empty; a map of keys and values is needed"},
		{"# nothing\n", "x.yaml:1:1: is empty; a map of keys and values is needed"},
		{"---\n", "x.yaml:1:1: is empty; a map of keys and values is needed"},
		{"- a", "x.yaml:1:1: found a list; a map of keys and values is needed"},
		{"text", `x.yaml:1:1: found text; a map of keys and values is needed`},
		{"12", "x.yaml:1:1: found text; a map of keys and values is needed"},
		{"a: 1\n---\nb: 1", "x.yaml:3:1: a second document begins; a file holds one"},
		{"a: *b", "x.yaml:1:4: aliases (*) are not supported; write the value out"},
		{"a: &b 1\nc: !!int 1", "x.yaml:1:4: anchors (&) are not supported\nx.yaml:2:4: tags (!) are not supported; the key decides the type"},
		{"<<: {a: 1}", "x.yaml:1:1: merge keys (<<) are not supported; use extends"},
		{"%YAML 1.2\n---\na: 1", "x.yaml:1:1: directives (%) are not supported"},
		{"? a\n: b", "x.yaml:1:1: complex keys (?) are not supported"},
		{"{[a]: b}", "x.yaml:1:5: found an invalid key for this map"},
		{"a:\n\tb: 1", "x.yaml:2:1: a tab in the indentation; use spaces"},
		{"a:\n  b: 1\n \tc: 1", "x.yaml:3:2: a tab in the indentation; use spaces"},
		{"a: \xff", "x.yaml:1:1: the line is not UTF-8"},
		{"a: [1, 2", "x.yaml:1:4: sequence end token ']' not found"},
		{"a: b: c", "x.yaml:1:4: mapping value is not allowed in this context"},
		{"a: " + strings.Repeat("[", 100), "x.yaml:1:68: is nested more than 64 levels deep"},
		{strings.Repeat("- ", 100), "x.yaml:1:129: is nested more than 64 levels deep"},
		{strings.Repeat("a: 1\n", 20000), "x.yaml:1001:2: has more than 1000 keys"},
		{strings.Repeat("k", 101) + ": 1", "x.yaml:1:102: a key is longer than 100 bytes"},
		{"a: |\n x" + strings.Repeat("\n", 60), "x.yaml:53:1: more than 50 blank lines"},
		{"a: '" + strings.Repeat("\t", 60) + "'", "x.yaml:1:1: more than 50 tabs in a line"},
		{"a: " + strings.Repeat("<", 60), "x.yaml:1:1: 50 < in a row"},
		{"a: " + strings.Repeat("]", 100) + strings.Repeat("[", 100), "x.yaml:1:168: is nested more than 64 levels deep"},
		{"extends: " + strings.Repeat("x", 5000), "x.yaml:1:10: extends: the name of a file is longer than 4096 bytes"},
		{nested(80), "x.yaml:65:65: is nested more than 64 levels deep"},
	} {
		document, err := Load(files{"x.yaml": c.text}.open, "x.yaml")
		if err == nil {
			err = document.sorted()
		}
		if err == nil {
			t.Errorf("%q is accepted", abbreviate(c.text))
			continue
		}
		wantErrors(t, err, c.want)
	}
}

// nested is a map in a map and so on.
func nested(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestParseCountsLinesAndColumns(t *testing.T) {
	for text, want := range map[string]place{
		"a: x":                       {"f", 1, 4},
		"b: 1\r\na: x\r\n":           {"f", 2, 4},
		"b: 1\r\ra: x\r":             {"f", 3, 4},
		"\ufeffa: x":                 {"f", 1, 4},
		"b: [é, ü]\na: x":            {"f", 2, 4},
		"{é: 1, a: x}":               {"f", 1, 11},
		"b: |\n  one\n  two\n\na: x": {"f", 5, 4},
		"b: 'x\n  y'\na:\n  x":       {"f", 4, 3},
		"# c\n\n---\na:   x # c":     {"f", 4, 6},
	} {
		root, errs := parse("f", []byte(text))
		if errs != nil {
			t.Errorf("%q: %v", text, errs)
		} else if got := root.lookup("a").value; got.at != want || got.text != "x" {
			t.Errorf("%q: got %q at %v, want x at %v", text, got.text, got.at, want)
		}
	}
}
