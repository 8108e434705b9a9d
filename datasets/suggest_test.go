package datasets

import (
	"fmt"
	"strings"
	"testing"
)

func TestAlternatives(t *testing.T) {
	known := []string{"eruptions", "waiting", ""}
	for found, want := range map[string]string{
		"eruption":    `, did you mean "eruptions"?; it has eruptions, waiting and 1 more`,
		"temperature": "; it has eruptions, waiting and 1 more",
		"":            "; it has eruptions, waiting and 1 more",
	} {
		if got := alternatives(found, known); got != want {
			t.Errorf("%q: %q, want %q", found, got, want)
		}
	}
	var many []string
	for i := range 1000 {
		many = append(many, fmt.Sprint("column", i))
	}
	many[3] = strings.Repeat("x", 1<<20)
	got := alternatives(strings.Repeat("y", 1<<20), many)
	if !strings.HasSuffix(got, "column20 and 980 more") || len(got) > 300 {
		t.Errorf("%d bytes: %.400s", len(got), got)
	}
}
