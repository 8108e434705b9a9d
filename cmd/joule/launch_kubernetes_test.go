package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"
)

// kubectlScript is in the place of kubectl. It keeps what it is given in DIR, where the test puts what the cluster knows.
const kubectlScript = `#!/bin/bash
echo "$@" >>DIR/calls
case $1 in
auth) echo yes;;
create)
  name=$(sed -n 's/^  name: //p' "$3")
  cp "$3" "DIR/$name.yaml"
  echo "{\"metadata\": {\"name\": \"$name\", \"namespace\": \"default\"}}";;
get) cat DIR/$2.json;;
esac
`

// cluster of Kubernetes that the test plays.
type played struct{ dir, out string }

// knows says what the cluster tells of a job.
func (c *played) knows(t *testing.T, job *batchv1.Job, status batchv1.JobStatus) {
	t.Helper()
	job.Status = status
	text, err := json.Marshal(batchv1.JobList{Items: []batchv1.Job{*job}})
	if err != nil {
		t.Fatal(err)
	}
	put(t, c.dir, "jobs.json", string(text))
	put(t, c.dir, "pods.json", `{"items": []}`)
}

// given are the jobs that were handed in, the oldest first.
func (c *played) given(t *testing.T) (jobs []*batchv1.Job) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(c.dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		job := &batchv1.Job{}
		if err := yaml.UnmarshalStrict(text, job); err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, job)
	}
	return jobs
}

// pod is what the container of a pod runs for an index, in an environment as bare as that of an image.
func (c *played) pod(job *batchv1.Job, index int) *exec.Cmd {
	container := job.Spec.Template.Spec.Containers[0]
	args := strings.ReplaceAll(container.Args[0], "$$", "$") // as the kubelet does
	cmd := exec.Command(container.Command[0], append(container.Command[1:], args)...)
	cmd.Dir = container.WorkingDir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), fmt.Sprint("JOB_COMPLETION_INDEX=", index), "HOSTNAME=pod", "NODE=n1"}
	for _, v := range container.Env {
		if v.ValueFrom == nil {
			cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
		}
	}
	return cmd
}

// A suite on Kubernetes: its tasks are handed in once, are made by what the pods are to run, go on where they were stopped, and are
// collected.
func TestLaunchKubernetes(t *testing.T) {
	dir := t.TempDir()
	c := &played{dir: filepath.Join(dir, "cluster"), out: filepath.Join(dir, "out")}
	bin := filepath.Join(dir, "bin")
	for _, folder := range []string{c.dir, bin} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(put(t, bin, "kubectl", strings.ReplaceAll(kubectlScript, "DIR", c.dir)), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	put(t, dir, "s.yaml", stoppableSuite)
	put(t, dir, "p.yaml", fmt.Sprintf("kubernetes: {image: joule, program: %s, user: 1000, volumes: [{claim: scratch, path: %s}]}\n", binary, dir))
	args := append(append([]string{"launch"}, stoppable...), "--on", "kubernetes", "--profile", "p.yaml")
	dry := succeed(t, dir, append(args, "--out", c.out, "--dry-run")...)
	if !strings.Contains(dry, "1 task to hand in, 0 done") || !strings.Contains(dry, "\nkind: Job\n") || len(names(t, c.dir)) > 0 {
		t.Errorf("a dry run prints\n%s", dry)
	}
	refuse(t, dir, exitFailed, "/elsewhere: pods would not see it…", append(args, "--out", "/elsewhere")...)
	if got := succeed(t, dir, append(args, "--out", c.out)...); got != c.out+"\n" {
		t.Errorf("it prints %q", got)
	}
	jobs := c.given(t)
	if len(jobs) != 1 || *jobs[0].Spec.Completions != 1 {
		t.Fatalf("jobs %+v", jobs)
	}
	c.knows(t, jobs[0], batchv1.JobStatus{Active: 1})
	if o := joule(t, dir, append(args, "--out", c.out)...); o.code != exitOK || !strings.Contains(o.stderr, "pending_or_running=1") || len(c.given(t)) != 1 {
		t.Errorf("what waits is handed in again: %+v", o)
	}

	// The pod is preempted in the middle, and the next one goes on.
	pod := c.pod(jobs[0], 0)
	if err := pod.Start(); err != nil {
		t.Fatal(err)
	}
	metrics := filepath.Join(c.out, "runs", "steps=400000", "seed-0", "metrics.jsonl")
	waitFor(t, func() bool { info, err := os.Stat(metrics); return err == nil && info.Size() > 100 })
	if err := pod.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = pod.Wait() // the exit code says how
	if code := pod.ProcessState.ExitCode(); code != exitRequeue {
		t.Fatalf("a pod that is told to end exits with %d\n%s", code, joule(t, dir, "launch", "logs", c.out).stdout)
	}
	if log := joule(t, dir, "launch", "logs", c.out).stdout; !strings.Contains(log, "index 0 of "+jobs[0].Name+", pod pod on") || !strings.Contains(log, "signal=SIGUSR1") {
		t.Errorf("logs prints\n%s", log)
	}
	if out, err := c.pod(jobs[0], 0).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	attempts := attemptsOf(t, c.out, 0)
	if len(attempts) != 2 || attempts[0].Code != exitRequeue || attempts[1].Code != exitOK || attempts[1].Job != jobs[0].Name {
		t.Errorf("attempts %+v", attempts)
	}

	// A larger suite is handed in as far as it is new: index 0 is another task then.
	larger := append(args, "--out", c.out, "--set", "seeds=2")
	c.knows(t, jobs[0], batchv1.JobStatus{CompletedIndexes: "0"})
	succeed(t, dir, larger...)
	jobs = c.given(t)
	if len(jobs) != 2 || jobs[1].Annotations["joule/tasks"] != "1" {
		t.Fatalf("jobs %+v", jobs)
	}
	c.knows(t, jobs[1], batchv1.JobStatus{Active: 1})
	if out := succeed(t, dir, "launch", "cancel", c.out); out != "cancelled 1 task of 1 job\n" || !strings.Contains(read(t, c.dir, "calls"), "delete jobs --ignore-not-found --wait=false --cascade=foreground --namespace default "+jobs[1].Name+"\n") {
		t.Errorf("cancel prints %q", out)
	}
	if out, err := c.pod(jobs[1], 0).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	succeed(t, dir, "launch", "collect", c.out)
	if status := succeed(t, dir, "launch", "status", c.out); !strings.Contains(status, "2 tasks: 2 done\n2 runs, 2 ended: 2 completed\n") {
		t.Errorf("status prints\n%s", status)
	}
	comparedWithUndisturbed(t, rowsOf(t, c.out))
	if o := joule(t, dir, larger...); o.code != exitOK || !strings.Contains(o.stderr, "nothing to hand in") {
		t.Errorf("%+v", o)
	}
}
