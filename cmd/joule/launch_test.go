package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"joule/results"
)

// What is launched on this machine leaves what joule bench leaves, and nothing is done twice.
func TestLaunchLocal(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "s.yaml", tinySuite+`seeds: 3
grid: {config: [two-gaussians/dsm, two-gaussians/fisher], data.kind: [two_gaussians, checkerboard]}
`)
	put(t, dir, "p.yaml", "runs_a_task: 2\nat_once: 2\nsetup: [export JOULE_GREETING=hello]\nenvironment: {JOULE_OTHER: \"it's\"}\n")
	args := []string{"launch", "s.yaml", "--backend", "go", "--profile", "p.yaml", "--out", "out"}
	dry := succeed(t, dir, append(args, "--dry-run")...)
	if !strings.Contains(dry, "6 tasks to hand in, 0 done") || !strings.Contains(dry, "# task 1: dsm/two_gaussians/seed-2\n") || !strings.Contains(dry, "launch task "+filepath.Join(dir, "out")+" 5 >>") {
		t.Errorf("a dry run prints\n%s", dry)
	}
	if slices.Contains(names(t, dir), "out") {
		t.Error("a dry run leaves something")
	}
	if got := succeed(t, dir, append(args, "-q")...); got != "out\n" {
		t.Errorf("it prints %q", got)
	}
	got := rowsOf(t, filepath.Join(dir, "out"))
	succeed(t, dir, "bench", "s.yaml", "--backend", "go", "-q", "--out", "bench")
	want := rowsOf(t, filepath.Join(dir, "bench"))
	if len(got) != 12 || len(want) != 12 {
		t.Fatalf("%d and %d rows", len(got), len(want))
	}
	for run, r := range want {
		if own := got[run]; own == nil || own.Key != r.Key || own.Status != r.Status || own.Metrics["kl"] != r.Metrics["kl"] || own.Metrics["test_nll"] != r.Metrics["test_nll"] {
			t.Errorf("%s: launched %+v, by joule bench %+v", run, own, r)
		}
	}
	if read(t, dir, "out/suite.yaml") != read(t, dir, "bench/suite.yaml") {
		t.Error("suite.yaml differs")
	}
	status := succeed(t, dir, "launch", "status", "out")
	if status != "suite tiny on local: out\n6 tasks: 6 done\n9 runs, 9 ended: 9 completed\n" {
		t.Errorf("status prints\n%s", status)
	}
	before := read(t, dir, "out/journal.jsonl")
	o := joule(t, dir, args...)
	if o.code != exitOK || o.stdout != "out\n" || !strings.Contains(o.stderr, "nothing to hand in") {
		t.Errorf("%+v", o)
	}
	succeed(t, dir, "bench", "s.yaml", "--backend", "go", "-q", "--out", "out")
	succeed(t, dir, "launch", "collect", "out", "-q")
	if read(t, dir, "out/journal.jsonl") != before {
		t.Error("what was done was done again")
	}
	if log := joule(t, dir, "launch", "logs", "out", "0-1", "--lines", "1").stdout; strings.Count(log, "==> ") != 2 || !strings.Contains(log, "runs=dsm/two_gaussians/seed-0…1") {
		t.Errorf("logs prints\n%s", log)
	}
	// A larger suite is launched as far as it is new.
	o = joule(t, dir, append(args, "--set", "seeds=4")...)
	if got := rowsOf(t, filepath.Join(dir, "out")); o.code != exitOK || len(got) != 16 || !strings.Contains(o.stderr, "handed_in=2") {
		t.Errorf("%d rows\n%+v", len(got), o)
	}
	if table := succeed(t, dir, "bench", "table", "out", "--metric", "kl"); !strings.Contains(table, "checkerboard") {
		t.Errorf("a table of it is\n%s", table)
	}
}

