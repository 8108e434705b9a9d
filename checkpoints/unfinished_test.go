package checkpoints

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestRemoveUnfinished(t *testing.T) {
	f := newFolder(t)
	f.RemoveUnfinished() // of a folder that is not there
	save(t, f, example(5))
	for _, name := range []string{writing + "-step-000000000009", removing + "-step-000000000001"} {
		if err := os.MkdirAll(filepath.Join(f.path(name), "x"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f.RemoveUnfinished()
	entries, err := os.ReadDir(f.path())
	if err != nil || len(entries) != 1 || !slices.Equal(list(t, f), []string{"step-000000000005"}) {
		t.Errorf("there are %v, %v", entries, err)
	}
}
