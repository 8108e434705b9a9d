package strictyaml

import (
	"strings"
	"testing"
)

type taking struct {
	Name string `yaml:"name"`
	Any  Tree   `yaml:"any"`
}

const takingText = `name: x
any:
  b.c: [1, 2.5, "3", {kind: rings, path: "a, b"}]
  a: true
  "odd: key": text
  empty:
`

func loadText(t *testing.T, text string) *Document {
	t.Helper()
	d, err := Load(func(string, string) (string, []byte, error) { return "f.yaml", []byte(text), nil }, "f.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A tree has what is in the file, in its order, and its text is read back as the same.
func TestTree(t *testing.T) {
	d := loadText(t, takingText)
	var v taking
	if err := d.Decode(&v, NewRegistry()); err != nil {
		t.Fatal(err)
	}
	const want = `{b.c: [1, 2.5, "3", {kind: rings, path: "a, b"}], a: true, "odd: key": text, empty: null}`
	if got := v.Any.Text(); got != want {
		t.Errorf("text %s, want %s", got, want)
	}
	entries, ok := v.Any.Entries()
	if !ok || len(entries) != 4 || entries[0].Key != "b.c" || entries[3].Value.IsGiven() || !entries[1].Value.IsGiven() {
		t.Fatalf("entries %v", entries)
	}
	items, ok := entries[0].Value.Items()
	if text, isScalar := items[2].Scalar(); !ok || len(items) != 4 || !isScalar || text != "3" {
		t.Errorf("items %v", items)
	}
	if e := items[1].Fault("any.b.c[1]", "is odd"); e.Error() != "f.yaml:3:12: any.b.c[1]: is odd" {
		t.Errorf("fault %v", e)
	}
	again := loadText(t, d.Text())
	var w taking
	if err := again.Decode(&w, NewRegistry()); err != nil || w.Name != "x" || w.Any.Text() != want {
		t.Errorf("%+v, %v read back from\n%s", w, err, d.Text())
	}
	var none Tree
	if none.IsGiven() || none.Text() != "" || none.Describe() != "nothing" {
		t.Error("of no tree")
	}
}

// A long tree is written in several lines, as the same.
func TestDocumentText(t *testing.T) {
	long := strings.Repeat("abcdefgh ", 6)
	d := loadText(t, "name: x\nany:\n  a: {b: '"+long+"', c: ['"+long+"', '"+long+"', {d: '"+long+"', e: '"+long+"'}]}\n")
	text := d.Text()
	if strings.Count(text, "\n") < 7 {
		t.Errorf("lines are too long:\n%s", text)
	}
	if again := loadText(t, text).Text(); again != text {
		t.Errorf("another text:\n%s\n%s", text, again)
	}
	var v, w taking
	if err := d.Decode(&v, NewRegistry()); err != nil {
		t.Fatal(err)
	}
	if err := loadText(t, text).Decode(&w, NewRegistry()); err != nil || v.Any.Text() != w.Any.Text() {
		t.Errorf("%v:\n%s\n%s", err, v.Any.Text(), w.Any.Text())
	}
}

// A tree that is put into another document is reported at its own place, and leaves the document it was put into a clone of.
func TestPut(t *testing.T) {
	d := loadText(t, takingText)
	var v taking
	if err := d.Decode(&v, NewRegistry()); err != nil {
		t.Fatal(err)
	}
	entries, _ := v.Any.Entries()
	into, err := Load(func(string, string) (string, []byte, error) { return "g.yaml", []byte("name: y\n"), nil }, "g.yaml")
	if err != nil {
		t.Fatal(err)
	}
	clone := into.Clone()
	clone.Put("name", entries[0].Value)
	err = clone.Decode(&taking{}, NewRegistry())
	if err == nil || err.Error() != "f.yaml:3:8: name: found a list; text is needed" {
		t.Errorf("error %v", err)
	}
	if err := into.Decode(&taking{}, NewRegistry()); err != nil {
		t.Errorf("the original: %v", err)
	}
}