// A run that fails is a row with its reason, which is made again where that is asked for.
func TestLaunchFailed(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "s.yaml", tinySuite+"grid: {budget.gradient_evaluations: [3000, 10]}\n")
	args := []string{"launch", "s.yaml", "--backend", "go", "--set", "budget.steps=0", "-q"}
	succeed(t, dir, args...)
	out := filepath.Join(dir, "bench", "tiny")
	if r := rowsOf(t, out)["gradient_evaluations=10/seed-0"]; r == nil || r.Status != results.Failed || !strings.Contains(r.Reason, "the budget of the run is 10") {
		t.Errorf("row %+v", r)
	}
	if status := succeed(t, dir, "launch", "status", out); !strings.Contains(status, "2 runs, 2 ended: 1 completed, 1 failed") || !strings.Contains(status, "the budget of the run is 10") {
		t.Errorf("status prints\n%s", status)
	}
	succeed(t, dir, append(args, "--retry")...)
	if status := succeed(t, dir, "launch", "status", out); !strings.Contains(status, "3 tasks: 3 done") {
		t.Errorf("status prints\n%s", status)
	}
}

// A launch that is stopped, cancelled and killed goes on where it was, and comes out as if that had not been.
func TestLaunchStopsAndGoesOn(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "s.yaml", stoppableSuite+"seeds: 2\n")
	args := append(append([]string{"launch"}, stoppable...), "--out", "out")
	run := filepath.Join(dir, "out", "runs", "steps=400000", "seed-1")
	cancel := func() { succeed(t, dir, "launch", "cancel", "out") }
	isGone := func() bool { return strings.Contains(succeed(t, dir, "launch", "status", "out"), "1 missing") }
	for i, way := range []struct {
		name string
		stop func(cmd *os.Process)
	}{
		{"SIGINT", func(p *os.Process) { _ = p.Signal(syscall.SIGINT) }},
		{"cancel", func(*os.Process) { cancel() }},
		{"killed", func(p *os.Process) {
			_ = p.Kill()
			_, _ = p.Wait()
			if status := succeed(t, dir, "launch", "status", "out"); !strings.Contains(status, "1 running") {
				t.Errorf("of a task whose launch was killed status says\n%s", status)
			}
			if o := joule(t, dir, args...); o.code != exitFailed || !strings.Contains(o.stderr, "pending_or_running=1") {
				t.Errorf("a task that runs is launched again: %+v", o)
			}
			cancel()
		}},
	} {
		before := logged(run)
		cmd := command(dir, args...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		trainsSince(t, run, before)
		way.stop(cmd.Process)
		_ = cmd.Wait() // the exit code says how
		if code := cmd.ProcessState; way.name != "killed" && (code.ExitCode() != exitInterrupted || !strings.Contains(stderr.String(), "the same command goes on")) {
			t.Errorf("%s: it exits with %v\n%s", way.name, code, &stderr)
		}
		waitFor(t, isGone)
		if n := resumptions(t, run); n != i {
			t.Errorf("%s: the run has gone on %d times, want %d", way.name, n, i)
		}
	}
	succeed(t, dir, append(args, "-q")...)
	comparedWithUndisturbed(t, rowsOf(t, filepath.Join(dir, "out")))
	if n := resumptions(t, run); n != 3 {
		t.Errorf("at the end the run has gone on %d times, want 3", n)
	}
}

// Of several launches in one directory at a time each task is started by one.
func TestLaunchesAtOnce(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "s.yaml", tinySuite+"seeds: 3\nreplicas: 1\n")
	const several = 4
	ended := make(chan outcome)
	for range several {
		cmd := command(dir, "launch", "s.yaml", "--backend", "go", "--out", "out", "-q")
		go func() { ended <- finish(t, cmd) }()
	}
	succeeded := 0
	for range several {
		switch o := <-ended; {
		case o.code == exitOK:
			succeeded++
		case o.code != exitFailed || !strings.Contains(o.stderr, "is at work here") && !strings.Contains(o.stderr, "tasks have runs without a result"):
			t.Errorf("%+v", o)
		}
	}
	if succeeded == 0 || len(rowsOf(t, filepath.Join(dir, "out"))) != 3 {
		t.Errorf("%d launches succeeded", succeeded)
	}
	for n := range 3 {
		if attempts := attemptsOf(t, filepath.Join(dir, "out"), n); len(attempts) != 1 {
			t.Errorf("task %d was started %d times", n, len(attempts))
		}
	}
}

