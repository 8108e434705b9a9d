package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"joule/configs"
	"joule/results"
	"joule/rundir"
)

// Standing is how far a task is.
type Standing struct {
	Task *Task
	// Runs is the number of its runs, and Ended how many of them ended in which way.
	Runs  int
	Ended map[results.Status]int
	// Reasons are why some are not completed, as they are told.
	Reasons []string
	// State is what its scheduler says; without a phase nobody knows anything of it.
	State    State
	Attempts []Attempt
}

// IsDone says whether all its runs have ended, in whatever way.
func (s *Standing) IsDone() bool {
	ended := 0
	for _, n := range s.Ended {
		ended += n
	}
	return ended >= s.Runs
}

// IsExpected says whether there is something to be done, and somebody to do it.
func (s *Standing) IsExpected() bool { return !s.IsDone() && s.State.Phase.IsExpected() }

// Word is the standing in a word: done, running, pending, missing for a task that nobody will do any more, or new for one that
// was never handed in.
func (s *Standing) Word() string {
	switch {
	case s.IsDone():
		return "done"
	case s.State.Phase.IsExpected():
		return string(s.State.Phase)
	case s.State.Job == "" && len(s.Attempts) == 0:
		return "new"
	}
	return "missing"
}

// Standings are those of all tasks by their number, given what schedulers say.
func (d *Dir) Standings(states map[int]State) (all []*Standing, err error) {
	count, err := d.Count()
	if err != nil {
		return nil, err
	}
	for n := range count {
		s := &Standing{State: states[n], Ended: map[results.Status]int{}}
		if s.Task, err = d.Task(n); err != nil {
			return nil, err
		}
		if s.Attempts, err = s.Task.Attempts(); err != nil {
			return nil, err
		}
		if d.What == OfConfig {
			err = s.ofConfig(d)
		} else {
			err = s.ofRows()
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// ofRows counts the rows of a task.
func (s *Standing) ofRows() error {
	keys := s.Task.Keys()
	s.Runs = len(keys)
	rows, err := s.Task.Rows()
	if err != nil || rows == nil {
		return err
	}
	defer rows.Close()
	for _, key := range keys {
		status, ok := rows.Status(key)
		if !ok {
			continue
		}
		s.Ended[status]++
		if status != results.Completed {
			row, err := rows.Row(key)
			if err != nil {
				return err
			}
			s.Reasons = append(s.Reasons, fmt.Sprintf("%s %s: %s", row.Run, status, row.Reason))
		}
	}
	return nil
}

// ofConfig looks at the end of the run of a config, or of its runs.
func (s *Standing) ofConfig(d *Dir) error {
	config, err := configs.LoadRun(s.Task.ConfigPath(), "", nil)
	if err != nil {
		return err
	}
	s.Runs = config.Train.Replicas
	runs, err := rundir.OpenAll(filepath.Join(d.Path, RunFolder))
	if err != nil { // there is nothing yet, or not all of it
		return nil
	}
	for _, run := range runs {
		result, err := run.Result()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		switch {
		case result.Status == rundir.Completed && (result.Stopped != "" || result.Step >= int64(config.Train.Steps)):
			s.Ended[results.Completed]++
		case result.Status == rundir.Failed:
			s.Ended[results.Failed]++
			s.Reasons = append(s.Reasons, fmt.Sprintf("seed %d %s: %s", config.Seed, result.Status, result.Error))
		}
	}
	return nil
}

// States asks the schedulers that were used what has become of what they were given. scheduler makes those. Jobs that no task that
// is left was in are not asked for.
func (d *Dir) States(ctx context.Context, scheduler func(name string) (Scheduler, error), isLeft func(task int) bool) (map[int]State, error) {
	asked := map[string][]*Job{}
	var order []string
	for _, j := range d.Jobs {
		for _, task := range j.Tasks {
			if !isLeft(task) {
				continue
			}
			if asked[j.On] == nil {
				order = append(order, j.On)
			}
			asked[j.On] = append(asked[j.On], j)
			break
		}
	}
	states := map[int]State{}
	for _, name := range order {
		s, err := scheduler(name)
		if err != nil {
			return nil, err
		}
		own, err := s.States(ctx, d, asked[name])
		if err != nil {
			return nil, err
		}
		for task, state := range own {
			if before, known := states[task]; !known || state.Phase.IsExpected() || !before.Phase.IsExpected() {
				states[task] = state
			}
		}
	}
	return states, nil
}
