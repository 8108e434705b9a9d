// Package watch tells how runs and suites are getting on, from what they leave on the disk.
//
// A [Watcher] finds the run directories and the directories of suites below some paths. Each [Watcher.Look] reads what has changed
// since the last one: of metrics the end alone, of a run that has ended nothing more. It writes nothing, and takes no lock that
// could keep a run from training. docs/watching.md says what is shown.
package watch

import (
	"time"

	"joule/checkpoints"
)

// State says what a run is doing, or how it ended.
type State string

// The states of a run.
const (
	Running  State = "running"  // a process trains it
	Done     State = "done"     // all steps were made, or it stopped early as it should
	Stopped  State = "stopped"  // by a signal; it can be gone on with
	Diverged State = "diverged" // by a step that was not finite, or out of its bounds
	Failed   State = "failed"   // by an error
	Lost     State = "lost"     // it has no end, and no process trains it: it was killed
)

// IsFailure says whether a run ended as it should not.
func (s State) IsFailure() bool { return s == Diverged || s == Failed || s == Lost }

// Trend says where a figure goes.
type Trend string

// The trends; an empty one is not known.
const (
	Falling Trend = "falling"
	Rising  Trend = "rising"
	Level   Trend = "level" // no more than its noise
)

// Number is a figure that may be NaN or infinite, which is then a string in JSON.
type Number = checkpoints.Number

// Run is how a run is getting on. What is not known is nil, zero or empty.
type Run struct {
	// Dir is the path of its directory, and Name that path below the one that was asked for.
	Dir  string `json:"dir"`
	Name string `json:"name"`
	// Suite is the path of the suite's directory that it belongs to.
	Suite string `json:"suite,omitempty"`
	State State  `json:"state"`
	Seed  int64  `json:"seed"`
	// Step is the number of steps made, as far as the last log or checkpoint tells, and Steps the number it is to make.
	Step  int64 `json:"step"`
	Steps int64 `json:"steps,omitempty"`
	// Loss and the Metrics beside it are the last that were logged; Trend is that of the loss.
	Loss    *Number           `json:"loss,omitempty"`
	Trend   Trend             `json:"trend,omitempty"`
	Metrics map[string]Number `json:"metrics,omitempty"`
	// StepsPerSecond is that of the last log, and Left the seconds to go at this rate, where the run is being trained.
	StepsPerSecond float64 `json:"steps_per_second,omitempty"`
	Left           float64 `json:"seconds_left,omitempty"`
	// Checkpoint is when the newest checkpoint was written, and CheckpointStep its step; not looked for once the run has ended.
	Checkpoint     time.Time `json:"checkpoint,omitzero"`
	CheckpointStep int64     `json:"checkpoint_step,omitempty"`
	// Incidents are the numbers of sick steps by what was done about them: stop, skip or rollback. While the run is being trained
	// they are those of its newest checkpoint.
	Incidents map[string]int `json:"incidents,omitempty"`
	Backend   string         `json:"backend,omitempty"`
	Started   time.Time      `json:"started,omitzero"`
	// Logged is when something was last logged.
	Logged time.Time `json:"logged,omitzero"`
	// Problem says why the run failed, or what of its directory cannot be read.
	Problem string `json:"problem,omitempty"`

	process int // that trains or measures it; 0: none
}

// SickSteps is the number of incidents.
func (r *Run) SickSteps() (n int) {
	for _, count := range r.Incidents {
		n += count
	}
	return n
}

// Suite is how a suite is getting on.
type Suite struct {
	Dir  string `json:"dir"`
	Name string `json:"name"`
	// IsRunning says that a process makes its runs.
	IsRunning bool `json:"running"`
	// Planned is the number of runs that it is to have; 0: not known.
	Planned int `json:"planned,omitempty"`
	// Status counts the runs with a row by how they ended, as in the tables of the suite.
	Status map[string]int `json:"status"`
	// Running is the number of runs that are being trained, and Tasks that of the processes that train or measure runs.
	Running int `json:"runs_running"`
	Tasks   int `json:"tasks_running"`
	// PerHour is the number of runs an hour since it was last started, and Left the seconds to go at this rate.
	PerHour float64 `json:"runs_per_hour,omitempty"`
	Left    float64 `json:"seconds_left,omitempty"`
	// Workers is how many tasks it has at a time.
	Workers int    `json:"workers,omitempty"`
	Problem string `json:"problem,omitempty"`
	// Seconds are those that each run with a row was trained for, by its key.
	Seconds map[string]float64 `json:"-"`
}

// Ended is the number of runs with a row.
func (s *Suite) Ended() (n int) {
	for _, count := range s.Status {
		n += count
	}
	return n
}

// Rest is the number of runs that have neither a row nor a process; 0 also where it is not known.
func (s *Suite) Rest() int { return max(s.Planned-s.Ended()-s.Running, 0) }

// Snapshot is how everything was getting on at a moment. It may be kept: later looks do not change it.
type Snapshot struct {
	At     time.Time `json:"at"`
	Suites []*Suite  `json:"suites"`
	Runs   []*Run    `json:"runs"`
}

// Count is the number of runs in a state.
func (s *Snapshot) Count(state State) (n int) {
	for _, r := range s.Runs {
		if r.State == state {
			n++
		}
	}
	return n
}
