package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"joule/launch"
	"joule/results"
)

// slurm runs one of Slurm's commands.
func slurm(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// taskStatus is what joule launch status says of a task.
type taskStatus struct{ State, Job, Where, Why string }

// statusOf asks joule launch status.
func statusOf(t *testing.T, dir string) (tasks []taskStatus) {
	t.Helper()
	var status struct{ Tasks []taskStatus }
	if err := json.Unmarshal([]byte(succeed(t, "", "launch", "status", dir, "--json")), &status); err != nil {
		t.Fatal(err)
	}
	return status.Tasks
}

// attemptsOf are the times that a task was started.
func attemptsOf(t *testing.T, dir string, task int) []launch.Attempt {
	t.Helper()
	d, err := launch.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	own, err := d.Task(task)
	if err != nil {
		t.Fatal(err)
	}
	attempts, err := own.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	return attempts
}

// await waits until something is so that takes a while to find out, up to two minutes.
func await(t *testing.T, isSo func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !isSo(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to pass")
		}
	}
}

// meanwhile starts a command that has to succeed, which the function returned waits for.
func meanwhile(t *testing.T, dir string, args ...string) (wait func()) {
	t.Helper()
	cmd := command(dir, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return func() {
		t.Helper()
		if err := <-ended; err != nil {
			t.Fatalf("joule %s: %v\n%s", strings.Join(args, " "), err, &stderr)
		}
	}
}

// jobOf is Slurm's name for the last job of a launch.
func jobOf(t *testing.T, dir string) string {
	t.Helper()
	d, err := launch.Open(dir)
	if err != nil || len(d.Jobs) == 0 {
		t.Fatalf("%v, %v", d, err)
	}
	return d.Jobs[len(d.Jobs)-1].ID
}

// trainsSince waits until a run has logged more than so many bytes, and returns how many there are.
func trainsSince(t *testing.T, run string, size int64) int64 {
	t.Helper()
	waitFor(t, func() bool {
		info, err := os.Stat(filepath.Join(run, "metrics.jsonl"))
		if err == nil && info.Size() > size+200 {
			size = info.Size()
			return true
		}
		return false
	})
	return size
}

// With a real Slurm: what is preempted, loses its machine, reaches the end of its time or is cancelled has saved, and goes on as if
// that had not been; nothing is handed in twice.
func TestSlurm(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	c := startSlurm(t)
	dir := filepath.Join(t.TempDir(), "a folder, 100% spaces")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "p.yaml", "cpus: 1\nat_once: 8\nwarning: 45\nsetup: [echo 'set up']\nslurm: {partition: low}\n")
	put(t, dir, "s.yaml", tinySuite+"grid: {budget.steps: [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 60000]}\n")
	put(t, dir, "wrong.yaml", "slurm: {partition: lo}\n")
	suite := []string{"launch", "s.yaml", "--backend", "go", "--set", "set.train.log_every=500", "--on", "slurm", "--profile", "p.yaml", "--out", "suite"}

	before := joule(t, dir, suite...) // the controller is not up yet
	if before.code != exitFailed || !strings.Contains(before.stderr, "joule: the controller of Slurm (slurmctld) cannot be reached from here: scontrol: Slurmctld(primary) at ") {
		t.Errorf("without a controller: %+v", before)
	}
	c.daemons(t)
	without := command(dir, suite...)
	without.Env = append(without.Env, "PATH="+filepath.Dir(binary))
	if o := finish(t, without); o.code != exitFailed || !strings.Contains(o.stderr, "there is no sbatch here") {
		t.Errorf("without Slurm's commands: %+v", o)
	}
	refuse(t, dir, exitFailed, "sbatch: invalid partition specified: lo; Batch job submission failed: Invalid partition name specified", append(suite[:len(suite)-4:len(suite)-4], "--profile", "wrong.yaml", "--out", "wrong", "-q")...)

	// The end of its time comes to this one while others are looked at.
	put(t, dir, "limit.yaml", "cpus: 1\ntime: 0:01:00\nwarning: 45\nslurm: {partition: apart}\n")
	small := []string{"launch", "two-gaussians/dsm", "--backend", "go", "--set", "data.size=500", "--set", "train.batch_size=16", "--set", "model.hidden=[8]",
		"--set", "train.log_every=500", "--set", "sampler.steps=20", "--on", "slurm", "-q"}
	succeed(t, dir, append(small, "--set", "train.steps=2000000000", "--profile", "limit.yaml", "--out", "limited")...)
	limited := filepath.Join(dir, "limited")
	trainsSince(t, filepath.Join(limited, "run"), 0)
	if task := statusOf(t, limited)[0]; task.State != "running" || task.Where != "n3" || task.Job != jobOf(t, limited)+"_0" {
		t.Errorf("a task that runs is %+v", task)
	}
	if o := joule(t, dir, append(small[:len(small)-1:len(small)-1], "--set", "train.steps=2000000000", "--out", "limited")...); o.code != exitOK || !strings.Contains(o.stderr, "nothing to hand in") {
		t.Errorf("what runs is handed in again: %+v", o)
	}

	run := func(name string, test func(t *testing.T)) {
		if ok := t.Run(name, test); !ok {
			t.Logf("squeue:\n%s", slurm(t, "squeue", "--array", "--states=all"))
			for _, out := range []string{"suite", "alone", "limited"} {
				t.Logf("logs of %s:\n%s", out, joule(t, dir, "launch", "logs", out).stdout)
			}
		}
	}
	run("suite", func(t *testing.T) { slurmSuite(t, dir, suite) })
	run("preempted and lost", func(t *testing.T) { slurmLoses(t, c, dir, small) })
	run("time", func(t *testing.T) {
		await(t, func() bool { return len(attemptsOf(t, limited, 0)) > 1 })
		first := attemptsOf(t, limited, 0)[0]
		if first.Code != exitRequeue || !strings.Contains(first.Error, "stopped by SIGUSR1") {
			t.Errorf("at the end of its time a task ends with %+v", first)
		}
		trainsSince(t, filepath.Join(limited, "run"), trainsSince(t, filepath.Join(limited, "run"), 0))
		if !strings.Contains(read(t, limited, "run", "environment.json"), `"resumed"`) {
			t.Error("it was begun anew")
		}
	})
	run("cancel", func(t *testing.T) { slurmCancel(t, limited) })
}

