package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withRun are the commands that take a run, with flags that they need.
var withRun = map[string][]string{
	"eval": nil, "sample": {"-n", "2"}, "energy": {"--in", "builtin:old_faithful.csv"}, "plot": nil, "report": nil,
}

// copyRun copies a run without its figures, to spoil a file in it.
func copyRun(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "run")
	if err := errors.Join(os.CopyFS(to, os.DirFS(from)), os.RemoveAll(filepath.Join(to, "figures"))); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestCommandsRefuseWhatIsNoRun(t *testing.T) {
	run := faithfulRun(t)
	started := copyRun(t, run)
	if err := os.Remove(filepath.Join(started, "parameters.safetensors")); err != nil {
		t.Fatal(err)
	}
	cut, misfit := copyRun(t, run), copyRun(t, run)
	whole := read(t, run, "parameters.safetensors")
	put(t, cut, "parameters.safetensors", whole[:len(whole)-4])
	put(t, misfit, "config.yaml", strings.Replace(read(t, run, "config.yaml"), "8", "9", 1))
	broken := copyRun(t, run)
	put(t, broken, "config.yaml", strings.Replace(read(t, run, "config.yaml"), "sigma:", "sgima:", 1))
	dir := t.TempDir()
	for name, flags := range withRun {
		command := append([]string{name}, flags...)
		arguments := "accepts 1 arg(s), received 0; …"
		if name == "plot" || name == "report" {
			arguments = "requires at least 1 arg(s), only received 0; …"
		}
		refuse(t, dir, exitUsage, arguments, command...)
		refuse(t, dir, exitUsage, `unknown flag: --nope; see "joule `+name+` --help"`, append(command, run, "--nope")...)
		refuse(t, dir, exitFailed, "none: there is no such run directory…", append(command, "none")...)
		refuse(t, dir, exitFailed, ".: is not a run directory: it has no config.yaml…", append(command, ".")...)
		refuse(t, dir, exitFailed, binary+": is a file; a run is a directory", append(command, binary)...)
		refuse(t, dir, exitFailed, started+": has no parameters.safetensors, …", append(command, started)...)
		refuse(t, dir, exitFailed, cut+"/parameters.safetensors: …", append(command, cut)...)
		refuse(t, dir, exitFailed, misfit+": the parameters do not fit the model of config.yaml: parameter layers.0.weight has the shape [2 8], and the model needs [2 9]", append(command, misfit)...)
		refuse(t, dir, exitUsage, broken+"/config.yaml:…", append(command, broken)...)
		refuse(t, dir, exitUsage, `backend "gpu" is not known: …`, append(command, run, "--backend", "gpu")...)
		refuse(t, dir, exitBackend, "backend xla:/nonexistent.so: no such file: give the path of an XLA plugin (.so)", append(command, run, "--backend", "xla:/nonexistent.so")...)
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("commands that failed leave %v", left)
	}
}

// A run whose data has changed is no basis for figures.
func TestCommandsRefuseOtherData(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "x.csv", "a,b\n1,2\n3,4\n5,6\n7,8\n2,1\n4,4\n6,5\n8,9\n")
	config := put(t, dir, "x.yaml", "extends: old-faithful/dsm\nname: x\ndata: {path: x.csv, columns: []}\n")
	run := trainSmall(t, dir, config)
	succeed(t, "", "eval", run)
	const then = ": the data is no longer what the run was trained on: 6 training and 2 test points of the columns [a b] from [1 1] to [8 9] then; "
	for _, other := range []struct{ text, now string }{
		{"a,b\n1,2\n3,4\n5,6\n7,8\n2,1\n4,4\n6,5\n", "6, 1, [a b], [1 1] and [7 8] now"},
		{"a,b\n1,2\n3,4\n5,6\n7,8\n2,1\n4,4\n6,5\n8,8\n", "6, 2, [a b], [1 1] and [8 8] now"}, // as many, and not the same
	} {
		put(t, dir, "x.csv", other.text)
		for _, command := range []string{"eval", "plot", "report"} {
			refuse(t, dir, exitFailed, run+then+other.now, command, run)
		}
	}
}
