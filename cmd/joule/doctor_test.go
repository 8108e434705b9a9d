package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"joule/backends"
)

func TestDoctor(t *testing.T) {
	out := succeed(t, "", "doctor")
	for _, want := range []string{"joule      ", "gomlx v", "processor  ", "memory     ", "nvidia     ", "BACKEND", "\ngo         self-test passed\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("doctor does not print %q:\n%s", want, out)
		}
	}
	refuse(t, "", exitUsage, `unknown command "x" for "joule doctor"; usage: joule doctor [flags]`, "doctor", "x")
}

func TestBackendList(t *testing.T) {
	var list []backends.Candidate
	if err := json.Unmarshal([]byte(succeed(t, "", "backend", "list", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	last := list[len(list)-1]
	if last.Spec != "go" || !last.Usable || last.Devices != 1 {
		t.Errorf("the last backend is %+v", last)
	}
	table := succeed(t, "", "backend", "list")
	for _, c := range list {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(c.Spec) + ` +(yes|no) `).MatchString(table) {
			t.Errorf("%s is not in the table:\n%s", c.Spec, table)
		}
	}
	refuse(t, "", exitUsage, `invalid argument "tpu" for "joule backend install"; usage: joule backend install cpu|cuda [flags]`, "backend", "install", "tpu")
	refuse(t, "", exitUsage, "accepts 1 arg(s), received 0; …", "backend", "install")
}

func TestVersion(t *testing.T) {
	out := succeed(t, "", "version")
	if !regexp.MustCompile(`^joule \S+\ngo1\.\S+ \S+/\S+\ncompute v0\.1\.3\ngo-xla v0\.4\.2\ngomlx v0\.28\.3\n$`).MatchString(out) {
		t.Errorf("version prints\n%s", out)
	}
}
