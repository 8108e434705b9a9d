package rundir

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// What was being written is removed, and nothing else.
func TestRemoveTemporary(t *testing.T) {
	run, err := Create(filepath.Join(t.TempDir(), "run"), "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	kept := []string{".config.yaml", ".config.yaml.swp", ".lock", ".metrics.jsonl12x", ".notes123", "metrics.jsonl"}
	for _, name := range append(kept[:5:5], ".config.yaml123", ".metrics.jsonl0", ".result.json55", ".parameters.safetensors9") {
		if err := os.WriteFile(filepath.Join(run.Dir(), name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.RemoveTemporary(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(run.Dir())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, kept) {
		t.Errorf("there are %v, want %v", names, kept)
	}
}
