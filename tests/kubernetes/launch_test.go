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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

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
func (c *cluster) begin(program, more string) (dir string) {
	t := c.t
	t.Helper()
	dir = t.TempDir()
	if program == "" {
		program = binary
	}
	put(t, dir, "p.yaml", fmt.Sprintf("warning: 60\nkubernetes:\n  {context: test, namespace: %s, image: joule, program: %s, user: 1000, volumes: [{claim: scratch, path: %s}]%s}\n", c.namespace, program, dir, more))
	return dir
}

// long is a config that trains for a while.
var long = []string{"two-gaussians/dsm", "--set", "data.size=500", "--set", "train.batch_size=16", "--set", "model.hidden=[8]", "--set", "train.log_every=500", "--set", "train.steps=200000", "--set", "backend=go"}

// launched are the arguments of joule launch on Kubernetes.
func launched(what []string, more ...string) []string {
	return append(append(append([]string{"launch"}, what...), "--on", "kubernetes", "--profile", "p.yaml"), more...)
}

// trains waits until the run of a config makes steps.
func (c *cluster) trains(out string) {
	c.t.Helper()
	metrics := filepath.Join(out, "run", "metrics.jsonl")
	before := int64(0)
	if info, err := os.Stat(metrics); err == nil {
		before = info.Size()
	}
	c.await("progress of the run", func() bool {
		info, err := os.Stat(metrics)
		return err == nil && info.Size() > before+200
	})
}

// script is a program in joule's place.
func script(t *testing.T, text string) (program string) {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "joule", "#!/bin/sh\n"+text+"\n")
	program = filepath.Join(dir, "joule")
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	return program
}

