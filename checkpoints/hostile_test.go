package checkpoints

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"joule/internal/hostile"
)

// bound is how many bytes may be allocated for each of a file.
const bound = 100

// Files of strangers: each of the two is malformed in a thousand ways, with its own checksum and with the right one.
func TestHostileFiles(t *testing.T) {
	f, e := saved(t)
	for _, file := range []string{manifestFile, stateFile} {
		path := f.path(e.name, file)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		load := func(content []byte) error {
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
			got, err := f.Load(e)
			if want := example(e.Step); err == nil && !reflect.DeepEqual(got, want) {
				t.Errorf("%.200q is taken for %+v", content, got)
			}
			return err
		}
		hostile.Check(t, path, bound, load, whole)
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// Whoever forges a checkpoint forges its checksums, too.
	c := example(5)
	c.Tensors = nil
	text, err := json.Marshal(manifest{Format: format, Checkpoint: c, State: file{Bytes: 1, SHA256: sumOf(nil)}})
	if err != nil {
		t.Fatal(err)
	}
	path := f.path(e.name, manifestFile)
	hostile.Check(t, path, bound, func(content []byte) error {
		signed := append(content[:len(content):len(content)], beforeSum...)
		signed = append(append(signed, sumOf(signed)...), afterSum...)
		if err := os.WriteFile(path, signed, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := f.Manifest(e)
		return err
	}, text, text[:len(text)-1])
}
