package cmd

import (
	"runtime/debug"
	"testing"
)

// The version is that of the linker, or of Joule's module; another module's says nothing of Joule.
func TestVersionOf(t *testing.T) {
	for _, c := range []struct {
		linked  string
		program debug.Module
		want    string
	}{
		{"1.2.3", debug.Module{Path: "joule", Version: "v1.0.0"}, "1.2.3"},
		{"1.2.3", debug.Module{Path: "example.org/wells", Version: "(devel)"}, "1.2.3"},
		{"", debug.Module{Path: "joule", Version: "v1.2.3"}, "1.2.3"},
		{"", debug.Module{Path: "joule", Version: "(devel)"}, "dev"},
		{"", debug.Module{Path: "joule"}, "dev"},
		{"", debug.Module{Path: "example.org/wells", Version: "v4.5.6"}, "dev"},
		{"", debug.Module{}, "dev"},
	} {
		if got := versionOf(c.linked, c.program); got != c.want {
			t.Errorf("linked %q, module %+v: %q, want %q", c.linked, c.program, got, c.want)
		}
	}
}
