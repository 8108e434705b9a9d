package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"joule/internal/safetensors"
	"joule/rundir"
)

func TestTrainLeavesARun(t *testing.T) {
	dir := t.TempDir()
	out := succeed(t, dir, append([]string{"train", "old-faithful/nce", "--seed", "7"}, small...)...)
	run, err := rundir.Open(filepath.Join(dir, strings.TrimSpace(out)))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out, "runs/old-faithful-nce-") {
		t.Errorf("the run is in %q", out)
	}
	want := []string{".lock", "checkpoints", "config.yaml", "dataset.json", "environment.json", "figures", "metrics.jsonl", "parameters.safetensors", "result.json"}
	if got := names(t, run.Dir()); !slices.Equal(got, want) {
		t.Errorf("the run holds %v", got)
	}
	if got := names(t, filepath.Join(run.Dir(), "figures")); !slices.Equal(got, []string{"energy.png", "samples.png", "training.png"}) {
		t.Errorf("the figures are %v", got)
	}
	if r, err := run.Result(); err != nil || r.Status != rundir.Completed || r.Step != 60 {
		t.Errorf("result %+v, %v", r, err)
	}
	if e, err := run.Environment(); err != nil || e.Seed != 7 || e.Backend.Spec != "go" || e.Finished.IsZero() || e.Go == "" {
		t.Errorf("environment %+v, %v", e, err)
	}
	m, err := run.Metrics()
	if err != nil || len(m.Records) != 3 {
		t.Fatalf("metrics %+v, %v", m, err)
	}
	for i, r := range m.Records {
		for _, name := range []string{"loss", "gradient_norm", "learning_rate", "log_z", "steps_per_second"} {
			if _, given := r.Values[name]; !given || r.Step != int64(20*(i+1)) {
				t.Errorf("record %+v has no %s, or is of another step", r, name)
			}
		}
	}
	config := read(t, run.Dir(), "config.yaml")
	for _, line := range []string{"name: old-faithful-nce", "seed: 7", "backend: go", "  steps: 60", "hidden: [8]", "noise_ratio: 4"} {
		if !strings.Contains(strings.ReplaceAll(config, "\n    - 8", " [8]"), line) {
			t.Errorf("config.yaml has no %q:\n%s", line, config)
		}
	}
}

// The resolved config of a run is a config, and gives the same run again.
func TestTrainTwiceGivesTheSameBytes(t *testing.T) {
	for _, config := range []string{"old-faithful/mle", "two-gaussians/fisher"} {
		sets := []string{"--set", "train.steps=20"}
		if config == "old-faithful/mle" {
			sets = append(sets, "--set", "method.sampler.steps=3")
		}
		first := trainSmall(t, t.TempDir(), config, sets...)
		again := filepath.Join(t.TempDir(), "again")
		succeed(t, "", "train", filepath.Join(first, "config.yaml"), "--out", again, "--no-figures", "--quiet")
		if read(t, first, "parameters.safetensors") != read(t, again, "parameters.safetensors") {
			t.Errorf("%s: the same config and seed give other parameters", config)
		}
		other := trainSmall(t, t.TempDir(), config, append(sets, "--seed", "1")...)
		if read(t, first, "parameters.safetensors") == read(t, other, "parameters.safetensors") {
			t.Errorf("%s: another seed gives the same parameters", config)
		}
	}
}

