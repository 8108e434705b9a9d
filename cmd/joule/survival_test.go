package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// --resume=auto touches nothing that is not a run's.
func TestAutoLeavesFilesOfTheUser(t *testing.T) {
	for name, content := range map[string]string{"config.yaml": "extends: old-faithful/dsm # mine\n", "notes.txt": "mine"} {
		dir := t.TempDir()
		put(t, dir, name, content)
		o := joule(t, "", append([]string{"train", "old-faithful/dsm", "--out", dir, "--resume=auto"}, tiny...)...)
		if o.code != exitFailed || read(t, dir, name) != content || len(names(t, dir)) > 2 {
			t.Errorf("%s: %+v, and there are %v", name, o, names(t, dir))
		}
	}
}

// A checkpoint of another version is not passed over, nor is the start taken for a good checkpoint where all are damaged.
func TestAutoPassesOverDamageAlone(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole")
	args := append([]string{"train", "two-gaussians/dsm", "--quiet"}, tiny...)
	succeed(t, "", append(args, "--out", whole)...)
	for what, test := range map[string]struct {
		step string // the only one that is left good; none: all are damaged
		want string
	}{
		"all": {"", "; there is no good one before it: --from-step 0 starts from the beginning"},
		"one": {"step-000000000025", ""},
	} {
		run := filepath.Join(t.TempDir(), what)
		if err := os.CopyFS(run, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		for _, step := range names(t, filepath.Join(run, "checkpoints")) {
			if step != test.step {
				put(t, filepath.Join(run, "checkpoints", step), "state.safetensors", "x")
			}
		}
		before := read(t, run, "metrics.jsonl")
		o := joule(t, "", append(args, "--out", run, "--resume=auto")...)
		if (o.code == exitOK) != (test.want == "") || !strings.Contains(o.stderr, test.want) || o.code != exitOK && read(t, run, "metrics.jsonl") != before {
			t.Errorf("%s: %+v", what, o)
		}
	}
}

// What a run was trained with is not what its config.yaml says when that was edited.
func TestResumeNoticesAnEditedConfig(t *testing.T) {
	run := copyRun(t, faithfulRun(t))
	put(t, run, "config.yaml", strings.Replace(read(t, run, "config.yaml"), "learning_rate: ", "learning_rate: 1", 1))
	refuse(t, "", exitFailed, filepath.Join(run, "checkpoints", "step-000000000060")+": config.yaml is not what the run was trained with: it has been changed since, in more than may change",
		"train", "--resume", run, "--set", "train.steps=80")
}

// Metrics are not needed to go on: where they are gone or cannot be read, new ones are begun.
func TestResumeWithoutMetrics(t *testing.T) {
	longer := []string{"--quiet", "--no-figures", "--set", "train.steps=80"}
	gone := copyRun(t, faithfulRun(t))
	if err := os.Remove(filepath.Join(gone, "metrics.jsonl")); err != nil {
		t.Fatal(err)
	}
	succeed(t, "", append([]string{"train", "--resume", gone}, longer...)...)
	if got := read(t, gone, "metrics.jsonl"); !strings.HasPrefix(got, "{\"format\":1}\n{\"step\":80,") {
		t.Errorf("the metrics are %s", got)
	}
	broken := copyRun(t, faithfulRun(t))
	put(t, broken, "metrics.jsonl", "{\"format\":1}\ngarbage\n")
	refuse(t, "", exitFailed, filepath.Join(broken, "metrics.jsonl")+":2: \"garbage\" is not a JSON object; --resume=auto sets these metrics aside and begins new ones",
		append([]string{"train", "--resume", broken}, longer...)...)
	o := joule(t, "", append([]string{"train", filepath.Join(broken, "config.yaml"), "--out", broken, "--resume=auto"}, longer...)...)
	if o.code != exitOK || read(t, broken, "aside-metrics.jsonl") != "{\"format\":1}\ngarbage\n" || !strings.Contains(read(t, broken, "metrics.jsonl"), `"step":80`) {
		t.Errorf("%+v", o)
	}
}

// A run that diverges again and again keeps the checkpoints from before.
func TestDivergingAgainKeepsCheckpoints(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	args := append([]string{"train", "two-gaussians/mle", "--out", run, "--resume=auto"}, tiny...)
	args = append(args, "--set", "method.sampler.steps=3", "--set", "train.keep_last=2", "--set", "train.steps=100000", "--set", "optimizer.schedule=constant",
		"--set", "optimizer.learning_rate=0.01", "--set", "train.health.max_energy_gap=1")
	var first []string
	for i := range 3 {
		if o := joule(t, "", args...); o.code != exitDiverged || !strings.Contains(o.stderr, "energy_gap has gone to ") {
			t.Fatalf("%+v", o)
		}
		got := names(t, filepath.Join(run, "checkpoints"))
		if i == 0 {
			first = got
		} else if fmt.Sprint(got) != fmt.Sprint(first) {
			t.Errorf("after %d times there are %v, at first %v", i+1, got, first)
		}
	}
}

// A signal before the first step ends the program with the code that it has later; one that a wrapper sends twice counts
// once; and one after the training ends it as usual.
func TestSignalsAtAnyTime(t *testing.T) {
	dir := t.TempDir()
	asked := filepath.Join(dir, "asked")
	if err := os.WriteFile(filepath.Join(dir, "scontrol"), []byte("#!/bin/sh\necho \"$@\" >> "+asked+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	// To draw so many data takes seconds, before the first step.
	if err := os.WriteFile(filepath.Join(dir, "x.yaml"), []byte("extends: two-gaussians/dsm\ndata: {size: 20000000}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for s, want := range map[syscall.Signal]int{syscall.SIGTERM: exitInterrupted, syscall.SIGHUP: exitInterrupted, syscall.SIGUSR1: exitRequeue} {
		run := filepath.Join(dir, fmt.Sprint("early", int(s)))
		cmd := command(dir, append([]string{"train", "x.yaml", "--out", run}, tiny...)...)
		cmd.Env = append(cmd.Env, "PATH="+dir, "SLURM_JOB_ID=17")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(600 * time.Millisecond) // it has started, and draws
		_ = cmd.Process.Signal(s)
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Errorf("%v before the first step: exit code %d, want %d", s, code, want)
		}
	}
	if tryRead(asked) != "requeue 17\n" {
		t.Errorf("asked for %q", tryRead(asked))
	}
	run := filepath.Join(dir, "twice")
	cmd := command("", append(append([]string{"train", "two-gaussians/dsm", "--out", run}, tiny...), "--set", "train.steps=100000000")...)
	started(t, cmd, filepath.Join(run, "metrics.jsonl"))
	for range 3 {
		_ = cmd.Process.Signal(syscall.SIGTERM)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || len(names(t, filepath.Join(run, "checkpoints"))) == 0 {
		t.Errorf("SIGTERM three times in a row: exit code %d", code)
	}
}