// slurmSuite launches a suite of two arrays, one task of which is warned, and compares it with what joule bench makes.
func slurmSuite(t *testing.T, dir string, args []string) {
	undisturbed := meanwhile(t, dir, "bench", "s.yaml", "--backend", "go", "--set", "set.train.log_every=500", "--out", "bench", "--jobs", "1", "-q")
	o := joule(t, dir, args...)
	if o.code != exitOK || o.stdout != "suite\n" || !strings.Contains(o.stderr, "tasks=0-9 on=slurm") || !strings.Contains(o.stderr, "tasks=10 on=slurm") {
		t.Fatalf("%+v", o)
	}
	out := filepath.Join(dir, "suite")
	trainsSince(t, filepath.Join(out, "runs", "steps=60000", "seed-0"), 0)
	slurm(t, "scancel", "--signal=USR1", "--batch", jobOf(t, out)+"_0") // as Slurm does before the end of the time
	await(t, func() bool { return len(attemptsOf(t, out, 10)) == 1 && attemptsOf(t, out, 10)[0].Code == exitRequeue })
	if o := joule(t, dir, args...); o.code != exitOK || !strings.Contains(o.stderr, "nothing to hand in") {
		t.Errorf("what waits is handed in again: %+v", o)
	}
	await(t, func() bool {
		return !slices.ContainsFunc(statusOf(t, out), func(s taskStatus) bool { return s.State != "done" })
	})
	attempts := attemptsOf(t, out, 10)
	if len(attempts) != 2 || attempts[0].Code != exitRequeue || attempts[1].Code != exitOK {
		t.Errorf("attempts %+v", attempts)
	}
	succeed(t, dir, "launch", "collect", "suite", "-q")
	undisturbed()
	got, want := rowsOf(t, out), rowsOf(t, filepath.Join(dir, "bench"))
	if len(got) != 11 || len(want) != 11 {
		t.Errorf("%d and %d rows", len(got), len(want))
	}
	for name, r := range want {
		if own := got[name]; own == nil || own.Key != r.Key || own.Status != results.Completed || own.Metrics["kl"] != r.Metrics["kl"] {
			t.Errorf("%s: launched %+v, by joule bench %+v", name, own, r)
		}
		if name == "steps=60000/seed-0" && read(t, out, "runs", name, "parameters.safetensors") != read(t, dir, "bench", "runs", name, "parameters.safetensors") {
			t.Error("the run that was warned has other parameters")
		}
	}
	journal := read(t, out, "journal.jsonl")
	succeed(t, dir, "bench", "s.yaml", "--backend", "go", "--set", "set.train.log_every=500", "--out", "suite", "-q")
	if o := joule(t, dir, args...); o.code != exitOK || !strings.Contains(o.stderr, "nothing to hand in") {
		t.Errorf("%+v", o)
	}
	if read(t, out, "journal.jsonl") != journal {
		t.Error("what was done was done again")
	}
	if log := joule(t, dir, "launch", "logs", "suite", "10").stdout; strings.Count(log, "set up\n") != 2 || !strings.Contains(log, "requeued 1 times") {
		t.Errorf("the log is\n%s", log)
	}
}

