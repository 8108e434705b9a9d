// Package python runs the Python packages that Joule's files are made for, in tests: what is written for them is read by them.
package python

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Need returns the path of a Python interpreter that has the packages of tests/python/requirements.txt: that of the environment
// variable JOULE_TEST_PYTHON, or of the virtual environment that `make python` leaves. Without one the test is skipped; with
// JOULE_REQUIRE_PYTHON set, as in CI, it fails instead: nothing is skipped unseen.
func Need(t testing.TB) string {
	t.Helper()
	path := os.Getenv("JOULE_TEST_PYTHON")
	if path == "" {
		path = filepath.Join(root(t), ".venv-tests", "bin", "python")
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("JOULE_REQUIRE_PYTHON") != "" {
			t.Fatalf("no Python for the tests (make python installs it): %v", err)
		}
		t.Skipf("no Python for the tests (make python installs it): %v", err)
	}
	return path
}

// Run runs the script, a file of tests/python, and returns what it wrote to stdout. The test fails where the script does, or where it
// takes longer than five minutes.
func Run(t testing.TB, script string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, Need(t), append([]string{filepath.Join(root(t), "tests", "python", script)}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", script, err, out, stderr.String())
	}
	return string(out)
}

// root is the directory of the module, looked for upward from that of the package under test.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "tests", "python")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no directory tests/python above that of the test")
		}
	}
}
