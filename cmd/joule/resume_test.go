package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"joule/backends"
	"joule/internal/backendtest"
	"joule/internal/safetensors"
	"joule/rundir"
)

// tiny makes a run of 60 steps with checkpoints that fall between the logs.
var tiny = append([]string{"--backend", "go", "--no-figures", "--set", "train.checkpoint_every=25", "--set", "train.keep_last=9"}, small[:len(small):len(small)]...)

// speed is what no two runs have in common.
var speed = regexp.MustCompile(`,?"steps_per_second":[^,}]*`)

// whatItLeft is everything in a run directory that the config determines.
func whatItLeft(t *testing.T, run string) map[string]string {
	t.Helper()
	files := map[string]string{"metrics.jsonl": speed.ReplaceAllString(read(t, run, "metrics.jsonl"), "")}
	for _, name := range []string{"parameters.safetensors", "config.yaml", "dataset.json"} {
		files[name] = read(t, run, name)
	}
	for _, name := range names(t, filepath.Join(run, "checkpoints")) {
		files[name] = read(t, run, "checkpoints", name, "state.safetensors")
	}
	return files
}

// sameFiles compares the files that a run left with those of another; it may have more checkpoints.
func sameFiles(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name, content := range want {
		if got[name] != content {
			t.Errorf("%s: %s differs (%d bytes, %d)", what, name, len(got[name]), len(content))
		}
	}
}

// started begins a training and returns once it has logged more: from here on a signal is not lost.
func started(t *testing.T, cmd *exec.Cmd, metrics string) {
	t.Helper()
	before := len(tryRead(metrics))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	waitFor(t, func() bool { return len(tryRead(metrics)) > before })
}

// A run that was stopped by a signal, twice, and goes on leaves the same files as one that was not; so do several at once.
func TestResumeGivesTheSameBytes(t *testing.T) {
	for name, sets := range map[string][]string{
		"two-gaussians/nce": {"train.ema=0.9"},
		"old-faithful/mle":  {"method.sampler.steps=3", "train.replicas=2"},
	} {
		dir := t.TempDir()
		args := append([]string{"train", name, "--quiet"}, tiny...)
		for _, set := range append(sets, "train.steps=30000", "train.log_every=40", "train.checkpoint_every=2500") {
			args = append(args, "--set", set)
		}
		whole, cut := filepath.Join(dir, "whole"), filepath.Join(dir, "cut")
		succeed(t, "", append(args, "--out", whole)...)
		members := []string{""}
		if strings.Contains(fmt.Sprint(sets), "replicas") {
			members = []string{"seed-0", "seed-1"}
		}
		for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGUSR2} {
			cmd := command("", append(args, "--out", cut, "--resume=auto")...)
			if cmd.Start() != nil {
				t.Fatal("cannot start")
			}
			before := tryRead(filepath.Join(cut, members[0], "metrics.jsonl"))
			waitFor(t, func() bool {
				return len(tryRead(filepath.Join(cut, members[0], "metrics.jsonl"))) > len(before) || cmd.ProcessState != nil
			})
			_ = cmd.Process.Signal(s)
			_ = cmd.Wait()
			if want := map[syscall.Signal]int{syscall.SIGTERM: exitInterrupted, syscall.SIGUSR2: exitRequeue}[s]; cmd.ProcessState.ExitCode() != want {
				t.Errorf("%s: exit code %d after %v, want %d", name, cmd.ProcessState.ExitCode(), s, want)
			}
		}
		out := succeed(t, "", "train", "--resume", cut, "--quiet", "--no-figures")
		if want := cut + "\n"; len(members) == 1 && out != want {
			t.Errorf("printed %q, want %q", out, want)
		}
		for _, member := range members {
			sameFiles(t, name+" "+member, whatItLeft(t, filepath.Join(cut, member)), whatItLeft(t, filepath.Join(whole, member)))
			run, err := rundir.Open(filepath.Join(cut, member))
			if err != nil {
				t.Fatal(err)
			}
			e, err := run.Environment()
			if result, resultErr := run.Result(); err != nil || resultErr != nil || result.Status != rundir.Completed || len(e.Resumed) != 2 || result.Step != 30000 {
				t.Errorf("result %+v, resumed %v, %v, %v", result, e.Resumed, err, resultErr)
			}
		}
	}
}

