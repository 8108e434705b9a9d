package kept

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type result struct {
	Name  string
	Value float64
}

func TestResultsComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	if got, err := Read[result](path); err != nil || got != nil {
		t.Errorf("%v, %v of no file", got, err)
	}
	want := []result{{"a", 1.5}, {"b", 0}}
	if err := Write(path, want); err != nil {
		t.Fatal(err)
	}
	if got, err := Read[result](path); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if err := os.WriteFile(path, []byte(`[{"Name": 3}]`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read[result](path); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
		t.Errorf("error %v, want one that names %s", err, path)
	}
}

func TestChosen(t *testing.T) {
	all := []string{"a", "b", "c"}
	for list, want := range map[string][]string{"": all, "c,a": {"c", "a"}} {
		if got, err := Chosen("--names", all, list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", list, got, err)
		}
	}
	if _, err := Chosen("--names", all, "a,d"); err == nil || err.Error() != `--names: "d" is none of a, b, c` {
		t.Errorf("error %v", err)
	}
}
