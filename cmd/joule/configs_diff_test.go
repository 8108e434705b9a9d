package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// diff exits with 0, 1 and 2 as the command of that name, and tells the keys that differ once all is filled in.
func TestConfigsDiff(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "blurred.yaml", "extends: old-faithful/dsm\nname: blurred\nmethod: {sigma: 0.5}\nsampler: {kind: mala}\n")
	put(t, dir, "same.yaml", "extends: blurred.yaml\nmethod: {sigma: 5e-1}\n")

	if o := joule(t, dir, "configs", "diff", "blurred.yaml", "same.yaml"); o.code != exitOK || o.stdout != "" || o.stderr != "" {
		t.Errorf("equal configs: exit code %d, stdout %q, stderr %q", o.code, o.stdout, o.stderr)
	}
	o := joule(t, dir, "configs", "diff", "old-faithful/dsm", "blurred.yaml")
	var lines []string
	for line := range strings.Lines(o.stdout) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	want := []string{"KEY old-faithful/dsm blurred.yaml", "name old-faithful-dsm blurred", "method.sigma 0.15 0.5", "sampler.kind langevin mala"}
	for i, line := range want {
		if i >= len(lines) || lines[i] != line {
			t.Errorf("line %d is not %q in\n%s", i, line, o.stdout)
		}
	}
	if o.code != exitFailed || !strings.Contains(o.stdout, "sampler.temperature ") || !strings.Contains(o.stderr, "joule: old-faithful/dsm and blurred.yaml differ in ") {
		t.Errorf("exit code %d, stderr %q\n%s", o.code, o.stderr, o.stdout)
	}

	o = joule(t, dir, "configs", "diff", "old-faithful/dsm", "blurred.yaml", "--json")
	var list []map[string]any
	if err := json.Unmarshal([]byte(o.stdout), &list); err != nil || o.code != exitFailed {
		t.Fatalf("error %v, exit code %d\n%s", err, o.code, o.stdout)
	}
	values := map[string][2]any{}
	for _, entry := range list {
		values[entry["key"].(string)] = [2]any{entry["a"], entry["b"]}
	}
	for key, want := range map[string][2]any{
		"method.sigma": {0.15, 0.5}, "sampler.kind": {"langevin", "mala"}, "sampler.temperature": {1.0, nil}, "sampler.target_acceptance": {nil, 0.6},
	} {
		if values[key] != want {
			t.Errorf("%s: %v, want %v", key, values[key], want)
		}
	}
	if got := succeed(t, dir, "configs", "diff", "same.yaml", "blurred.yaml", "--json"); got != "[]\n" {
		t.Errorf("equal configs as JSON: %q", got)
	}
}

// A run directory is its config, also where its data are gone; data that are not there do not matter to files either.
func TestConfigsDiffOfRuns(t *testing.T) {
	run := faithfulRun(t)
	o := joule(t, "", "configs", "diff", "old-faithful/dsm", run)
	if o.code != exitFailed || !strings.Contains(o.stdout, "train.steps") || strings.Contains(o.stdout, "method.sigma") {
		t.Errorf("exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	if o := joule(t, "", "configs", "diff", run, filepath.Join(run, "config.yaml")); o.code != exitOK {
		t.Errorf("a run and its config: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	if o := joule(t, "", "configs", "diff", "mnist/mle", "mnist/nce"); o.code != exitFailed || !strings.Contains(o.stdout, "method.kind") {
		t.Errorf("without the data: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}

	dir := t.TempDir()
	put(t, dir, "bad.yaml", "extends: old-faithful/dsm\nseed: -1\n")
	refuse(t, dir, exitUsage, "bad.yaml:2:7: seed: -1 is negative", "configs", "diff", "old-faithful/dsm", "bad.yaml")
	refuse(t, dir, exitUsage, ".: is not a run directory: it has no config.yaml: file does not exist", "configs", "diff", "old-faithful/dsm", ".")
	refuse(t, dir, exitUsage, `old-faithful/dms: there is no such file, nor a config of that name; did you mean "old-faithful/dsm"?`,
		"configs", "diff", "old-faithful/dsm", "old-faithful/dms")
}
