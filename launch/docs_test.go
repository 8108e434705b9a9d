package launch

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/scaling.md has every key of a profile and no other, with its default, and a profile that is one.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../docs/scaling.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```text\n(# cluster.yaml\n.*?)```").FindStringSubmatch(string(text))
	if example == nil {
		t.Fatal("there is no example")
	}
	path := filepath.Join(t.TempDir(), "cluster.yaml")
	if err := os.WriteFile(path, []byte(example[1]), 0o644); err != nil {
		t.Fatal(err)
	}
	if p, err := LoadProfile(path); err != nil || p.CPUs != 4 || p.Slurm.Partition != "gpu" || len(p.Variables()) != 1 {
		t.Errorf("the example is %+v, %v", p, err)
	}
	stated := map[string][]string{}
	for _, table := range []string{"| key | type | default | what |", "| key of `slurm` | type | what |"} {
		_, rows, found := strings.Cut(string(text), table+"\n")
		if !found {
			t.Fatalf("there is no table %s", table)
		}
		rows, _, _ = strings.Cut(rows, "\n\n")
		for line := range strings.Lines(rows) {
			cells := strings.Split(line, "|")
			for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[1], -1) {
				stated[table] = append(stated[table], m[1])
			}
			if m := regexp.MustCompile("^\\| `warning` .* `([0-9]+)` \\|").FindStringSubmatch(line); m != nil && m[1] != "120" || NewProfile().Warning != 120 {
				t.Errorf("the default of warning is another: %s", line)
			}
		}
		slices.Sort(stated[table])
	}
	keys := func(of reflect.Type, more ...string) []string {
		for f := range of.Fields() {
			if tag := f.Tag.Get("yaml"); tag != "-" {
				more = append(more, tag)
			}
		}
		slices.Sort(more)
		return more
	}
	if got, want := stated["| key | type | default | what |"], keys(reflect.TypeFor[Profile](), "extends"); !slices.Equal(got, want) {
		t.Errorf("keys %v are documented, and there are %v", got, want)
	}
	if got, want := stated["| key of `slurm` | type | what |"], keys(reflect.TypeFor[SlurmSettings]()); !slices.Equal(got, want) {
		t.Errorf("keys %v of slurm are documented, and there are %v", got, want)
	}
}
