package launch

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Slurm hands tasks to Slurm as arrays of jobs. A job that is stopped before it is done is requeued: by Slurm, where it preempts it
// or loses its machine, and by its script at the end of its time.
type Slurm struct {
	profile *Profile
	program string
}

// newSlurm is the scheduler that Slurm's commands reach.
func newSlurm(p *Profile, program string) Scheduler { return &Slurm{p, program} }

// patience is how long a command of Slurm's may take. They try for a while to reach the controller before they give up.
const patience = 2 * time.Minute

// slurmError is what a command of Slurm's says where it fails.
type slurmError struct {
	command, out, says string
	err                error
}

func (e *slurmError) Error() string {
	if e.says == "" {
		return fmt.Sprintf("%s: %v", e.command, e.err)
	}
	return e.command + ": " + e.says
}

func (e *slurmError) Unwrap() error { return e.err }

// forgotten says that the jobs which a command is about are not known any more, or have ended.
func (e *slurmError) forgotten() bool {
	return strings.Contains(e.says, "Invalid job id") || strings.Contains(e.says, "already completing or completed") || strings.Contains(e.says, "does not exist")
}

// ask runs a command of Slurm's and returns what it prints.
func ask(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	command := exec.CommandContext(ctx, name, args...)
	out, err := command.Output()
	if err == nil {
		return string(out), nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("there is no %s here: tasks are given to Slurm, and asked for, on a machine that has its commands, such as a login node; --on local runs them on this one", name)
	}
	e := &slurmError{command: name, out: string(out), err: err}
	if ctx.Err() != nil {
		e.err = fmt.Errorf("no answer within %s", patience)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		e.says = ownWords(name, string(exit.Stderr))
	}
	return "", e
}

// reach says whether the controller answers, which other commands take minutes to find out.
func reach(ctx context.Context) error {
	out, err := ask(ctx, "scontrol", "ping")
	if e, ok := errors.AsType[*slurmError](err); ok {
		if e.says == "" {
			e.says, _, _ = strings.Cut(e.out, "\n")
		}
		return fmt.Errorf("the controller of Slurm (slurmctld) cannot be reached from here: %w", e)
	}
	if err == nil && !strings.Contains(out, " UP") {
		err = fmt.Errorf("the controller of Slurm (slurmctld) cannot be reached from here: scontrol ping: %s", strings.TrimSpace(out))
	}
	return err
}

// ownWords is what a command has written to standard error, in one line and without its own name before every line of it.
func ownWords(name, text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), name+": ")
		if line = strings.TrimPrefix(line, "error: "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// Check looks for Slurm's commands and its controller.
func (s *Slurm) Check(ctx context.Context, _ *Dir) error {
	for _, name := range []string{"sbatch", "squeue", "scancel", "scontrol"} {
		if _, err := exec.LookPath(name); err != nil {
			_, err := ask(ctx, name)
			return err
		}
	}
	return reach(ctx)
}

// usualArray is Slurm's own default for the largest index of an array, and one more.
const usualArray = 1001

// block is how many tasks an array can have: a power of ten, so that indices are the last digits of the numbers of tasks.
func block(ctx context.Context) (size, digits int) {
	most := usualArray
	if reach(ctx) == nil { // a dry run does without
		text, _ := ask(ctx, "scontrol", "show", "config")
		if m := regexp.MustCompile(`(?m)^MaxArraySize\s*=\s*([0-9]+)`).FindStringSubmatch(text); m != nil {
			most, _ = strconv.Atoi(m[1]) // digits
		}
	}
	for size = 1; size*10 <= most && digits < Digits; size *= 10 {
		digits++
	}
	return size, digits
}

// Divide makes a job of the tasks of each block of numbers.
func (s *Slurm) Divide(ctx context.Context, d *Dir, tasks []int) ([]*Job, error) {
	if strings.ContainsAny(d.Path, "\"\\\r\n") {
		return nil, fmt.Errorf("%q: Slurm's scripts cannot name a path with quotes, backslashes or line ends; name another directory with --out", d.Path)
	}
	size, digits := block(ctx)
	var jobs []*Job
	for len(tasks) > 0 {
		n := 1
		for n < len(tasks) && tasks[n]/size == tasks[0]/size {
			n++
		}
		j := d.NewJob("slurm", slices.Clone(tasks[:n]))
		j.Offset = tasks[0] / size * size
		j.Script = "job.sh"
		jobs = append(jobs, j)
		tasks = tasks[n:]
	}
	for i, j := range jobs {
		j.Name += fmt.Sprintf("-%d", i+1)
		atOnce := s.profile.AtOnce
		if atOnce > 0 && len(jobs) > 1 { // each array has its part
			atOnce = max((s.profile.AtOnce+len(jobs)-1-i)/len(jobs), 1)
		}
		j.Text = s.script(d, j, digits, atOnce)
	}
	return jobs, nil
}

// Submit gives a job's script to sbatch. Where the controller is slow sbatch may give up on a job that has been taken.
func (s *Slurm) Submit(ctx context.Context, d *Dir, j *Job) error {
	j.ID = ""
	out, err := ask(ctx, "sbatch", "--parsable", filepath.Join(d.JobFolder(j), j.Script))
	if err != nil {
		if findErr := find(ctx, j); findErr != nil {
			return &UnsureError{errors.Join(err, findErr)}
		}
		if j.ID != "" {
			return nil
		}
		return err
	}
	id, _, _ := strings.Cut(strings.TrimSpace(out), ";") // a cluster may follow
	if _, err := strconv.ParseUint(id, 10, 64); err != nil {
		return fmt.Errorf("sbatch prints %.100q; want the number of a job", out)
	}
	j.ID = id
	return nil
}

// Cancel cancels jobs.
func (s *Slurm) Cancel(ctx context.Context, _ *Dir, jobs []*Job) error {
	if err := reach(ctx); err != nil {
		return err
	}
	for _, j := range jobs {
		if j.ID == "" {
			continue
		}
		_, err := ask(ctx, "scancel", j.ID)
		if e, ok := errors.AsType[*slurmError](err); ok && e.forgotten() {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
