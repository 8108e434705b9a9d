package library

import (
	"encoding/json"
	"go/format"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var block = regexp.MustCompile("(?s)```([a-z]+)\n(.*?)```")

// blocks are the pieces of code of a page in one language.
func blocks(page, language string) (all []string) {
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		if m[1] == language {
			all = append(all, m[2])
		}
	}
	return all
}

// What CONTRIBUTING.md says of a new method works, step by step, in a tree that has what it adds laid over it.
func TestContributing(t *testing.T) {
	page := read(t, root(t), "CONTRIBUTING.md")
	code, config := blocks(page, "go"), blocks(page, "yaml")
	if len(code) != 3 || len(config) != 1 {
		t.Fatalf("CONTRIBUTING.md has %d pieces of Go and %d configs; want the method, its name and its test, and a config", len(code), len(config))
	}
	method, name, test := code[0], code[1], code[2]

	_, own, _ := strings.Cut(method, "\n)\n\n")
	example, err := format.Source([]byte(strings.ReplaceAll(read(t, root(t), "trainers", "example_method_test.go"), "trainers.", "")))
	if err != nil {
		t.Fatal(err)
	}
	if own == "" || !strings.Contains(string(example), own) {
		t.Error("the method is not that of trainers/example_method_test.go")
	}

	dir := t.TempDir()
	trainers := filepath.Join(root(t), "trainers")
	kinds := read(t, trainers, "trainers.go")
	const first = "var Kinds = map[string]func() Method{\n"
	if !strings.Contains(kinds, first) {
		t.Fatalf("trainers.go has no %q", first)
	}
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(trainers, "non_negative.go"):      write(t, method, dir, "method.go"),
		filepath.Join(trainers, "non_negative_test.go"): write(t, test, dir, "test.go"),
		filepath.Join(trainers, "trainers.go"):          write(t, strings.Replace(kinds, first, first+name, 1), dir, "kinds.go"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	overlay := "-overlay=" + write(t, string(replaced), dir, "overlay.json")
	for _, file := range []string{"method.go", "test.go", "kinds.go"} {
		if got := succeed(t, dir, "gofmt", "-l", file); got != "" {
			t.Errorf("gofmt would change %s", file)
		}
	}

	succeed(t, root(t), "go", "vet", overlay, "./trainers")
	if out := succeed(t, root(t), "go", "test", overlay, "-v", "-run", "NonNegative", "./trainers"); !strings.Contains(out, "--- PASS: TestNonNegativeLoss/go") {
		t.Errorf("the test of the method did not run:\n%s", out)
	}
	joule := filepath.Join(dir, "joule")
	succeed(t, root(t), "go", "build", overlay, "-o", joule, "./cmd/joule")
	write(t, config[0], dir, "waiting.yaml")
	succeed(t, dir, joule, "train", "waiting.yaml", "--backend", "go", "--out", "runs/waiting", "--quiet", "--no-figures")
	if out := succeed(t, dir, joule, "eval", "runs/waiting"); !strings.Contains(out, "log Z") {
		t.Errorf("joule eval prints\n%s", out)
	}
	refused, err := exec.Command(joule, "train", filepath.Join(dir, "waiting.yaml"), "--backend", "go", "--set", "data.standardize=true",
		"--out", filepath.Join(dir, "refused"), "--quiet").CombinedOutput()
	if err == nil || !strings.Contains(string(refused), "method non_negative needs data from 0 on: coordinate 1 goes down to -") {
		t.Errorf("data below 0: %v\n%s", err, refused)
	}
}
