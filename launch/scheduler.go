package launch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scheduler starts tasks of a launch directory, now or later, on this machine or on others: task N is the command that
// [Command] makes. Its files say how it went; a scheduler is asked only whether it is still to be expected.
//
// A new scheduler is a file with a type that implements this, and a line in [Kinds]. One that has to stay for its tasks to run
// is an [Attendant].
//
// A task that exits with [ExitRequeue] was stopped in time and has saved; it is to be started again, and goes on. One that exits
// with another code but 0 is over for now; launching again starts it again where it has left something undone. What a task
// writes goes to [Dir.LogFile], appended.
type Scheduler interface {
	// Check says, before anything is written, why the scheduler cannot be used from here for a directory, and what would help.
	Check(ctx context.Context, d *Dir) error
	// Divide makes jobs of tasks, as many as the scheduler needs, and writes their scripts; nothing is handed in, nor written to
	// the disk.
	Divide(ctx context.Context, d *Dir, tasks []int) ([]*Job, error)
	// Submit hands in a job that has been noted, and sets its ID. The error is what the scheduler says, where it refuses, or an
	// [*UnsureError].
	Submit(ctx context.Context, d *Dir, j *Job) error
	// States tells of the tasks of jobs that are not forgotten yet; each job's own come after those of the jobs before. It may find
	// out the ID of a job that has none because the program was killed while it was handed in.
	States(ctx context.Context, d *Dir, jobs []*Job) (map[int]State, error)
	// Cancel ends what is left of jobs. Tasks that run save what they have.
	Cancel(ctx context.Context, d *Dir, jobs []*Job) error
}

// Attendant is a scheduler whose tasks run only while it attends to them.
type Attendant interface {
	// Attend stays with a job that has been handed in until its tasks are over or the context is; then they save.
	Attend(ctx context.Context, d *Dir, j *Job) error
}

// UnsureError is why it is not known whether a job was handed in.
type UnsureError struct{ Err error }

func (e *UnsureError) Error() string {
	return "it is not known whether the job was handed in: " + e.Err.Error()
}

func (e *UnsureError) Unwrap() error { return e.Err }

// ExitRequeue is the exit code of a task that has saved and is to be started again.
const ExitRequeue = 75

// Kinds are the schedulers by name, and what makes them of a profile and the path of the program.
var Kinds = map[string]func(p *Profile, program string) Scheduler{
	"kubernetes": newKubernetes,
	"local":      newLocal,
	"slurm":      newSlurm,
}

// Default is the scheduler that needs nothing.
const Default = "local"

// Command is that of a task: the program and its arguments.
func (d *Dir) Command(program string, task int) []string {
	return []string{program, "launch", "task", d.Path, strconv.Itoa(task)}
}

// Job is some tasks that were handed in at once.
type Job struct {
	// Name is as no other job's.
	Name string `json:"name"`
	// On is the scheduler, and ID its name for the job; empty: it may not have been handed in.
	On string `json:"on"`
	ID string `json:"id"`
	// Tasks are numbers in rising order.
	Tasks Numbers `json:"tasks"`
	// Offset is what is to be added to an index of the scheduler's array for the number of its task.
	Offset int       `json:"offset,omitempty"`
	Time   time.Time `json:"time,omitzero"`
	// Script is the name of the file in the job's folder that was handed in, and Text what is in it.
	Script string `json:"script,omitempty"`
	Text   string `json:"-"`
	// Input is what was given beside it, as a command line, for those who look at a dry run.
	Input string `json:"-"`
}

// State is what a scheduler says of a task.
type State struct {
	Phase Phase
	// Where is a machine, where one is known, and Why the scheduler's own word for why it waits or ended.
	Where, Why string
	// Job is the scheduler's name for it.
	Job string
}

// Phase says whether a task is still to be expected.
type Phase string

// The phases of a task.
const (
	Pending Phase = "pending" // it will be started
	Running Phase = "running"
	Over    Phase = "over" // it will not be started again by itself
)

// IsExpected says whether a task in this phase will do something.
func (p Phase) IsExpected() bool { return p == Pending || p == Running }

// Numbers are written as ranges, as in 0-9,12.
type Numbers []int

// String writes the ranges.
func (n Numbers) String() string {
	var parts []string
	for i := 0; i < len(n); {
		k := i
		for k+1 < len(n) && n[k+1] == n[k]+1 {
			k++
		}
		part := strconv.Itoa(n[i])
		if k > i {
			part += "-" + strconv.Itoa(n[k])
		}
		parts = append(parts, part)
		i = k + 1
	}
	return strings.Join(parts, ",")
}

// MarshalJSON writes ranges as text.
func (n Numbers) MarshalJSON() ([]byte, error) { return json.Marshal(n.String()) }

// mostNumbers bounds what a few bytes can ask for.
const mostNumbers = 10_000_000

// UnmarshalJSON reads ranges.
func (n *Numbers) UnmarshalJSON(text []byte) error {
	var ranges string
	if err := json.Unmarshal(text, &ranges); err != nil {
		return err
	}
	read, err := ParseNumbers(ranges)
	*n = read
	return err
}

// ParseNumbers reads ranges such as 0-9,12, in any order. Empty text has none.
func ParseNumbers(text string) (n Numbers, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.ParseUint(first, 10, 31)
		to, otherErr := strconv.ParseUint(last, 10, 31)
		if err != nil || otherErr != nil || to < from || int(to-from) > mostNumbers-len(n) {
			return nil, fmt.Errorf("%.40q is no range of numbers; want some as in 0-9,12", part)
		}
		for i := from; i <= to; i++ {
			n = append(n, int(i))
		}
	}
	slices.Sort(n)
	return slices.Compact(n), nil
}
