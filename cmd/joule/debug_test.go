package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"joule/backends"
	"joule/internal/backendtest"
	"joule/internal/debugdir"
)

// debugFiles are there, and not empty.
func debugFiles(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		found, err := filepath.Glob(filepath.Join(dir, name))
		if err != nil || len(found) == 0 {
			t.Errorf("there is no %s, %v", name, err)
			continue
		}
		if info, err := os.Stat(found[0]); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", found[0], err)
		}
	}
}

// With --debug a training leaves graph, plans, profiles and times, and the same parameters as without.
func TestDebugTraining(t *testing.T) {
	dir := t.TempDir()
	plain := trainSmall(t, filepath.Join(dir, "plain"), "old-faithful/mle")
	debug := filepath.Join(dir, "debug")
	watched := trainSmall(t, filepath.Join(dir, "watched"), "old-faithful/mle", "--debug", debug)
	if read(t, plain, "parameters.safetensors") != read(t, watched, "parameters.safetensors") {
		t.Error("--debug changes the parameters")
	}
	debugFiles(t, debug, debugdir.Readme, debugdir.Graph, debugdir.CPU, debugdir.Memory, debugdir.Trace, "plan-01.txt")
	if graph := read(t, debug, debugdir.Graph); !strings.Contains(graph, "nodes") || strings.Count(graph, "\n") < 100 {
		t.Errorf("the graph is\n%.500s", graph)
	}
	for _, row := range []string{"loading the data", "opening the backend", "compilation", "steps", "logging", "copying checkpoints", "everything else", "all"} {
		if !strings.Contains(read(t, debug, debugdir.Times), "  "+row) {
			t.Errorf("the times have no row %q:\n%s", row, read(t, debug, debugdir.Times))
		}
	}
	if plan := read(t, debug, "plan-01.txt"); !strings.HasPrefix(plan, "loop over ") || !strings.Contains(plan, "\n  step 0: ") {
		t.Errorf("a plan is\n%.500s", plan)
	}
	o := joule(t, "", "sample", watched, "-n", "3", "--backend", "go", "--debug", debug)
	if o.code != exitUsage || !strings.Contains(o.stderr, "is not empty, and nothing in it is overwritten") || o.stdout != "" {
		t.Errorf("a folder that is there gives %+v", o)
	}
	succeed(t, "", "sample", watched, "-n", "3", "--backend", "go", "-q", "--debug", debug+"-sample")
	debugFiles(t, debug+"-sample", "plan-01.txt", debugdir.CPU)
}

// On XLA there are the programs as they go in and as they come out, and the parameters stay the same, too.
func TestDebugXLA(t *testing.T) {
	backendtest.Open(t, "xla:cpu") // or skip
	xla, err := backends.Open("xla:cpu", backends.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plugin := xla.Plugin // the tests' home has none
	xla.Close()
	dir := t.TempDir()
	train := func(name string, args ...string) string {
		out := filepath.Join(dir, name)
		succeed(t, "", append([]string{"train", "old-faithful/dsm", "--out", out, "--no-figures", "-q", "--backend", "xla:" + plugin,
			"--set", "train.steps=40", "--set", "model.hidden=[8]"}, args...)...)
		return read(t, out, "parameters.safetensors")
	}
	debug := filepath.Join(dir, "debug")
	if train("plain") != train("watched", "--debug", debug) {
		t.Error("--debug changes the parameters")
	}
	debugFiles(t, debug, debugdir.Graph, debugdir.Messages, "program-01.mlir", debugdir.Dumps+"/*before_optimizations.txt", debugdir.Dumps+"/*after_optimizations.txt")
	if text := read(t, debug, "program-01.mlir"); !strings.Contains(text, "stablehlo.") {
		t.Errorf("the program is\n%.300s", text)
	}
}
