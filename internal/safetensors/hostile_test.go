package safetensors

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"joule/internal/hostile"
)

// bound is how many bytes may be allocated for each of a file: a header of small tensors becomes many small objects.
const bound = 64

// sameAgain reports tensors that do not come back from the file that they are written to.
func sameAgain(t *testing.T, tensors []Tensor, metadata map[string]string) {
	t.Helper()
	var again bytes.Buffer
	if err := Encode(&again, tensors, metadata); err != nil {
		t.Fatalf("what was read cannot be written: %v", err)
	}
	reread, _, err := decode(again.Bytes())
	if err != nil {
		t.Fatalf("what was written cannot be read: %v", err)
	}
	byName := map[string]Tensor{}
	for _, x := range reread {
		byName[x.Name] = x
	}
	for _, x := range tensors {
		if !x.Equal(byName[x.Name]) {
			t.Errorf("%q changed from %v to %v", x.Name, x, byName[x.Name])
		}
	}
}

func TestHostileFiles(t *testing.T) {
	var file bytes.Buffer
	tensors, metadata := sample()
	if err := Encode(&file, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.safetensors")
	hostile.Check(t, path, bound, func(content []byte) error {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		tensors, metadata, err := Read(path)
		if err == nil {
			sameAgain(t, tensors, metadata)
		}
		return err
	}, file.Bytes(), assemble(`{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"U64","shape":[],"data_offsets":[8,16]}}`, 16))
}
