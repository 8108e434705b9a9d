package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"joule/bench"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/training"
	"joule/results"
	"joule/rundir"
)

// taskOf is what [results.TaskFile] holds.
type taskOf struct {
	Suite string `json:"suite"`
	Run   string `json:"run"`
	Key   string `json:"key"`
}

// begunBefore is what the runs of a task go on from where they were begun before; nil where they were not. Directories of other
// runs of the same names, as an earlier version of the suite leaves, are set aside.
func begunBefore(task *bench.Task) (*training.Resumption, error) {
	var runs []*rundir.Run
	for i, dir := range task.Dirs {
		run, err := rundir.Open(dir)
		if err != nil || !isBegun(run) {
			continue
		}
		if own, err := readTask(dir); err == nil && own.Key == task.Rows[i].Key {
			runs = append(runs, run)
		}
	}
	if len(runs) == len(task.Dirs) {
		return training.ResumptionOf(task.Dirs[0], runs, -1, true)
	}
	for _, dir := range task.Dirs {
		if err := setAside(dir); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// runLocks keep other processes from training in run directories.
type runLocks struct{ held []func() }

// take locks a run directory, once another process has left it: one whose suite was killed saves what it has first.
func (l *runLocks) take(dir string) error {
	release, err := cli.AwaitLock(func() (func(), error) { return rundir.Lock(dir) })
	if err == nil {
		l.held = append(l.held, release)
	}
	return err
}

// release gives them all free.
func (l *runLocks) release() {
	for _, release := range l.held {
		release()
	}
}

// writeTasks says in the run directories of a task which runs they are of.
func writeTasks(task *bench.Task) error {
	for i, row := range task.Rows {
		text, err := json.Marshal(taskOf{row.Suite, row.Run, row.Key})
		if err == nil {
			err = os.WriteFile(filepath.Join(task.Dirs[i], results.TaskFile), append(text, '\n'), 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isBegun says whether a run has anything to go on from.
func isBegun(run *rundir.Run) bool {
	_, err := run.Parameters()
	return err == nil
}

// setAside makes room for a run directory. One that was never trained, or is no run, goes; another is renamed.
func setAside(dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	run, err := rundir.Open(dir)
	if err != nil || !isBegun(run) {
		return os.RemoveAll(dir)
	}
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.before-%d", dir, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return os.Rename(dir, aside)
		}
	}
}

func readTask(dir string) (t taskOf, err error) {
	text, err := os.ReadFile(filepath.Join(dir, results.TaskFile))
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	return t, err
}