// A config is one task, with a run directory as any other.
func TestLaunchConfig(t *testing.T) {
	dir := t.TempDir()
	args := append([]string{"launch", "two-gaussians/dsm", "--set", "data.size=500", "--out", "out"}, small...)
	if got := succeed(t, dir, args...); got != "out\n" {
		t.Errorf("it prints %q", got)
	}
	var status struct {
		What  string
		Tasks []struct {
			State string
			Ended map[string]int
		}
	}
	if err := json.Unmarshal([]byte(succeed(t, dir, "launch", "status", "out", "--json")), &status); err != nil || status.What != "config" || len(status.Tasks) != 1 || status.Tasks[0].State != "done" || status.Tasks[0].Ended["completed"] != 1 {
		t.Errorf("status %+v, %v", status, err)
	}
	run := strings.TrimSpace(succeed(t, dir, "launch", "collect", "out"))
	trained := trainSmall(t, dir, "two-gaussians/dsm", "--set", "data.size=500")
	if read(t, dir, run, "parameters.safetensors") != read(t, trained, "parameters.safetensors") {
		t.Error("joule train makes other parameters of it")
	}
	result := read(t, dir, run, "result.json")
	succeed(t, dir, args...)
	if read(t, dir, run, "result.json") != result {
		t.Error("what was done was done again")
	}
	succeed(t, dir, append(args, "--set", "train.steps=80")...)
	if read(t, dir, run, "result.json") == result {
		t.Error("a run that is to be longer does not go on")
	}
	o := joule(t, dir, append(args, "--set", "model.hidden=[9]")...)
	if o.code != exitUsage || !strings.Contains(o.stderr, "model.hidden: [8], now [9]") {
		t.Errorf("%+v", o)
	}
	o = joule(t, dir, append(args, "--set", "optimizer.learning_rate=1e30", "--out", "sick")...)
	if o.code != exitDiverged || !strings.Contains(o.stderr, "joule: training diverged") {
		t.Errorf("%+v", o)
	}
	if status := succeed(t, dir, "launch", "status", "sick"); !strings.Contains(status, "1 failed") || !strings.Contains(status, "training diverged") {
		t.Errorf("status prints\n%s", status)
	}
}

func TestLaunchRefuses(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "s.yaml", tinySuite)
	put(t, dir, "p.yaml", "atonce: 3\n")
	succeed(t, dir, "launch", "s.yaml", "--backend", "go", "-q")
	trainSmall(t, dir, "two-gaussians/dsm")
	for args, want := range map[string]string{
		"launch toy3d":                              `toy3d: there is no such file, nor a suite or config of that name; did you mean "toy2d"?`,
		"launch s.yaml --on slrum":                  `unknown scheduler "slrum"; …`,
		"launch s.yaml --profile p.yaml":            `p.yaml:1:1: atonce: unknown key; did you mean "at_once"?`,
		"launch s.yaml --profile q.yaml":            `--profile: open q.yaml: no such file or directory`,
		"launch s.yaml --grace -1s":                 `--grace -1s: want more than 0`,
		"launch s.yaml --set sneeds=2":              `--set sneeds=2: unknown key; did you mean "seeds"?`,
		"launch two-gaussians/dsm --out bench/tiny": `bench/tiny: holds the launch of the suite tiny, and not of the config two-gaussians-dsm; name another directory with --out`,
		"launch s.yaml --out run-dsm":               `run-dsm: is a run directory; name another one with --out`,
		"launch status run-dsm":                     `run-dsm: nothing was launched here (file does not exist: launch/launch.json); joule launch SUITE --out run-dsm does`,
		"launch logs bench/tiny 7":                  fmt.Sprintf("%s: there is no task 7; there are 1, from 0 on", filepath.Join(dir, "bench/tiny")),
		"launch logs bench/tiny x":                  `"x" is no range of numbers; want some as in 0-9,12`,
		"launch task bench/tiny x":                  `task "x": want a number, 0 or more`,
	} {
		refuse(t, dir, exitUsage, want, strings.Fields(args)...)
	}
}