// states are those of tasks, as status prints them.
func states(t *testing.T, dir string) (tasks []struct{ State, Why, Where string }) {
	t.Helper()
	var status struct {
		Tasks []struct{ State, Why, Where string }
	}
	if err := json.Unmarshal([]byte(joule(t, dir, "launch", "status", "out", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	return status.Tasks
}

// isWhole checks that a run which was interrupted came out as one that was left alone.
func isWhole(t *testing.T, dir string) {
	t.Helper()
	joule(t, dir, append(append([]string{"train"}, long...), "--out", "whole", "-q")...)
	if read(t, dir, "out", "run", "parameters.safetensors") != read(t, dir, "whole", "parameters.safetensors") {
		t.Error("the parameters are others than without disruptions")
	}
}

const tiny = `name: tiny
config: two-gaussians/dsm
set: {data.size: 500, train.batch_size: 16, train.log_every: 5, model.hidden: [8], sampler.steps: 20}
budget: {steps: 20}
measure: {grid: 41, samples: 50}
grid: {data.kind: [two_gaussians, two_moons], config: [two-gaussians/dsm, two-gaussians/fisher]}
`

// suite are the arguments of a launch of four tasks.
var suite = []string{"s.yaml", "--backend", "go", "--out", "out"}

// A suite is made by the pods of a job, is complete, and is collected, and is so when the job has been forgotten.
func TestSuite(t *testing.T) {
	c := startCluster(t)
	dir := c.begin("", "")
	put(t, dir, "s.yaml", tiny)
	joule(t, dir, launched(suite)...)
	if _, says, code := try(t, dir, launched(suite)...); code != 0 || len(c.jobs()) != 1 {
		t.Errorf("launched at once again: %d, %s\n%s", code, c.told(c.jobs()), says)
	}
	job := c.has(batchv1.JobComplete)
	if job.Status.CompletedIndexes != "0-3" || !slices.Equal(c.codes(job.Name), []int{0, 0, 0, 0}) {
		t.Errorf("completed %s, exit codes %v", job.Status.CompletedIndexes, c.codes(job.Name))
	}
	joule(t, dir, "launch", "collect", "out")
	isDone := func() {
		t.Helper()
		if status := joule(t, dir, "launch", "status", "out"); !strings.Contains(status, "4 tasks: 4 done\n4 runs, 4 ended: 4 completed\n") {
			t.Errorf("status prints\n%s", status)
		}
	}
	isDone()
	patch := []byte(`{"spec": {"ttlSecondsAfterFinished": 0}}`)
	_, err := c.client.BatchV1().Jobs(c.namespace).Patch(t.Context(), job.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	c.must(err)
	c.await("end of the job's time", func() bool { return len(c.jobs()) == 0 && len(c.pods()) == 0 })
	isDone()
	if _, says, code := try(t, dir, launched(suite)...); code != 0 || !strings.Contains(says, "nothing to hand in") {
		t.Errorf("%d\n%s", code, says)
	}
}

// A run whose pods are evicted, and deleted by hand, goes on in others, and is that of one that was left alone. Nothing of it counts
// as a failure.
func TestDisrupted(t *testing.T) {
	c := startCluster(t)
	dir := c.begin("", ", retries: 0")
	out := filepath.Join(dir, "out")
	joule(t, dir, launched(long, "--out", "out")...)
	name := c.job().Name
	for i, disrupt := range []func(string){c.evict, c.remove} {
		c.trains(out)
		disrupt(c.running().Name)
		c.await("end of the pod", func() bool { return len(c.codes(name)) == i+1 })
	}
	job := c.has(batchv1.JobComplete)
	if got := c.codes(name); !slices.Equal(got, []int{75, 75, 0}) || job.Status.CompletedIndexes != "0" {
		t.Errorf("exit codes %v, completed %s\n%s", got, job.Status.CompletedIndexes, joule(t, dir, "launch", "logs", "out", "0"))
	}
	isWhole(t, dir)
}

// A run whose node is lost goes on in another pod once the cluster has let go of the one before, and not earlier.
func TestLostNode(t *testing.T) {
	c := startCluster(t)
	lost := c.newNode("lost", "losing")
	dir := c.begin("", `, retries: 0, pod: {nodeSelector: {role: losing}, tolerations: [{key: role, operator: Exists, effect: NoSchedule}, {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 1}]}`)
	out := filepath.Join(dir, "out")
	joule(t, dir, launched(append(slices.Clone(long), "--set", "train.checkpoint_every=2000"), "--out", "out")...)
	c.trains(out)
	before := c.running()
	lost.stop()
	c.newNode("other", "losing")
	c.await("eviction of the pod", func() bool {
		pod, err := c.client.CoreV1().Pods(c.namespace).Get(t.Context(), before.Name, metav1.GetOptions{})
		c.must(err)
		return pod.DeletionTimestamp != nil
	})
	if got := states(t, dir)[0]; got.State != "running" || got.Where != "lost" || got.Why != "told to end" || len(c.pods()) != 1 {
		t.Errorf("status says %+v, and there are pods %s", got, c.told(c.pods()))
	}
	patch := []byte(`{"spec": {"taints": [{"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}]}}`)
	_, err := c.client.CoreV1().Nodes().Patch(t.Context(), "lost", types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	c.must(err)
	job := c.has(batchv1.JobComplete)
	if got := c.codes(job.Name); !slices.Equal(got, []int{0}) || !strings.Contains(read(t, out, "run", "environment.json"), `"resumed"`) {
		t.Errorf("exit codes %v; the run was begun anew", got)
	}
	isWhole(t, dir)
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
			dir := c.begin(script(t, f.script), ", retries: 2")
			joule(t, dir, launched(long, "--out", "out")...)
			job := c.has(batchv1.JobFailed)
			if got := c.codes(job.Name); !slices.Equal(got, f.codes) || job.Status.FailedIndexes == nil || *job.Status.FailedIndexes != "0" {
				t.Errorf("exit codes %v, failed %v", got, job.Status.FailedIndexes)
			}
			if got := states(t, dir)[0]; got.State != "missing" || got.Where != "n1" || !strings.HasPrefix(got.Why, fmt.Sprintf("exit code %d, Error", f.codes[0])) {
				t.Errorf("status says %+v", got)
			}
			if strings.Contains(joule(t, dir, launched(long, "--out", "out", "--dry-run")...), "0 tasks to hand in") {
				t.Error("it is not handed in again")
			}
		})
	}
}

// When more tasks have failed than may, the others are ended.
func TestMaxFailed(t *testing.T) {
	c := startCluster(t)
	dir := c.begin(script(t, "exit 2"), ", max_failed: 1")
	put(t, dir, "s.yaml", tiny)
	put(t, dir, "p.yaml", read(t, dir, "p.yaml")+"at_once: 1\n")
	joule(t, dir, launched(suite)...)
	job := c.has(batchv1.JobFailed)
	if got := c.codes(job.Name); !slices.Equal(got, []int{2, 2}) {
		t.Errorf("exit codes %v", got)
	}
	got := states(t, dir)
	if got[3].State != "missing" || !strings.HasPrefix(got[3].Why, "MaxFailedIndexesExceeded: ") {
		t.Errorf("status says %+v", got)
	}
}

// What waits for what no node has is told, and can be cancelled.
func TestUnschedulable(t *testing.T) {
	c := startCluster(t)
	dir := c.begin("", "")
	put(t, dir, "p.yaml", read(t, dir, "p.yaml")+"gpus: 1\n")
	joule(t, dir, launched(long, "--out", "out")...)
	// The first reason may be another: that the volume is not bound yet.
	c.await("reason for waiting", func() bool { return strings.Contains(states(t, dir)[0].Why, "Insufficient nvidia.com/gpu") })
	if got := states(t, dir)[0]; got.State != "pending" || !strings.HasPrefix(got.Why, "Unschedulable: 0/") {
		t.Errorf("status says %+v", got)
	}
	joule(t, dir, "launch", "cancel", "out")
	c.await("end of the job", func() bool { return len(c.jobs()) == 0 && len(c.pods()) == 0 })
	if got := states(t, dir)[0]; got.State != "missing" {
		t.Errorf("status says %+v", got)
	}
}

// What is cancelled has saved, is gone, and is launched again.
func TestCancelled(t *testing.T) {
	c := startCluster(t)
	dir := c.begin("", "")
	out := filepath.Join(dir, "out")
	joule(t, dir, launched(long, "--out", "out")...)
	name := c.job().Name
	c.trains(out)
	if status := joule(t, dir, "launch", "status", "out"); !strings.Contains(status, "1 running") || !strings.Contains(status, "n1") {
		t.Errorf("status prints\n%s", status)
	}
	if _, says, code := try(t, dir, launched(long, "--out", "out")...); code != 0 || c.job().Name != name {
		t.Errorf("what runs is handed in again: %d\n%s", code, says)
	}
	joule(t, dir, "launch", "cancel", "out")
	c.await("end of the job", func() bool { return strings.Contains(joule(t, dir, "launch", "status", "out"), "1 missing") })
	if got := c.codes(name); !slices.Equal(got, []int{75}) {
		t.Errorf("exit codes %v", got)
	}
	c.await("removal of the job", func() bool { return len(c.jobs()) == 0 })
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
	c := startCluster(t)
	dir := c.begin("", `, pod: {nodeSelector: {"a b": c}}`)
	_, says, code := try(t, dir, launched(long, "--out", "out")...)
	if code == 0 || !strings.Contains(says, `is invalid: spec.template.spec.nodeSelector`) {
		t.Errorf("%d\n%s", code, says)
	}
	if status := joule(t, dir, "launch", "status", "out"); !strings.Contains(status, "1 new") {
		t.Errorf("status prints\n%s", status)
	}
	put(t, dir, "p.yaml", strings.Replace(read(t, dir, "p.yaml"), "namespace: "+c.namespace, "namespace: default", 1))
	_, says, code = try(t, dir, launched(long, "--out", "other")...)
	if code == 0 || !strings.Contains(says, "you may not make jobs in the namespace default") {
		t.Errorf("%d\n%s", code, says)
	}
	if jobs := c.jobs(); len(jobs) > 0 {
		t.Errorf("there are jobs %s", c.told(jobs))
	}
}
