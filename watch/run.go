package watch

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"strconv"
	"strings"
	"time"

	"joule/checkpoints"
	"joule/rundir"
)

// remembered is how many records a run's figures are taken from.
const remembered = 48

// lastWords is the same of a run that has ended, whose trend nobody asks for.
const lastWords = 8

// patience is how long a run of another machine, whose locks are not seen here, is taken to be trained without a word.
const patience = 5 * time.Minute

// watched is what is known of a run from earlier looks.
type watched struct {
	run     Run
	isEnded bool
	// isQuiet says that nothing changes as long as nobody locks the run, which would be by one of locks.
	isQuiet  bool
	locks    []rundir.LockFile
	changed  time.Time // of the directory, when all but the metrics was read
	newest   checkpoints.Entry
	follower *rundir.Follower
}

// look finds out how the run is getting on.
func (w *watched) look(f found, dir *folder, locks rundir.Locks, now time.Time) *Run {
	if w.run.Dir != f.dir {
		*w = watched{run: Run{Dir: f.dir}}
	}
	w.run.Name, w.run.Suite = f.name, f.suite
	isOld := dir.isKept && w.changed.Equal(dir.changed)
	if isOld && w.isQuiet && !locks.Has(w.locks) {
		w.run.process = 0
		run := w.run
		return &run
	}
	held, process := locks.OfRun(f.dir)
	if held != rundir.Taken {
		process = 0
	}
	w.run.process = process
	if isOld && w.isEnded {
		run := w.run
		return &run
	}
	w.locks = rundir.LockFilesOf(f.dir)
	run, err := rundir.Open(f.dir)
	if err != nil {
		w.run.Problem, w.run.State = err.Error(), Lost
		if held == rundir.Taken {
			w.run.State = Running
		}
		bad := w.run
		return &bad
	}
	w.run.Problem = ""
	if !isOld {
		w.describe(run)
	}
	result, err := run.Result()
	w.isEnded = err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.run.Problem = err.Error()
	}
	w.changed = dir.changed
	if w.isEnded {
		w.measure(run.Follow(lastWords))
		w.end(result)
	} else {
		if w.follower == nil {
			w.follower = run.Follow(remembered)
		}
		w.measure(w.follower)
		w.goOn(run, held, now)
	}
	w.isQuiet = w.isEnded || held == rundir.Free
	shown := w.run
	shown.Metrics, shown.Incidents = maps.Clone(w.run.Metrics), maps.Clone(w.run.Incidents)
	return &shown
}

// describe reads what does not change while a run is trained.
func (w *watched) describe(run *rundir.Run) {
	if environment, err := run.Environment(); err == nil {
		w.run.Seed, w.run.Backend, w.run.Started = environment.Seed, environment.Backend.Spec, environment.Started
		if n := len(environment.Resumed); n > 0 {
			w.run.Started = environment.Resumed[n-1].At
		}
	} else {
		w.run.Problem = err.Error()
	}
	if text, err := run.Config(); err == nil {
		w.run.Steps = stepsOf(text)
	} else {
		w.run.Problem = err.Error()
	}
}

// stepsOf finds train.steps in a resolved config, without taking it apart: there may be thousands. It is 0 where it is not written
// as joule does.
func stepsOf(config []byte) int64 {
	isIn := false
	for lines := bufio.NewScanner(bytes.NewReader(config)); lines.Scan(); {
		line := lines.Text()
		if line != "" && line[0] != ' ' {
			isIn = line == "train:"
		}
		if text, ok := strings.CutPrefix(line, "  steps: "); ok && isIn {
			n, err := strconv.ParseFloat(strings.TrimSpace(text), 64) // such as 1e+06
			if err != nil {
				return 0
			}
			return int64(n)
		}
	}
	return 0
}

// measure reads the end of the metrics.
func (w *watched) measure(follower *rundir.Follower) {
	records, err := follower.Records()
	if err != nil {
		w.run.Problem = err.Error()
		return
	}
	w.run.Step, w.run.Loss, w.run.Trend, w.run.Metrics, w.run.StepsPerSecond = 0, nil, "", nil, 0
	w.run.Logged = follower.Changed()
	if len(records) == 0 {
		return
	}
	var losses []float64
	w.run.Metrics = map[string]Number{}
	for _, r := range records {
		w.run.Step = r.Step
		for name, x := range r.Values {
			if name == "steps_per_second" {
				w.run.StepsPerSecond = x
				continue
			}
			w.run.Metrics[name] = Number(x)
		}
		if loss, ok := r.Values["loss"]; ok {
			losses = append(losses, loss)
		}
	}
	if n := len(losses); n > 0 {
		last := Number(losses[n-1])
		w.run.Loss, w.run.Trend = &last, trendOf(losses)
	}
}

// end is what the result of a run says.
func (w *watched) end(result rundir.Result) {
	w.run.Step = result.Step
	w.run.Trend, w.run.Left, w.run.Checkpoint, w.run.CheckpointStep = "", 0, time.Time{}, 0
	w.run.Incidents = countOf(result.Incidents)
	switch {
	case result.Status == rundir.Completed:
		w.run.State = Done
	case result.Status == rundir.Interrupted:
		w.run.State = Stopped
	case w.run.Incidents["stop"] > 0:
		w.run.State = Diverged
	default:
		w.run.State = Failed
	}
	if result.Error != "" {
		w.run.Problem = result.Error
	}
	w.follower = nil // there may be thousands
}

// goOn is how a run without an end is getting on.
func (w *watched) goOn(run *rundir.Run, held rundir.Held, now time.Time) {
	w.run.State = Lost
	if held == rundir.Taken || held == rundir.Elsewhere && now.Sub(laterOf(w.run.Logged, w.run.Started)) < patience {
		w.run.State = Running
	}
	entries, err := run.Checkpoints().List()
	if err != nil {
		w.run.Problem = err.Error()
	}
	if n := len(entries); n == 0 {
		w.run.Checkpoint, w.run.CheckpointStep, w.run.Incidents, w.newest = time.Time{}, 0, nil, checkpoints.Entry{}
	} else if newest := entries[n-1]; newest != w.newest {
		if c, err := run.Checkpoints().Manifest(newest); err == nil { // it may just have been removed
			w.newest = newest
			w.run.Checkpoint, w.run.CheckpointStep, w.run.Incidents = c.Written, int64(c.Step), countOf(c.Incidents)
		}
	}
	w.run.Step = max(w.run.Step, w.run.CheckpointStep)
	w.run.Left = 0
	if rest := w.run.Steps - w.run.Step; w.run.State == Running && rest > 0 && w.run.StepsPerSecond > 0 {
		w.run.Left = float64(rest) / w.run.StepsPerSecond
	}
}

func countOf(incidents []checkpoints.Incident) map[string]int {
	if len(incidents) == 0 {
		return nil
	}
	count := map[string]int{}
	for _, i := range incidents {
		count[i.Action]++
	}
	return count
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