// slurmLoses launches a run that is preempted, and then loses its node, and compares it with one that nothing happens to.
func slurmLoses(t *testing.T, c *cluster, dir string, args []string) {
	train := []string{"train", "--set", "train.steps=150000", "--out", "undisturbed", "-q", "--no-figures"}
	undisturbed := meanwhile(t, dir, append(train, args[1:slices.Index(args, "--on")]...)...)
	args = append(args, "--set", "train.steps=150000", "--profile", "p.yaml", "--out", "alone")
	succeed(t, dir, args...)
	out := filepath.Join(dir, "alone")
	run := filepath.Join(out, "run")
	trainsSince(t, run, 0)
	slurm(t, "sbatch", "--partition=high", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 1")
	await(t, func() bool { return statusOf(t, out)[0].State == "pending" })
	await(t, func() bool { return len(attemptsOf(t, out, 0)) == 2 })
	trainsSince(t, run, trainsSince(t, run, 0))
	task := statusOf(t, out)[0]
	attempts := attemptsOf(t, out, 0)
	if task.State != "running" || attempts[0].Code != exitInterrupted || !strings.Contains(attempts[0].Error, "stopped by SIGTERM") {
		t.Fatalf("after preemption it is %+v, attempts %+v", task, attempts)
	}
	c.kill(t, task.Where, attempts[1].PID)
	await(t, func() bool {
		return strings.Contains(slurm(t, "sinfo", "--noheader", "--nodes="+task.Where, "--format=%T"), "down")
	})
	await(t, func() bool { return len(attemptsOf(t, out, 0)) == 3 })
	if now := statusOf(t, out)[0]; now.State == "running" && now.Where == task.Where {
		t.Errorf("it runs on %s, which is down", now.Where)
	}
	await(t, func() bool { return statusOf(t, out)[0].State == "done" })
	undisturbed()
	got, want := read(t, run, "parameters.safetensors"), read(t, dir, "undisturbed", "parameters.safetensors")
	if !bytes.Equal([]byte(got), []byte(want)) {
		t.Error("a run that was preempted and lost its machine has other parameters than one that nothing happened to")
	}
	if before := read(t, run, "result.json"); succeed(t, dir, args...) != "alone\n" || len(attemptsOf(t, out, 0)) != 3 || read(t, run, "result.json") != before {
		t.Error("what was done was done again")
	}
}

// slurmCancel cancels a task that runs; its job is found again where the program that handed it in was killed before it noted that.
func slurmCancel(t *testing.T, out string) {
	file := filepath.Join(out, "launch", "launch.json")
	d, err := launch.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(read(t, file), fmt.Sprintf(`"id": %q`, d.Jobs[0].ID), `"id": ""`, 1)
	put(t, filepath.Dir(file), filepath.Base(file), text)
	task := statusOf(t, out)[0]
	if task.State != "running" || task.Job != d.Jobs[0].ID+"_0" {
		t.Errorf("a job that was not noted is %+v", task)
	}
	if got := succeed(t, "", "launch", "cancel", out); got != "cancelled 1 task of 1 job\n" {
		t.Errorf("cancel prints %q", got)
	}
	await(t, func() bool { return statusOf(t, out)[0].State == "missing" })
	if s := statusOf(t, out)[0]; !strings.Contains(s.Why, "cancelled") || !strings.Contains(s.Why, "stopped by SIGTERM") {
		t.Errorf("it is %+v", s)
	}
	if result := read(t, out, "run", "result.json"); !strings.Contains(result, `"interrupted"`) {
		t.Errorf("it has not saved: %s", result)
	}
	if left := slurm(t, "squeue", "--noheader", "--jobs="+d.Jobs[0].ID); strings.TrimSpace(left) != "" {
		t.Errorf("there is left\n%s", left)
	}
	if got := succeed(t, "", "launch", "cancel", out); got != "cancelled 0 tasks of 0 jobs\n" {
		t.Errorf("cancelled again it prints %q", got)
	}
}
