package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"joule/configs"
	"joule/datasets"
)

func TestConfigsList(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(succeed(t, "", "configs", "list")), "\n")
	entries := configs.List()
	if len(lines) != len(entries) {
		t.Fatalf("%d lines for %d configs", len(lines), len(entries))
	}
	for i, e := range entries {
		if !strings.HasPrefix(lines[i], e.Name+" ") || !strings.HasSuffix(lines[i], e.Description) {
			t.Errorf("line %q is not of %s", lines[i], e.Name)
		}
	}
}

// What show prints is a config, with --resolved one without a base and with all the keys.
func TestConfigsShow(t *testing.T) {
	dir := t.TempDir()
	for _, data := range []string{"mnist", "cifar10/train", "cifar10/test"} { // which are looked for, and not read
		if err := os.MkdirAll(filepath.Join(dir, data), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		cmd := command(dir, args...)
		cmd.Env = append(cmd.Env, datasets.EnvDataDir+"="+dir)
		o := finish(t, cmd)
		if o.code != exitOK {
			t.Errorf("joule %v exits with %d:\n%s", args, o.code, o.stderr)
		}
		return o.stdout
	}
	for _, e := range configs.List() {
		source := run("configs", "show", e.Name)
		resolved := run("configs", "show", e.Name, "--resolved")
		if !strings.HasPrefix(source, "# ") || strings.Contains(resolved, "extends") || !strings.Contains(resolved, "beta2") {
			t.Errorf("%s is shown as\n%s\nand resolved as\n%s", e.Name, source, resolved)
		}
		put(t, dir, "shown.yaml", resolved)
		if got, want := run("configs", "validate", "shown.yaml"), "shown.yaml: valid ("+strings.ReplaceAll(e.Name, "/", "-")+")\n"; got != want {
			t.Errorf("validate prints %q, want %q", got, want)
		}
	}
	refuse(t, dir, exitUsage, `there is no config "seed/mel"; did you mean "seed/mle"?`, "configs", "show", "seed/mel")
	refuse(t, dir, exitUsage, "accepts 1 arg(s), received 0; …", "configs", "show")
}

func TestConfigsValidate(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "bad.yaml", "extends: seed/dsm\nseed: -1\nmodel: {hidden: [], activation: relu}\nmethod:\n  sigma: [1]\n  wieghting: none\n")
	refuse(t, dir, exitUsage, strings.Join([]string{
		"bad.yaml:2:7: seed: -1 is negative",
		"bad.yaml:3:17: model.hidden: has 0 entries, which is not at least 1",
		`bad.yaml:3:33: model.activation: "relu" is unknown; did you mean "gelu"?`,
		"bad.yaml:5:10: method.sigma: found a list; a number is needed",
		`bad.yaml:6:3: method.wieghting: unknown key; did you mean "weighting"?`,
	}, "\n"), "configs", "validate", "bad.yaml")
	put(t, dir, "cut.yaml", "method: {kind: dsm\n")
	refuse(t, dir, exitUsage, "cut.yaml:…", "configs", "validate", "cut.yaml")
	refuse(t, dir, exitUsage, "none.yaml: there is no such file, nor a config of that name; …", "configs", "validate", "none.yaml")
	refuse(t, dir, exitUsage, "--set method.sigma=0: 0 is not positive", "configs", "validate", "seed/dsm", "--set", "method.sigma=0")
}
