package launch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// standIn puts commands in the place of Slurm's: shell scripts. What is not there is not installed.
func standIn(t *testing.T, commands map[string]string) {
	t.Helper()
	dir := t.TempDir()
	if commands["scontrol"] == "" {
		commands["scontrol"] = "echo 'Slurmctld(primary) at head is UP'"
	}
	for name, script := range commands {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

const config = `if [ "$1" = ping ]; then echo 'Slurmctld(primary) at head is UP'; else echo "MaxArraySize            = 11"; fi`

// Tasks become as many arrays as Slurm needs, whose indices are the last digits of their numbers.
func TestSlurmArrays(t *testing.T) {
	d := made(t)
	s := newSlurm(NewProfile(), "/bin/joule").(*Slurm)
	divide := func(tasks ...int) (arrays []string) {
		t.Helper()
		jobs, err := s.Divide(t.Context(), d, tasks)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range jobs {
			for line := range strings.Lines(j.Text) {
				for _, option := range []string{"array=", "output="} {
					if value, ok := strings.CutPrefix(line, "#SBATCH --"+option); ok {
						arrays = append(arrays, strings.TrimSpace(strings.TrimPrefix(value, `"`+d.file(tasksFolder)+"/")))
					}
				}
			}
			if !strings.Contains(j.Text, fmt.Sprintf("task=$((%d + SLURM_ARRAY_TASK_ID))", j.Offset)) {
				t.Errorf("offset %d in\n%s", j.Offset, j.Text)
			}
		}
		return arrays
	}
	standIn(t, map[string]string{"scontrol": config})
	for _, c := range []struct {
		atOnce int
		tasks  []int
		want   []string
	}{
		{0, []int{0, 1, 2, 9, 10, 12, 345}, []string{"0-2,9", `00000%1a/log.txt"`, "0,2", `00001%1a/log.txt"`, "5", `00034%1a/log.txt"`}},
		{7, []int{3, 4}, []string{"3-4%7", `00000%1a/log.txt"`}},
		{7, []int{9, 10, 20}, []string{"9%3", `00000%1a/log.txt"`, "0%2", `00001%1a/log.txt"`, "0%2", `00002%1a/log.txt"`}},
		{1, []int{9, 10}, []string{"9%1", `00000%1a/log.txt"`, "0%1", `00001%1a/log.txt"`}},
	} {
		s.profile.AtOnce = c.atOnce
		if got := divide(c.tasks...); !slices.Equal(got, c.want) {
			t.Errorf("of %v, %d at once, become\n%v\nand not\n%v", c.tasks, c.atOnce, got, c.want)
		}
	}
	s.profile.AtOnce = 0
	standIn(t, map[string]string{"scontrol": strings.Replace(config, "= 11", "= 4000001", 1)})
	if got, want := divide(0, 999_999), []string{"0,999999", `%6a/log.txt"`}; !slices.Equal(got, want) {
		t.Errorf("with room for all they become %v", got)
	}
	standIn(t, map[string]string{"scontrol": strings.Replace(config, "= 11", "= 2", 1)})
	if got, want := divide(7, 8), []string{"0", `000007/log.txt"`, "0", `000008/log.txt"`}; !slices.Equal(got, want) {
		t.Errorf("with room for one they become %v", got)
	}
	standIn(t, map[string]string{"scontrol": "exit 1"})
	if got, want := divide(5, 1001), []string{"5", `000%3a/log.txt"`, "1", `001%3a/log.txt"`}; !slices.Equal(got, want) {
		t.Errorf("without Slurm they become %v", got)
	}
	d.Path += "\""
	if _, err := s.Divide(t.Context(), d, []int{0}); err == nil || !strings.Contains(err.Error(), "name another directory with --out") {
		t.Error(err)
	}
}

// What a profile says is in the script, which is one for the shell.
func TestSlurmScript(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte(`
time: 1-12:00
memory: 16G
cpus: 4
gpus: 2
warning: 300
setup: [module load cuda, "source 'a b'/bin/activate || exit 1"]
environment: {A: "it's", N: 3}
slurm: {partition: gpu, account: me, qos: long, gres: "tmp:1", constraint: "a100&nvlink", options: [--mail-type=FAIL, "--exclude n7"]}
`), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := LoadProfile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := made(t)
	jobs, err := newSlurm(p, "/opt/my joule").Divide(t.Context(), d, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	text := jobs[0].Text
	for _, line := range []string{"#SBATCH --time=1-12:00", "#SBATCH --mem=16G", "#SBATCH --cpus-per-task=4", "#SBATCH --gres=gpu:2,tmp:1", "#SBATCH --signal=B:USR1@300",
		"#SBATCH --partition=gpu", "#SBATCH --account=me", "#SBATCH --qos=long", "#SBATCH --constraint=a100&nvlink", "#SBATCH --mail-type=FAIL", "#SBATCH --exclude n7",
		"#SBATCH --requeue", "module load cuda", "source 'a b'/bin/activate || exit 1", `export A='it'\''s'`, "export N=3", "export GOMAXPROCS=4",
		"	'/opt/my joule' launch task " + d.Path + ` "$task" --grace 285s &`} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("the script has no line %q:\n%s", line, text)
		}
	}
	shell := exec.Command("bash", "-n")
	shell.Stdin = strings.NewReader(text)
	if out, err := shell.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The script hands signals on, waits for joule to save, and requeues the job where joule asks for it and Slurm does not do so.
func TestSlurmScriptRuns(t *testing.T) {
	for name, c := range map[string]struct {
		setup, joule string
		code         int
		requeued     bool
	}{
		"done":                      {"", "exit 0", 0, false},
		"failed":                    {"", "exit 3", 3, false},
		"stopped":                   {"", "exit 75", 75, true},
		"warned":                    {"", "trap 'sleep 0.2; exit 75' USR1; kill -USR1 $PPID; while :; do sleep 0.05; done", 75, true},
		"warned at setup":           {"kill -USR1 $$", "exit 0", 75, true},
		"preempted":                 {"", "trap 'sleep 0.2; exit 130' TERM; kill -TERM $PPID; while :; do sleep 0.05; done", 130, false},
		"warned and then preempted": {"", "trap 'kill -TERM $PPID; sleep 0.2; exit 75' USR1; trap '' TERM; kill -USR1 $PPID; while :; do sleep 0.05; done", 75, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"joule": c.joule, "scontrol": "echo \"$@\" >" + Quote(dir) + "/requeued"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte("#!/bin/bash\n"+text+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			p := NewProfile()
			if c.setup != "" {
				p.Setup = []string{c.setup}
			}
			d := made(t)
			s := newSlurm(p, filepath.Join(dir, "joule")).(*Slurm)
			j := d.NewJob("slurm", []int{12})
			j.Offset = 10
			shell := exec.Command("bash", "-c", s.script(d, j, 1, 0))
			shell.Env = append(os.Environ(), "SLURM_ARRAY_JOB_ID=7", "SLURM_ARRAY_TASK_ID=2", "PATH="+dir+":"+os.Getenv("PATH"))
			out, _ := shell.CombinedOutput() // the exit code follows
			if got := shell.ProcessState.ExitCode(); got != c.code {
				t.Errorf("it exits with %d, want %d\n%s", got, c.code, out)
			}
			if !strings.Contains(string(out), "task 12: job 7_2 on ") {
				t.Errorf("it prints\n%s", out)
			}
			asked, _ := os.ReadFile(filepath.Join(dir, "requeued")) // there is none where it does not
			if want := map[bool]string{true: "requeue 7_2\n"}[c.requeued]; string(asked) != want {
				t.Errorf("scontrol is asked for %q, want %q\n%s", asked, want, out)
			}
		})
	}
}

// What squeue knows goes before what sacct says, and without either a task that was handed in is over.
func TestSlurmStates(t *testing.T) {
	d := made(t)
	jobs := []*Job{
		{Name: "a", On: "slurm", ID: "7", Tasks: Numbers{0, 1, 2, 3, 4}},
		{Name: "b", On: "slurm", ID: "8", Tasks: Numbers{3, 12}, Offset: 0},
		{Name: "c", On: "slurm", ID: "", Tasks: Numbers{25}, Offset: 20},
		{Name: "d", On: "slurm", ID: "", Tasks: Numbers{30}, Offset: 30},
	}
	commands := map[string]string{
		"squeue": `case "$*" in
*--name=c*) echo 9; exit;;
*--name=d*) exit;;
*--jobs=7,8,9*) ;;
*) echo "wrong: $*" >&2; exit 1;;
esac
echo '7|0|PENDING|Priority|'
echo '7|1|RUNNING|None|n[1-2]'
echo '7|3|CANCELLED|None|n1'
echo '8|3|PENDING|BeginTime|'
echo '9|5|NODE_FAIL|NodeDown|n3'
echo '99|1|RUNNING|None|n1'`,
		"sacct": `echo '7_1|FAILED|1:0|n1'; echo '7_2|TIMEOUT|0:0|n1'; echo '7_4|CANCELLED by 1000|0:0|None assigned'; echo '7_[8-9]|PENDING|0:0|None assigned'; echo '8_12|FAILED|2:0|n4'`,
	}
	standIn(t, commands)
	states, err := newSlurm(NewProfile(), "joule").States(t.Context(), d, jobs)
	if err != nil {
		t.Fatal(err)
	}
	want := map[int]State{
		0: {Pending, "", "Priority", "7_0"}, 1: {Running, "n[1-2]", "", "7_1"}, 2: {Over, "n1", "timeout", "7_2"}, 3: {Pending, "", "BeginTime", "8_3"},
		4: {Over, "", "cancelled", "7_4"}, 12: {Over, "n4", "failed, exit code 2:0", "8_12"}, 25: {Over, "n3", "node_fail, NodeDown", "9_5"},
	}
	for task, s := range want {
		if states[task] != s {
			t.Errorf("task %d is %+v, want %+v", task, states[task], s)
		}
	}
	if len(states) != len(want) || jobs[2].ID != "9" || jobs[3].ID != "" {
		t.Errorf("states %v, jobs %+v, %+v", states, jobs[2], jobs[3])
	}
	// Slurm forgets jobs after some minutes.
	standIn(t, map[string]string{"squeue": "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1"})
	states, err = newSlurm(NewProfile(), "joule").States(t.Context(), d, jobs[:1])
	if err != nil || states[2] != (State{Phase: Over, Job: "7"}) {
		t.Errorf("of forgotten jobs it says %v, %v", states, err)
	}
	standIn(t, map[string]string{"squeue": "echo 'squeue: error: something is wrong' >&2; exit 1"})
	if _, err = newSlurm(NewProfile(), "joule").States(t.Context(), d, jobs[:1]); err == nil || err.Error() != "squeue: something is wrong" {
		t.Error(err)
	}
}

func TestSlurmErrors(t *testing.T) {
	d := made(t)
	s := newSlurm(NewProfile(), "joule")
	all := map[string]string{"sbatch": "echo '12;cluster'", "squeue": "", "scancel": "echo 'scancel: error: Kill job error on job id 12: Invalid job id specified' >&2; exit 1"}
	standIn(t, all)
	j := d.NewJob("slurm", []int{0})
	j.Script = "job.sh"
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := s.Submit(t.Context(), d, j); err != nil || j.ID != "12" {
		t.Errorf("job %q, %v", j.ID, err)
	}
	if err := s.Cancel(t.Context(), d, []*Job{j, {}}); err != nil {
		t.Error(err)
	}
	all["sbatch"] = "echo 'sbatch: error: invalid partition specified: x' >&2; echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2; exit 1"
	standIn(t, all)
	if err := s.Submit(t.Context(), d, j); err == nil || err.Error() != "sbatch: invalid partition specified: x; Batch job submission failed: Invalid partition name specified" {
		t.Error(err)
	}
	all["sbatch"], all["squeue"] = "echo 'Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1", "echo 13"
	standIn(t, all)
	if j.ID = ""; s.Submit(t.Context(), d, j) != nil || j.ID != "13" {
		t.Errorf("a job that was taken after all is %q", j.ID)
	}
	all["squeue"] = "exit 1"
	standIn(t, all)
	j.ID = ""
	if _, isUnsure := errors.AsType[*UnsureError](s.Submit(t.Context(), d, j)); !isUnsure {
		t.Error("it is said to be known whether a job was taken of which nothing is known")
	}
	all["sbatch"], all["squeue"] = "echo nothing", ""
	standIn(t, all)
	if err := s.Submit(t.Context(), d, j); err == nil || !strings.Contains(err.Error(), `sbatch prints "nothing\n"; want the number of a job`) {
		t.Error(err)
	}
	all["scontrol"] = "echo 'Slurmctld(primary) at head is DOWN'; echo '****'; exit 1"
	standIn(t, all)
	if err := s.Check(t.Context(), nil); err == nil || err.Error() != "the controller of Slurm (slurmctld) cannot be reached from here: scontrol: Slurmctld(primary) at head is DOWN" {
		t.Error(err)
	}
	delete(all, "sbatch")
	standIn(t, all)
	if err := s.Check(t.Context(), nil); err == nil || !strings.HasPrefix(err.Error(), "there is no sbatch here: ") {
		t.Error(err)
	}
}