func TestTrainRefuses(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "bad.yaml", "extends: old-faithful/dsm\nmethod: {sgima: 1}\ntrain: {steps: many}\n")
	run := faithfulRun(t)
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "a CONFIG is missing; usage: joule train [CONFIG] [flags]", nil},
		{exitUsage, `unknown flag: --steps; see "joule train --help"`, []string{"old-faithful/dsm", "--steps", "3"}},
		{exitUsage, `old-faithful/dms: there is no such file, nor a config of that name; did you mean "old-faithful/dsm"?`, []string{"old-faithful/dms"}},
		{exitUsage, "bad.yaml:2:10: method.sgima: unknown key; did you mean \"sigma\"?\nbad.yaml:3:16: train.steps: found the text \"many\"; a whole number is needed", []string{"bad.yaml"}},
		{exitUsage, "--set method.sigma=-1: -1 is not positive", []string{"old-faithful/dsm", "--set", "method.sigma=-1"}},
		{exitUsage, `--set method.sigma=wide: found the text "wide"; a number is needed`, []string{"old-faithful/dsm", "--set", "method.sigma=wide"}},
		{exitUsage, `--set method.sgima=1: unknown key; did you mean "sigma"?`, []string{"old-faithful/dsm", "--set", "method.sgima=1"}},
		{exitUsage, "--set method.sigma: has no value; write KEY=VALUE", []string{"old-faithful/dsm", "--set", "method.sigma"}},
		{exitUsage, "--seed -1: want 0 or more", []string{"old-faithful/dsm", "--seed=-1"}},
		{exitUsage, `backend "gpu" is not known: …`, []string{"old-faithful/dsm", "--backend", "gpu"}},
		{exitBackend, "backend xla:/nonexistent.so: no such file: give the path of an XLA plugin (.so)", []string{"old-faithful/dsm", "--backend", "xla:/nonexistent.so"}},
		{exitFailed, run + ": already holds a run, which is never overwritten: go on with it by --resume, or name another directory with --out", []string{"old-faithful/dsm", "--backend", "go", "--out", run}},
		{exitFailed, ".: is not empty (it has bad.yaml); name a new or empty directory with --out", []string{"old-faithful/dsm", "--backend", "go", "--out", "."}},
		{exitUsage, "--set method.buffer_size=8: is 8, less than train.batch_size 128: each step moves one batch of chains", []string{"old-faithful/mle", "--backend", "go", "--set", "method.buffer_size=8", "--out", "buffer"}},
	} {
		refuse(t, dir, c.code, c.want, append([]string{"train"}, c.args...)...)
	}
}

// Bad data is named with its file and line, before anything is made.
func TestTrainRefusesBadData(t *testing.T) {
	dir := t.TempDir()
	whole := succeed(t, dir, "sample", faithfulRun(t), "-n", "9", "-o", "whole.npy")
	npy := read(t, dir, "whole.npy")
	if whole != "" {
		t.Errorf("sample -o prints %q", whole)
	}
	for _, c := range []struct{ file, content, want string }{
		{"nan.csv", "a,b\n1,2\nNaN,4\n", `nan.csv:3: column "a": "NaN" stands for a missing value, want a value; missing says what to do about it: drop, mean or median`},
		{"text.csv", "a,b\n1,2\n3,x\n", `text.csv:3: column "b": "x" is not a number`},
		{"ragged.csv", "a,b\n1,2\n3\n", "ragged.csv:3: the row has 1 cells, want 2 as on line 1"},
		{"empty.csv", "", "empty.csv: the file is empty, want rows of comma-separated numbers"},
		{"short.npy", npy[:len(npy)-3], "short.npy: the file is truncated: …"},
		{"junk.npy", "not an array", "junk.npy: the file starts with …"},
	} {
		put(t, dir, c.file, c.content)
		config := put(t, dir, "x.yaml", fmt.Sprintf("extends: old-faithful/dsm\ndata: {kind: %s, path: %s}\n", filepath.Ext(c.file)[1:], c.file))
		if strings.HasSuffix(c.file, ".csv") {
			config = put(t, dir, "x.yaml", "extends: old-faithful/dsm\ndata: {path: "+c.file+", columns: []}\n")
		}
		refuse(t, dir, exitFailed, filepath.Join(dir, c.want), "train", config, "--backend", "go")
		if slices.Contains(names(t, dir), "runs") {
			t.Error("a run was made")
		}
	}
}

