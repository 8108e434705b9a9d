package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"joule/backends"
	"joule/doctor"
)

func TestDoctor(t *testing.T) {
	out := succeed(t, "", "doctor")
	for _, want := range []string{"joule      ", "gomlx v", "processor  ", "memory     ", "nvidia     ", "BACKEND", "\ngo         self-test passed\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("doctor does not print %q:\n%s", want, out)
		}
	}
	var report doctor.Report
	if err := json.Unmarshal([]byte(succeed(t, "", "doctor", "--json")), &report); err != nil {
		t.Fatal(err)
	}
	if report.System.Go == "" || len(report.Backends) == 0 || report.Disks[0].Free == 0 || !slices.Contains(report.SelfTests, doctor.SelfTest{Spec: "go", Passed: true}) {
		t.Errorf("got %+v", report)
	}
	refuse(t, "", exitUsage, `unknown command "x" for "joule doctor"; usage: joule doctor [flags]`, "doctor", "x")
}

// A plugin that is named and does not open is reported, with what to do, by exit code 3.
func TestDoctorOfBadPlugin(t *testing.T) {
	dir := t.TempDir()
	cmd := command(dir, "doctor", "--json")
	cmd.Env = append(cmd.Env, backends.EnvCPUPlugin+"="+put(t, dir, "plugin.so", "text"))
	o := finish(t, cmd)
	var report doctor.Report
	if err := json.Unmarshal([]byte(o.stdout), &report); err != nil {
		t.Fatal(err)
	}
	if o.code != exitBackend || !strings.Contains(o.stderr, "not a shared library") || len(report.Findings) == 0 ||
		report.Findings[0].Kind != doctor.Unavailable || !strings.Contains(report.Findings[0].Do, backends.EnvCPUPlugin) {
		t.Errorf("it exits with %d: %s%+v", o.code, o.stderr, report.Findings)
	}
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