// A finished run is not touched, unless it is to be longer: then it becomes what it would have been at once.
func TestResumeMakesARunLonger(t *testing.T) {
	dir := t.TempDir()
	short, long := filepath.Join(dir, "short"), filepath.Join(dir, "long")
	args := append(append([]string{"train", "two-gaussians/dsm", "--quiet"}, tiny...), "--set", "optimizer.schedule=constant")
	succeed(t, "", append(args, "--out", short)...)
	succeed(t, "", append(args, "--out", long, "--set", "train.steps=120")...)
	before := whatItLeft(t, short)
	if out := succeed(t, "", "train", "--resume", short); out != short+"\n" {
		t.Errorf("printed %q", out)
	}
	sameFiles(t, "finished", whatItLeft(t, short), before)
	succeed(t, "", "train", "--resume", short, "--quiet", "--no-figures", "--set", "train.steps=120")
	sameFiles(t, "longer", whatItLeft(t, short), whatItLeft(t, long))
	refuse(t, "", exitUsage, "train.steps is 100, and the run has made 120 already ("+filepath.Join(short, "checkpoints", "step-000000000120")+")", "train", "--resume", short, "--set", "train.steps=100")
}

// A run goes on with another number of devices, and becomes what it would have become, up to the order in which numbers are added.
func TestResumeOnOtherDevices(t *testing.T) {
	backendtest.Open(t, "xla:cpu") // or skip
	xla, err := backends.Open("xla:cpu", backends.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plugin := "xla:" + xla.Plugin // the tests' home has none
	xla.Close()
	dir := t.TempDir()
	whole, moved := filepath.Join(dir, "whole"), filepath.Join(dir, "moved")
	args := append(append([]string{"train", "old-faithful/mle", "--quiet"}, tiny...), "--backend", plugin, "--set", "method.sampler.steps=2",
		"--set", "train.devices=2", "--set", "train.precision=float64", "--set", "optimizer.schedule=constant")
	succeed(t, "", append(args, "--out", whole)...)
	succeed(t, "", append(args, "--out", moved, "--set", "train.steps=30")...)
	succeed(t, "", "train", "--resume", moved, "--backend", plugin, "--quiet", "--no-figures", "--set", "train.steps=60", "--set", "train.devices=1")
	if config := read(t, moved, "config.yaml"); !strings.Contains(config, "\n  devices: 1\n") {
		t.Errorf("the config is\n%s", config)
	}
	values := func(run string) (all []float64) {
		r, err := rundir.Open(run)
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.Parameters()
		if err != nil {
			t.Fatal(err)
		}
		for _, tensor := range p.Tensors {
			numbers, err := safetensors.Floats(tensor)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, numbers...)
		}
		return all
	}
	got, want := values(moved), values(whole)
	if len(got) != len(want) {
		t.Fatalf("%d parameters, want %d", len(got), len(want))
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-7*(1+math.Abs(want[i])) {
			t.Fatalf("parameter %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	succeed(t, "", append([]string{"train", "two-gaussians/dsm", "--quiet", "--out", run}, tiny...)...)
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, run + ": cannot go on with another config; what may change is name, train.steps, train.log_every, train.checkpoint_every, train.keep_last, " +
			"train.keep_every, train.keep_best, train.early_stopping, train.health, train.devices, sampler, data.path. These differ:\n  seed: 0, now 1\n  method.sigma: 0.3, now 0.2",
			[]string{"--resume", run, "--set", "method.sigma=0.2", "--seed", "1", "--set", "train.log_every=7"}},
		{exitUsage, run + ": cannot go on with another config; what may change is name, train.steps, train.log_every, train.checkpoint_every, train.keep_last, " +
			"train.keep_every, train.keep_best, train.early_stopping, train.health, train.devices, sampler, data.path. These differ:\n  backend: go, now xla:cpu",
			[]string{"--resume", run, "--backend", "xla:cpu"}},
		{exitFailed, filepath.Join(dir, "none") + ": there is no such run directory: …", []string{"--resume", filepath.Join(dir, "none")}},
		{exitFailed, dir + ": is not a run directory: …", []string{"--resume", dir}},
		{exitUsage, "--resume=auto needs a CONFIG and --out, so that the next time it finds what it began", []string{"two-gaussians/dsm", "--resume=auto"}},
		{exitUsage, "--resume " + run + " goes on in that directory: leave out --out", []string{"--resume", run, "--out", "x"}},
		{exitUsage, "--resume: want a run directory, or auto", []string{"two-gaussians/dsm", "--resume="}},
		{exitUsage, "--from-step -2: want 0 or more", []string{"--resume", run, "--from-step=-2"}},
		{exitUsage, "--from-step needs --resume RUN", []string{"two-gaussians/dsm", "--from-step=2"}},
		{exitUsage, "--grace 0s: want more than 0", []string{"two-gaussians/dsm", "--grace=0s"}},
		{exitUsage, "--from-step 30: " + filepath.Join(run, "checkpoints") + " has no checkpoint of that step; there are 25, 50, 60", []string{"--resume", run, "--from-step=30"}},
	} {
		o := joule(t, dir, append([]string{"train"}, c.args...)...)
		start, open := strings.CutSuffix("joule: "+c.want, "…")
		_, message, _ := strings.Cut("\n"+o.stderr, "\njoule: ")
		if message = "joule: " + message; o.code != c.code || message != start+"\n" && !(open && strings.HasPrefix(message, start)) {
			t.Errorf("train %v exits with %d and says\n%swant\n%s", c.args, o.code, message, c.want)
		}
	}
}

// A damaged checkpoint is named. The one before is used when that is asked for, and gives the same run.
func TestResumeFromADamagedCheckpoint(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	args := append([]string{"train", "two-gaussians/dsm", "--quiet"}, tiny...)
	succeed(t, "", append(args, "--out", whole)...)
	for how, flags := range map[string][]string{
		"from-step": {"--resume", "", "--from-step", "25"},
		"start":     {"--resume", "", "--from-step", "0"},
		"auto":      {"two-gaussians/dsm", "--resume=auto", "--out", ""},
	} {
		run := filepath.Join(dir, how)
		if err := os.CopyFS(run, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		var files []string
		for _, step := range []string{"050", "060"} {
			files = append(files, filepath.Join(run, "checkpoints", "step-000000000"+step, "state.safetensors"))
			content := []byte(read(t, files[len(files)-1]))
			content[len(content)-1] ^= 1
			put(t, filepath.Dir(files[len(files)-1]), "state.safetensors", string(content))
		}
		refuse(t, "", exitFailed, files[1]+": its checksum is …", "train", "--resume", run)
		if o := joule(t, "", "train", "--resume", run); !strings.Contains(o.stderr, "; the newest good one is of step 25: --from-step 25 takes it, and so does --resume=auto") {
			t.Errorf("the error says %s", o.stderr)
		}
		flags[slices.Index(flags, "")] = run
		command := append([]string{"train"}, flags...)
		if how == "auto" {
			command = append(command, tiny...)
		}
		succeed(t, "", append(command, "--quiet", "--no-figures")...)
		sameFiles(t, how, whatItLeft(t, run), whatItLeft(t, whole))
		if aside := names(t, filepath.Join(run, "checkpoints"))[0]; !strings.HasPrefix(aside, "aside-step-") {
			t.Errorf("%s: the damaged checkpoint is not set aside: %s", how, aside)
		}
	}
}

// A run that has been trained and has no checkpoints is not started anew unless that is asked for.
func TestResumeWithoutCheckpoints(t *testing.T) {
	run := copyRun(t, faithfulRun(t))
	if err := os.RemoveAll(filepath.Join(run, "checkpoints")); err != nil {
		t.Fatal(err)
	}
	before := read(t, run, "metrics.jsonl")
	refuse(t, "", exitFailed, run+": has parameters of step 60 and no checkpoint to go on from; --from-step 0 starts from the beginning, and replaces them", "train", "--resume", run)
	if read(t, run, "metrics.jsonl") != before {
		t.Error("the metrics have changed")
	}
	succeed(t, "", "train", "--resume", run, "--from-step", "0", "--quiet", "--no-figures")
	if read(t, run, "parameters.safetensors") != read(t, faithfulRun(t), "parameters.safetensors") {
		t.Error("from the start it gives other parameters")
	}
}

// Data that are not those of the run are refused, whatever their path.
func TestResumeChecksTheData(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "data.csv", "a,b\n1,2\n3,4\n5,7\n2,2\n")
	put(t, dir, "moved.csv", "a,b\n1,2\n3,4\n5,7\n2,2\n")
	put(t, dir, "other.csv", "a,b\n1,2\n3,4\n5,7\n2,2.5\n")
	config := put(t, dir, "x.yaml", "extends: old-faithful/dsm\ndata: {path: data.csv, columns: [], test_fraction: 0}\n")
	run := filepath.Join(dir, "run")
	succeed(t, dir, append([]string{"train", config, "--quiet", "--out", run}, tiny...)...)
	longer := []string{"train", "--resume", run, "--quiet", "--no-figures", "--set", "train.steps=80", "--set"}
	refuse(t, dir, exitFailed, filepath.Join(run, "checkpoints", "step-000000000060")+": the training data are no longer those that the run was trained on …",
		append(longer, "data.path="+filepath.Join(dir, "other.csv"))...)
	succeed(t, dir, append(longer, "data.path="+filepath.Join(dir, "moved.csv"))...)
}

// SIGUSR1, Slurm's warning, saves, has the job requeued and exits with a code of its own. Another process is refused while
// the run is trained, and not when it was killed.
func TestRequeue(t *testing.T) {
	dir := t.TempDir()
	run, asked := filepath.Join(dir, "run"), filepath.Join(dir, "asked")
	if err := os.WriteFile(filepath.Join(dir, "scontrol"), []byte("#!/bin/sh\necho \"$@\" >> "+asked+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"train", "two-gaussians/dsm", "--out", run, "--resume=auto"}, tiny...)
	args = append(args, "--set", "train.steps=100000000")
	cmd := command("", args...)
	cmd.Env = append(cmd.Env, "PATH="+dir, "SLURM_JOB_ID=17")
	started(t, cmd, filepath.Join(run, "metrics.jsonl"))
	o := joule(t, "", args...)
	if want := fmt.Sprintf("joule: %s: process %d on ", run, cmd.Process.Pid); o.code != exitFailed || !strings.Contains(o.stderr, want) {
		t.Errorf("a second process exits with %d: %s", o.code, o.stderr)
	}
	_ = cmd.Process.Signal(syscall.SIGUSR1)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitRequeue || tryRead(asked) != "requeue 17\n" {
		t.Errorf("exit code %d, asked for %q", code, tryRead(asked))
	}
	cmd = command("", args...)
	cmd.Env = append(cmd.Env, "PATH="+dir, "SLURM_JOB_ID=17", "SLURM_ARRAY_JOB_ID=12", "SLURM_ARRAY_TASK_ID=5")
	started(t, cmd, filepath.Join(run, "metrics.jsonl"))
	_ = cmd.Process.Signal(syscall.SIGUSR2)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitRequeue || tryRead(asked) != "requeue 17\nrequeue 12_5\n" {
		t.Errorf("exit code %d, asked for %q", code, tryRead(asked))
	}
	cmd = command("", args...)
	started(t, cmd, filepath.Join(run, "metrics.jsonl"))
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if release, err := rundir.Lock(run); err != nil {
		t.Errorf("after the process was killed: %v", err)
	} else {
		release()
	}
}

// A sick run is helped on as the config says, and tells of it.
func TestHealthPolicy(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	args := append([]string{"train", "two-gaussians/dsm", "--out", run, "--set", "optimizer.learning_rate=1e30"}, tiny...)
	o := joule(t, "", append(args, "--set", "train.health.policy=rollback", "--set", "train.health.rate_factor=1e-33")...)
	if o.code != exitOK || !strings.Contains(o.stderr, "level=WARN") || !strings.Contains(o.stderr, "back to step 0 with 1e-33 of the learning rate") || !strings.Contains(o.stderr, "likely=") {
		t.Errorf("got %+v", o)
	}
	if result := read(t, run, "result.json"); !strings.Contains(result, `"incidents": [`) || !strings.Contains(result, `"action": "rollback"`) || !strings.Contains(result, `"completed"`) {
		t.Errorf("result.json is\n%s", result)
	}
	refuse(t, "", exitUsage, `--set train.health.policy=retry: "retry" is unknown; known: stop, skip, rollback`, "train", "two-gaussians/dsm", "--set", "train.health.policy=retry")
	refuse(t, "", exitUsage, `train.keep_best is "los", which is not logged; there are loss, gradient_norm, learning_rate`,
		"train", "two-gaussians/dsm", "--backend", "go", "--set", "train.keep_best=los")
}

// What uses a run can take the parameters of a checkpoint.
func TestCheckpointFlag(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	succeed(t, "", append([]string{"train", "two-gaussians/dsm", "--quiet", "--out", run, "--set", "train.keep_best=loss"}, tiny...)...)
	eval := func(args ...string) string {
		return succeed(t, "", append([]string{"eval", run, "--json"}, args...)...)
	}
	last := eval()
	if eval("--checkpoint", "60") != last || eval("--checkpoint", "25") == last || eval("--checkpoint", "best") == "" {
		t.Error("the checkpoints are not told apart")
	}
	refuse(t, "", exitUsage, "--checkpoint 30: there is none; want one of best, 25, 50, 60", "eval", run, "--checkpoint", "30")
	refuse(t, "", exitUsage, "--checkpoint best: the run keeps none; train.keep_best names the metric to keep it by",
		"sample", faithfulRun(t), "--checkpoint", "best")
}