// Training that diverges ends with a code of its own, and keeps the parameters from before.
func TestTrainKeepsFiniteParametersWhenItDiverges(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	o := joule(t, "", append([]string{"train", "old-faithful/dsm", "--out", out, "--set", "optimizer.learning_rate=1e30"}, small...)...)
	if o.code != exitDiverged || o.stdout != out+"\n" || !strings.HasPrefix(o.stderr, "joule: training diverged: ") || strings.Count(o.stderr, "\n") != 1 {
		t.Errorf("got %+v", o)
	}
	if values := parameters(t, out); slices.ContainsFunc(values, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }) {
		t.Error("the parameters are not finite")
	}
	if result := read(t, out, "result.json"); !strings.Contains(result, `"status": "failed"`) || !strings.Contains(result, "training diverged") {
		t.Errorf("result.json is\n%s", result)
	}
}

func parameters(t *testing.T, run string) (values []float64) {
	t.Helper()
	tensors, _, err := safetensors.Read(filepath.Join(run, "parameters.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range tensors {
		numbers, err := safetensors.Floats(tensor)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, numbers...)
	}
	return values
}

// interrupted trains into out until the metrics file of a run in it has two records, does what is to be done first, and
// sends a signal. It returns the exit code and the last line of standard error.
func interrupted(t *testing.T, out, run string, first func(), sets ...string) (code int, last string) {
	t.Helper()
	args := []string{"train", "old-faithful/dsm", "--backend", "go", "--out", out}
	for _, set := range append([]string{"train.steps=1000000", "train.log_every=20", "train.checkpoint_every=0", "model.hidden=[8]"}, sets...) {
		args = append(args, "--set", set)
	}
	cmd := command("", args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	lines.Scan() // the backend's line: from here on the signal is not lost
	for wait := 0; !strings.Contains(tryRead(filepath.Join(run, "metrics.jsonl")), `"step":40`); wait++ {
		if wait == 3000 {
			_ = cmd.Process.Kill()
			t.Fatal("training logs nothing")
		}
		time.Sleep(20 * time.Millisecond)
	}
	first()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		last += lines.Text() + "\n"
	}
	_ = cmd.Wait()
	_, last, _ = strings.Cut(last, "joule: ")
	return cmd.ProcessState.ExitCode(), last
}

// A signal ends training after the block at hand; what was trained is saved and can be used.
func TestTrainSavesWhenInterrupted(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	code, last := interrupted(t, out, out, func() {})
	if code != exitInterrupted || !strings.HasPrefix(last, "stopped by SIGINT after step ") || strings.Count(last, "\n") != 1 {
		t.Errorf("exit code %d, %q", code, last)
	}
	run, err := rundir.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	result, err := run.Result()
	if err != nil || result.Status != rundir.Interrupted || result.Step < 40 {
		t.Errorf("result %+v, %v", result, err)
	}
	if p, err := run.Parameters(); err != nil || p.Step != result.Step {
		t.Errorf("parameters of step %d, %v; the run has made %d", p.Step, err, result.Step)
	}
	succeed(t, "", "eval", out)
}

// Of several runs the one that cannot be saved says so, in its result and at the end, and the other is saved.
func TestTrainSaysWhatItCannotSave(t *testing.T) {
	group := filepath.Join(t.TempDir(), "runs")
	bad, good := filepath.Join(group, "seed-0"), filepath.Join(group, "seed-1")
	inTheWay := filepath.Join(bad, "parameters.safetensors")
	code, last := interrupted(t, group, good, func() {
		if err := os.MkdirAll(filepath.Join(inTheWay, "a folder"), 0o755); err != nil {
			t.Error(err)
		}
	}, "train.replicas=2")
	if code != exitUnsaved || !strings.HasPrefix(last, "stopped by SIGINT after step ") || !strings.Contains(last, inTheWay) {
		t.Errorf("exit code %d, %q", code, last)
	}
	if result := read(t, bad, "result.json"); !strings.Contains(result, `"status": "failed"`) || !strings.Contains(result, "parameters.safetensors") {
		t.Errorf("the result of the run that is not saved is\n%s", result)
	}
	if result := read(t, good, "result.json"); !strings.Contains(result, `"status": "interrupted"`) {
		t.Errorf("the result of the other run is\n%s", result)
	}
	succeed(t, "", "eval", good)
}

func tryRead(path string) string {
	content, _ := os.ReadFile(path) // not there yet: empty
	return string(content)
}
