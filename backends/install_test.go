package backends

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// library compiles a shared library that exports GetPjrtApi with the body given, in C.
func library(t *testing.T, body string) string {
	t.Helper()
	dir := t.TempDir()
	source, path := filepath.Join(dir, "plugin.c"), filepath.Join(dir, "plugin.so")
	write(t, source, "#include <stdlib.h>\nvoid *GetPjrtApi(void) { "+body+" }\n")
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", path, source).CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
		t.Skip("no C compiler")
	} else if err != nil {
		t.Fatalf("cc: %v: %s", err, out)
	}
	return path
}

// python puts a program called python3, a shell script, before all others.
func python(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "python3"), "#!/bin/sh\n"+script)
	if err := os.Chmod(filepath.Join(dir, "python3"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// saveWheel is a pip that "downloads" the wheel, and records its arguments. The folder is what follows --dest.
func saveWheel(t *testing.T, wheel string) (args string) {
	args = filepath.Join(t.TempDir(), "args")
	python(t, `echo "$@" >>`+args+`
while [ "$1" != --dest ]; do shift; done
echo Saved
cp `+wheel+` "$2"
`)
	return args
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func onlyFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the plugin folder holds %q, want %q", got, want)
	}
}

// Where go-xla's download is refused, the plugin comes out of pip's wheel, replaces an older one and is found.
func TestInstallCPUThroughPip(t *testing.T) {
	needXLA(t)
	dir := emptyMachine(t)
	plugin := library(t, "return 0;")
	args := saveWheel(t, wheel(t, entry{"p/x.so", read(t, plugin), 0}))
	write(t, filepath.Join(dir, cpuPluginName), "an older plugin")

	var log strings.Builder
	path, err := InstallCPU(t.Context(), &log, InstallOptions{})
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	if want := filepath.Join(dir, cpuPluginName); path != want || read(t, path) != read(t, plugin) {
		t.Errorf("installed %s, want the wheel's library at %s", path, want)
	}
	if found, err := cpuPlugin(); err != nil || found != path {
		t.Errorf("found %s, %v", found, err)
	}
	onlyFiles(t, dir, cpuPluginName)
	if !strings.Contains(read(t, args), "-m pip download --disable-pip-version-check --no-input --no-deps --only-binary=:all: --require-hashes --dest ") {
		t.Errorf("pip was called with %s", read(t, args))
	}
	for _, line := range []string{"fetching an XLA CPU plugin with go-xla's installer\n", "fetching the Python package lammps-jax-pjrt-cpu==0.11.2 with pip\nSaved\n"} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("%q is missing in the log:\n%s", line, &log)
		}
	}
}

func TestInstallCPURefused(t *testing.T) {
	needXLA(t)
	dir := emptyMachine(t)
	python(t, "echo looking; echo 'ERROR: No matching distribution found' >&2; exit 1\n")
	write(t, filepath.Join(dir, cpuPluginName), "an older plugin")
	var log strings.Builder
	_, err := InstallCPU(t.Context(), &log, InstallOptions{})
	if err == nil {
		t.Fatal("no error")
	}
	got := err.Error()
	for _, part := range []string{
		"no XLA CPU plugin could be installed (go-xla's installer: failed to fetch release data from ",
		"; pip, lammps-jax-pjrt-cpu==0.11.2: No matching distribution found; pip, xla-cpu-pjrt==0.0.1: No matching distribution found); ",
		"everything runs without one on the backend go, more slowly",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is missing in %q", part, got)
		}
	}
	if strings.Contains(got, "\n") {
		t.Errorf("more than one line: %q", got)
	}
	onlyFiles(t, dir, cpuPluginName)
	if read(t, filepath.Join(dir, cpuPluginName)) != "an older plugin" {
		t.Error("the older plugin is gone")
	}
}

func TestInstallCPUBadWheel(t *testing.T) {
	needXLA(t)
	dir := emptyMachine(t)
	saveWheel(t, wheel(t, entry{"p/x.so", "text", 0}))
	_, err := InstallCPU(t.Context(), &strings.Builder{}, InstallOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "x.whl: the plugin in it is not a shared library") {
		t.Errorf("got %v", err)
	}
	onlyFiles(t, dir)
}

func TestInstallCPUInterrupted(t *testing.T) {
	needXLA(t)
	dir := emptyMachine(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := InstallCPU(ctx, &strings.Builder{}, InstallOptions{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	onlyFiles(t, dir)
}

// go-xla's installer gets its global state back.
func TestInstallerRestoresGlobals(t *testing.T) {
	needXLA(t)
	emptyMachine(t)
	t.Setenv("TMPDIR", "/somewhere")
	stdout := os.Stdout
	if _, err := InstallCUDA(t.Context(), &strings.Builder{}, InstallOptions{}); err == nil {
		t.Fatal("no error")
	}
	if os.Stdout != stdout || os.Getenv("TMPDIR") != "/somewhere" {
		t.Errorf("standard output %v, TMPDIR %s", os.Stdout, os.Getenv("TMPDIR"))
	}
}

func TestInstallCUDARefused(t *testing.T) {
	needXLA(t)
	dir := emptyMachine(t)
	_, err := InstallCUDA(t.Context(), &strings.Builder{}, InstallOptions{})
	if err == nil || !strings.HasPrefix(err.Error(), "no XLA CUDA plugin could be installed (go-xla's installer: failed to fetch ") ||
		!strings.HasSuffix(err.Error(), "); xla:cpu and go work without one") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	onlyFiles(t, dir)
}

// A failed installation leaves the one that was there; a good one replaces it.
func TestInstallCUDAKeepsOrReplaces(t *testing.T) {
	needXLA(t)
	dir, plugin := emptyMachine(t), library(t, "return 0;")
	withNVIDIA(t, dir)
	installed := filepath.Join(dir, cudaSubdir, "pjrt_c_api_cuda_plugin.so")
	if err := os.MkdirAll(filepath.Dir(installed), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, installed, "old")
	fill := func(err error) func(string, string) error {
		return func(lib, _ string) error {
			if e := os.MkdirAll(filepath.Join(lib, "nvidia"), 0o755); e != nil {
				return e
			}
			copyFile(t, filepath.Join(lib, "nvidia", "pjrt_c_api_cuda_plugin.so"), plugin)
			return err
		}
	}
	if _, err := installCUDA(dir, fill(errors.New("cut off"))); err == nil || read(t, installed) != "old" {
		t.Errorf("after a failure (%v) the old plugin is gone", err)
	}
	path, err := installCUDA(dir, fill(nil))
	if err != nil || path != installed || read(t, path) != read(t, plugin) {
		t.Errorf("installed %s, %v", path, err)
	}
	onlyFiles(t, dir, "cuda")
	if found, err := cudaPlugin(); err != nil || found != installed {
		t.Errorf("found %s, %v", found, err)
	}
}
