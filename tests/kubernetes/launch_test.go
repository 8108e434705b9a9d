package kubernetes

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

	batchv1 "k8s.io/api/batch/v1"
)

// binary is the path of joule.
var binary string

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "joule-kubernetes-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "joule")
	build := exec.Command("go", "build", "-o", binary, "./cmd/joule")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cannot build joule: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// try runs joule in a folder, and returns what it printed on both streams, and its exit code.
func try(t *testing.T, dir string, args ...string) (out, says string, code int) {
	t.Helper()
	command := exec.Command(binary, args...)
	command.Dir = dir
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

// joule runs a command that has to succeed.
func joule(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, says, code := try(t, dir, args...)
	if code != 0 {
		t.Fatalf("joule %s exits with %d:\n%s", strings.Join(args, " "), code, says)
	}
	return out
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// begin makes a folder with a profile.
func begin(t *testing.T, program, more string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if program == "" {
		program = binary
	}
	put(t, dir, "p.yaml", fmt.Sprintf("warning: 60\nkubernetes:\n  {context: test, namespace: %s, image: joule, program: %s, user: 1000, volumes: [{claim: scratch, path: %s}]%s}\n", namespace, program, dir, more))
	return dir
}

// long is a config that trains for a while.
var long = []string{"two-gaussians/dsm", "--set", "data.size=500", "--set", "train.batch_size=16", "--set", "model.hidden=[8]", "--set", "train.log_every=500", "--set", "train.steps=200000", "--set", "backend=go"}

// launched are the arguments of joule launch on Kubernetes.
func launched(what []string, more ...string) []string {
	return append(append(append([]string{"launch"}, what...), "--on", "kubernetes", "--profile", "p.yaml"), more...)
}

// trains waits until the run of a config makes steps.
func trains(c *cluster, out string) {
	c.t.Helper()
	metrics := filepath.Join(out, "run", "metrics.jsonl")
	before := int64(0)
	if info, err := os.Stat(metrics); err == nil {
		before = info.Size()
	}
	c.await(func() bool {
		info, err := os.Stat(metrics)
		return err == nil && info.Size() > before+200
	})
}

// A suite is made by the pods of a job, is complete, and is collected.
func TestSuite(t *testing.T) {
	c := startCluster(t)
	dir := begin(t, "", "")
	put(t, dir, "s.yaml", `name: tiny
config: two-gaussians/dsm
set: {data.size: 500, train.batch_size: 16, train.log_every: 5, model.hidden: [8], sampler.steps: 20}
budget: {steps: 20}
measure: {grid: 41, samples: 50}
grid: {data.kind: [two_gaussians, two_moons], config: [two-gaussians/dsm, two-gaussians/fisher]}
`)
	suite := []string{"s.yaml", "--backend", "go", "--out", "out"}
	joule(t, dir, launched(suite)...)
	if _, says, code := try(t, dir, launched(suite)...); code != 0 || len(c.codes(c.job().Name)) > 4 {
		t.Errorf("launched at once again: %d\n%s", code, says)
	}
	job := c.has(batchv1.JobComplete)
	if job.Status.CompletedIndexes != "0-3" || !slices.Equal(c.codes(job.Name), []int{0, 0, 0, 0}) {
		t.Errorf("completed %s, exit codes %v", job.Status.CompletedIndexes, c.codes(job.Name))
	}
	joule(t, dir, "launch", "collect", "out")
	if status := joule(t, dir, "launch", "status", "out"); !strings.Contains(status, "4 tasks: 4 done\n4 runs, 4 ended: 4 completed\n") {
		t.Errorf("status prints\n%s", status)
	}
	if _, says, code := try(t, dir, launched(suite)...); code != 0 || !strings.Contains(says, "nothing to hand in") {
		t.Errorf("%d\n%s", code, says)
	}
}

// A run whose pods are evicted, and deleted by hand, goes on in others, and is that of one that was left alone. Nothing of it counts
// as a failure.
func TestDisrupted(t *testing.T) {
	c := startCluster(t)
	dir := begin(t, "", ", retries: 0")
	out := filepath.Join(dir, "out")
	joule(t, dir, launched(long, "--out", "out")...)
	name := c.job().Name
	for i, isEviction := range []bool{true, false} {
		trains(c, out)
		c.remove(isEviction)
		c.await(func() bool { return len(c.codes(name)) == i+1 })
	}
	job := c.has(batchv1.JobComplete)
	if got := c.codes(name); !slices.Equal(got, []int{75, 75, 0}) || job.Status.CompletedIndexes != "0" {
		t.Errorf("exit codes %v, completed %s\n%s", got, job.Status.CompletedIndexes, joule(t, dir, "launch", "logs", "out", "0"))
	}
	joule(t, dir, append(append([]string{"train"}, long...), "--out", "whole", "-q")...)
	if read(t, out, "run", "parameters.safetensors") != read(t, dir, "whole", "parameters.safetensors") {
		t.Error("the parameters are others than without disruptions")
	}
}

// A task that cannot succeed is given up at once, and one that fails after its retries; status says why.
func TestFailed(t *testing.T) {
	for name, f := range map[string]struct {
		script string
		codes  []int
	}{
		"diverges": {"exit 4", []int{4}},
		"usage":    {"exit 2", []int{2}},
		"fails":    {"exit 1", []int{1, 1, 1}},
		"killed":   {"kill -KILL $$", []int{137, 137, 137}},
	} {
		t.Run(name, func(t *testing.T) {
			c := startCluster(t)
			dir := t.TempDir()
			program := filepath.Join(dir, "joule")
			put(t, dir, "joule", "#!/bin/sh\n"+f.script+"\n")
			if err := os.Chmod(program, 0o755); err != nil {
				t.Fatal(err)
			}
			dir = begin(t, program, ", retries: 2")
			joule(t, dir, launched(long, "--out", "out")...)
			job := c.has(batchv1.JobFailed)
			if got := c.codes(job.Name); !slices.Equal(got, f.codes) || job.Status.FailedIndexes == nil || *job.Status.FailedIndexes != "0" {
				t.Errorf("exit codes %v, failed %v", got, job.Status.FailedIndexes)
			}
			var status struct {
				Tasks []struct{ State, Why, Where string }
			}
			if err := json.Unmarshal([]byte(joule(t, dir, "launch", "status", "out", "--json")), &status); err != nil {
				t.Fatal(err)
			}
			if got := status.Tasks[0]; got.State != "missing" || got.Where != "n1" || !strings.HasPrefix(got.Why, fmt.Sprintf("exit code %d, Error", f.codes[0])) {
				t.Errorf("status says %+v", got)
			}
			if strings.Contains(joule(t, dir, launched(long, "--out", "out", "--dry-run")...), "0 tasks to hand in") {
				t.Error("it is not handed in again")
			}
		})
	}
}

// What is cancelled has saved, is gone, and is launched again.
func TestCancelled(t *testing.T) {
	c := startCluster(t)
	dir := begin(t, "", "")
	out := filepath.Join(dir, "out")
	joule(t, dir, launched(long, "--out", "out")...)
	name := c.job().Name
	trains(c, out)
	if status := joule(t, dir, "launch", "status", "out"); !strings.Contains(status, "1 running") || !strings.Contains(status, "n1") {
		t.Errorf("status prints\n%s", status)
	}
	if _, says, code := try(t, dir, launched(long, "--out", "out")...); code != 0 || c.job().Name != name {
		t.Errorf("what runs is handed in again: %d\n%s", code, says)
	}
	joule(t, dir, "launch", "cancel", "out")
	c.await(func() bool { return strings.Contains(joule(t, dir, "launch", "status", "out"), "1 missing") })
	if got := c.codes(name); !slices.Equal(got, []int{75}) {
		t.Errorf("exit codes %v", got)
	}
	joule(t, dir, launched(long, "--out", "out")...)
	if job := c.has(batchv1.JobComplete); job.Name == name {
		t.Error("the job is the one that was cancelled")
	}
	if !strings.Contains(read(t, out, "run", "environment.json"), `"resumed"`) {
		t.Error("the run was begun anew")
	}
}

// What Kubernetes refuses is told in its words, and then nothing was handed in.
func TestRefused(t *testing.T) {
	startCluster(t)
	dir := begin(t, "", `, pod: {nodeSelector: {"a b": c}}`)
	_, says, code := try(t, dir, launched(long, "--out", "out")...)
	if code == 0 || !strings.Contains(says, `is invalid: spec.template.spec.nodeSelector`) {
		t.Errorf("%d\n%s", code, says)
	}
	if status := joule(t, dir, "launch", "status", "out"); !strings.Contains(status, "1 new") {
		t.Errorf("status prints\n%s", status)
	}
}
