package launch

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"joule/bench"
	"joule/internal/regularfile"
	"joule/results"
	"joule/rundir"
)

// Files of a task, in its folder.
const (
	taskFile     = "task.json"
	configFile   = "config.yaml"
	rowsFile     = "rows.jsonl"
	attemptsFile = "attempts.jsonl"
	logFile      = "log.txt"
)

// Digits are those of the name of a task's folder: task 17 is tasks/000017.
const Digits = 6

// MostTasks is the largest number of tasks that a directory can have.
const MostTasks = 1_000_000

// Task is what one element of an array does: some runs of a suite, or the run of a config.
type Task struct {
	Format int `json:"format"`
	Number int `json:"number"`
	// Runs are those of a suite, those that are trained at once together, and Timeout what the suite says of each.
	Runs    []*bench.Task `json:"runs,omitempty"`
	Timeout float64       `json:"timeout,omitempty"`
	// Backend is the one that was asked for on the command line, if any.
	Backend string `json:"backend,omitempty"`

	dir *Dir
}

// TaskFolder is where the files of a task are.
func (d *Dir) TaskFolder(number int) string {
	return d.file(tasksFolder, fmt.Sprintf("%0*d", Digits, number))
}

// LogFile is what a task and its scheduler write to, over all its attempts.
func (d *Dir) LogFile(number int) string { return filepath.Join(d.TaskFolder(number), logFile) }

// Count is the number of tasks, which are numbered from 0 on.
func (d *Dir) Count() (int, error) {
	entries, err := os.ReadDir(d.file(tasksFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	count := 0
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && e.IsDir() {
			if _, err := os.Stat(filepath.Join(d.file(tasksFolder), e.Name(), taskFile)); err == nil {
				count = max(count, n+1)
			}
		}
	}
	return count, err
}

// Add makes a task of some runs of a suite.
func (d *Dir) Add(t *Task) error {
	own := *t
	own.Format, own.Runs = format, nil
	for _, r := range t.Runs {
		short := *r // with directories as they are from any machine
		short.Dirs = slices.Clone(r.Dirs)
		for i, path := range r.Dirs {
			var err error
			if short.Dirs[i], err = filepath.Rel(d.Path, path); err != nil {
				return err
			}
		}
		own.Runs = append(own.Runs, &short)
	}
	if err := os.MkdirAll(d.TaskFolder(t.Number), 0o755); err != nil {
		return err
	}
	return writeJSON(filepath.Join(d.TaskFolder(t.Number), taskFile), own)
}

// AddConfig makes the task of a config, or another of it, given the text of the config.
func (d *Dir) AddConfig(text string) error {
	if err := d.Add(&Task{}); err != nil {
		return err
	}
	return write(filepath.Join(d.TaskFolder(0), configFile), text)
}

// Task reads a task.
func (d *Dir) Task(number int) (*Task, error) {
	path := filepath.Join(d.TaskFolder(number), taskFile)
	text, err := regularfile.ReadAtMost(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		count, err := d.Count()
		return nil, errors.Join(fmt.Errorf("%s: there is no task %d; there are %d, from 0 on", d.Path, number, count), err)
	}
	if err != nil {
		return nil, err
	}
	t := &Task{dir: d}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("%s: is not as joule launch writes it: %w", path, err)
	}
	if t.Format > format {
		return nil, fmt.Errorf("%s: has format %d, and this joule reads up to %d; a newer joule reads it", path, t.Format, format)
	}
	if t.Number != number {
		return nil, fmt.Errorf("%s: is that of task %d", path, t.Number)
	}
	for _, r := range t.Runs {
		if len(r.Rows) == 0 || len(r.Rows) != len(r.Dirs) {
			return nil, fmt.Errorf("%s: %d runs and %d directories; want as many, and some", path, len(r.Rows), len(r.Dirs))
		}
		for i, name := range r.Dirs {
			if !filepath.IsLocal(name) {
				return nil, fmt.Errorf("%s: the run directory %.100q is not below %s", path, name, d.Path)
			}
			r.Dirs[i] = filepath.Join(d.Path, name)
		}
	}
	return t, nil
}

// ConfigPath is that of the config of a task that has one.
func (t *Task) ConfigPath() string { return filepath.Join(t.Folder(), configFile) }

// Folder is where its files are.
func (t *Task) Folder() string { return t.dir.TaskFolder(t.Number) }

// RowsPath is the journal that its rows go to.
func (t *Task) RowsPath() string { return filepath.Join(t.Folder(), rowsFile) }

// Keys are those of its runs; none where it is of a config.
func (t *Task) Keys() (keys []string) {
	for _, r := range t.Runs {
		for _, row := range r.Rows {
			keys = append(keys, row.Key)
		}
	}
	return keys
}

// Rows opens the journal of its rows for reading; nil where it has none yet.
func (t *Task) Rows() (*results.Journal, error) {
	j, err := results.ReadJournal(t.RowsPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return j, err
}

// Lock keeps other processes from making a task until it is released.
func (t *Task) Lock() (release func(), err error) { return rundir.Lock(t.Folder()) }

// Attempt is one time that a task was started. The lines of its file are written at the start and again at the end.
type Attempt struct {
	// ID tells it from others: when it began.
	ID   time.Time `json:"id"`
	Host string    `json:"host"`
	PID  int       `json:"pid"`
	Job  string    `json:"job,omitempty"` // the scheduler's name
	// Ended is when it was over; that of one that was killed is missing, as is the rest.
	Ended time.Time `json:"ended,omitzero"`
	Code  int       `json:"code,omitempty"`
	Error string    `json:"error,omitempty"`
}

// Note writes how far an attempt is.
func (t *Task) Note(a Attempt) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(t.Folder(), attemptsFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Close())
}

// Attempts are the times that it was started, the first one first.
func (t *Task) Attempts() (all []Attempt, err error) {
	text, err := regularfile.ReadAtMost(filepath.Join(t.Folder(), attemptsFile), maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var a Attempt
		if json.Unmarshal(lines.Bytes(), &a) != nil { // cut off by a crash
			continue
		}
		if n := len(all); n > 0 && all[n-1].ID.Equal(a.ID) {
			all[n-1] = a
			continue
		}
		all = append(all, a)
	}
	return all, errors.Join(err, lines.Err())
}
