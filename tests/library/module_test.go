package library

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"joule/internal/backendtest"
)

// root is the folder of the module joule.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, text string, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// command is a command in a folder. Go takes nothing from the network.
func command(dir, name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	return c
}

// succeed runs a command, and returns what it prints.
func succeed(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := command(dir, name, args...)
	var errors strings.Builder
	c.Stderr = &errors
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, errors.String())
	}
	return string(out)
}

// examples are the files of packages that show how these are used from other modules.
var examples = []string{"trainers/example_test.go", "trainers/example_method_test.go", "models/example_test.go", "samplers/example_test.go",
	"inference/example_test.go", "inference/batching/example_test.go"}

// module makes another module with the files of testdata/wells and the examples of the packages. Its requirements are those of joule,
// which a go mod tidy with a network would find.
func module(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/wells")); err != nil {
		t.Fatal(err)
	}
	for _, example := range examples {
		write(t, read(t, root(t), example), dir, "examples", example)
	}
	requirements := strings.Replace(read(t, root(t), "go.mod"), "module joule\n", "module example.org/wells\n", 1)
	write(t, requirements+"\nrequire joule v0.0.0\n\nreplace joule => "+root(t)+"\n", dir, "go.mod")
	write(t, read(t, root(t), "go.sum"), dir, "go.sum")
	return dir
}

// Another module compiles all examples, trains with kinds of its own by a config, and has a command line that knows them, whose runs it
// opens again.
func TestAnotherModule(t *testing.T) {
	dir := module(t)
	succeed(t, dir, "go", "vet", "./...")
	succeed(t, dir, "go", "build", "-o", "wells", ".")

	recipe := blocks(read(t, root(t), "docs", "library.md"), "sh")
	if len(recipe) != 2 || !strings.Contains(recipe[1], "go build -o joule") {
		t.Fatal("docs/library.md has no recipe for a command line of one's own as its second piece of shell")
	}
	succeed(t, dir, "sh", "-e", "-c", recipe[1])
	joule, wells := filepath.Join(dir, "joule"), filepath.Join(dir, "wells")

	for _, backend := range []string{"go", "xla:cpu"} {
		t.Run(backend, func(t *testing.T) {
			backendtest.Open(t, backend)
			if got := succeed(t, dir, wells, "train", "wells.yaml", backend); got != "log_height 3\nlog_width 2\n" {
				t.Errorf("it learned\n%s", got)
			}
			run := filepath.Join(t.TempDir(), "run")
			succeed(t, dir, joule, "train", "wells.yaml", "--backend", backend, "--set", "data.standardize=true", "--out", run, "--quiet", "--no-figures")
			if got := succeed(t, dir, wells, "score", run, backend, "0", "2", "-2"); got != "3\n0\n0\n" {
				t.Errorf("the energies of the barrier and the wells are\n%s", got)
			}
		})
	}

	// Workers are processes of the same program.
	write(t, "name: wells\nconfig: wells.yaml\nbudget: {steps: 20}\nseeds: 1\nmetrics: [kl]\n", dir, "suite.yaml")
	succeed(t, dir, joule, "bench", "suite.yaml", "--backend", "go", "--out", "suite", "--quiet")
	if got := succeed(t, dir, joule, "bench", "table", "suite", "--rows", "model", "--metric", "steps"); !strings.Contains(got, "double_well") || !strings.Contains(got, "20") {
		t.Errorf("the table of the suite is\n%s", got)
	}

	for assignment, want := range map[string]string{
		"data.height=0.01": `0.01 kT are no barrier; want 0.1 or more`,
		"data.kind=well":   `did you mean "wells"?`,
		"model.depth=1":    "unknown key",
	} {
		out, err := command(dir, joule, "configs", "validate", "wells.yaml", "--set", assignment).CombinedOutput()
		if err == nil || !regexp.MustCompile(regexp.QuoteMeta(want)).Match(out) {
			t.Errorf("--set %s: %v, want %s\n%s", assignment, err, want, out)
		}
	}
}
