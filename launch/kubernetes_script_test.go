package launch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// inPod is what a container runs for an index of a job of tasks 3, 5 and 6, where a script is in the place of joule.
func inPod(t *testing.T, d *Dir, index, joule, more string) *exec.Cmd {
	t.Helper()
	program := filepath.Join(t.TempDir(), "joule")
	if err := os.WriteFile(program, []byte("#!/bin/bash\n"+joule+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	k := kubernetesOf(t, strings.ReplaceAll(smallest, "{image", "{program: "+program+", image")+more)
	j := &Job{Name: "a", Tasks: Numbers{3, 5, 6}}
	if err := os.MkdirAll(d.JobFolder(j), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.JobFolder(j), listFile), []byte("3\n5\n6\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	job, err := k.manifest(d, j, 3)
	if err != nil {
		t.Fatal(err)
	}
	container := job.Spec.Template.Spec.Containers[0]
	args := strings.ReplaceAll(container.Args[0], "$$", "$") // as the kubelet does where no name of a variable is meant
	command := exec.Command(container.Command[0], append(container.Command[1:], args)...)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "JOB_COMPLETION_INDEX=" + index, "JOULE_JOB=a", "NODE=n1", "HOSTNAME=a-1-x"}
	return command
}

// The script in a pod starts the task of its index, keeps what it writes in the log of the task, and hands its exit code on. Told to
// end, it has joule save, which is then to be started again.
func TestKubernetesScript(t *testing.T) {
	saves := `trap 'echo saved; exit 75' USR1; echo "$@"; echo ready >&2; while :; do sleep 0.05; done`
	for name, c := range map[string]struct {
		index, joule, more string
		signal             syscall.Signal
		code               int
		log                string
	}{
		"done":     {index: "1", joule: `echo "$@"`, log: "launch task DIR 5 --grace 105s\n"},
		"failed":   {index: "2", joule: `echo wrong >&2; exit 2`, code: 2, log: "wrong\n"},
		"setup":    {index: "0", joule: `echo "$A"`, more: "setup: ['export A=$(echo b) # it''s', 'A=\"$A$$\"; A=${A/$$/c}; export A']\n", log: "bc\n"},
		"told":     {index: "1", joule: saves, signal: syscall.SIGTERM, code: 75, log: "launch task DIR 5 --grace 105s\nready\nsaved\n"},
		"warning":  {index: "1", joule: saves, more: "time: 0:01:00\nwarning: 59\n", code: 75, log: "launch task DIR 5 --grace 44s\nready\nsaved\n"},
		"unready":  {index: "1", joule: `kill -USR1 $$`, code: 75},
		"unlisted": {index: "3", joule: "echo not here", code: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &Dir{Path: filepath.Join(t.TempDir(), "it's 100% a/b"), Launch: Launch{Name: "x"}}
			for _, task := range []int{3, 5, 6} {
				if err := os.MkdirAll(d.TaskFolder(task), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			command := inPod(t, d, c.index, c.joule, c.more)
			var out strings.Builder
			command.Stdout = &out
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			log := func() string {
				text, err := os.ReadFile(d.LogFile(map[string]int{"0": 3, "1": 5, "2": 6}[c.index]))
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Error(err)
				}
				return string(text)
			}
			if c.signal != 0 {
				for !strings.Contains(log(), "ready\n") {
					time.Sleep(10 * time.Millisecond)
				}
				if err := command.Process.Signal(c.signal); err != nil {
					t.Fatal(err)
				}
			}
			_ = command.Wait() // the exit code says how
			first, rest, _ := strings.Cut(log(), "\n")
			if want := strings.ReplaceAll(c.log, "DIR", d.Path); command.ProcessState.ExitCode() != c.code || rest != want || out.String() != log() {
				t.Errorf("exit code %d, the log is\n%s\nand the pod's\n%s", command.ProcessState.ExitCode(), log(), &out)
			}
			if c.log != "" && !strings.HasSuffix(first, "index "+c.index+" of a, pod a-1-x on n1") {
				t.Errorf("it begins with %q", first)
			}
		})
	}
}
