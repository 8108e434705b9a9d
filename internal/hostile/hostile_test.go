package hostile

import (
	"bytes"
	"slices"
	"testing"
)

func TestFilesAreManyAndAlwaysTheSame(t *testing.T) {
	valid := [][]byte{[]byte(`{"a": [1, 2.5], "b": "text"}`), {0, 1, 2, 3, 4, 5, 6, 7}, nil}
	keep := bytes.Clone(valid[0])
	first, second := slices.Collect(Files(7, 500, valid...)), slices.Collect(Files(7, 500, valid...))
	if !slices.EqualFunc(first, second, bytes.Equal) {
		t.Error("the same seed gives other files")
	}
	if slices.EqualFunc(first, slices.Collect(Files(8, 500, valid...)), bytes.Equal) {
		t.Error("another seed gives the same files")
	}
	if !bytes.Equal(valid[0], keep) {
		t.Errorf("the valid file has become %q", valid[0])
	}
	different := map[string]bool{}
	for _, file := range first {
		different[string(file)] = true
		if len(file) > largest {
			t.Errorf("a file of %d bytes", len(file))
		}
	}
	if len(first) != 500 || len(different) < 300 {
		t.Errorf("%d files, %d different ones", len(first), len(different))
	}
}
