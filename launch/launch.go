// Package launch hands the runs of a suite, or the run of a config, to a scheduler: that of this machine, or that of a cluster.
//
// What is launched is cut into tasks, which are numbered and described in files, so that whoever can start a process on a machine
// that sees the directory can make task N of it: joule launch task DIR N. What becomes of a task is in files, too. Of a
// [Scheduler] only that is asked what files cannot tell: whether a task still waits or runs.
package launch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"joule/internal/atomicfile"
	"joule/internal/regularfile"
	"joule/rundir"
)

// Names in a launch directory. Everything but the run of a config and the results of a suite is in Folder.
const (
	Folder = "launch"
	// RunFolder is the run directory of a config.
	RunFolder = "run"

	launchFile  = "launch.json"
	keysFile    = "keys.txt"
	profileFile = "profile.yaml"
	tasksFolder = "tasks"
	jobsFolder  = "jobs"
)

// format is the version of the files that this package writes, and the newest that it reads.
const format = 1

// maxFile is the most that is read of a file, in bytes.
const maxFile = 1 << 28

// What is launched.
const (
	OfSuite  = "suite"
	OfConfig = "config"
)

// Dir is a launch directory.
type Dir struct {
	// Path is absolute.
	Path string
	// Launch is what its file says; that of a directory that was never launched has no name.
	Launch
}

// Launch is what was launched, and what schedulers were given of it.
type Launch struct {
	Format int `json:"format"`
	// What is OfSuite or OfConfig, and Name that of the suite or config.
	What string `json:"what"`
	Name string `json:"name"`
	// On is the scheduler that was last used.
	On string `json:"on"`
	// Joule is the version of the program.
	Joule string `json:"joule"`
	// Jobs are what was handed in, the oldest first.
	Jobs []*Job `json:"jobs"`
}

// Open reads a launch directory. The error is [fs.ErrNotExist] where nothing was launched in it.
func Open(path string) (*Dir, error) {
	d, err := at(path)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(d.Path, Folder, launchFile)
	text, err := regularfile.ReadAtMost(file, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: nothing was launched here (%w: %s); joule launch SUITE --out %s does", path, fs.ErrNotExist, filepath.Join(Folder, launchFile), path)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &d.Launch); err != nil {
		return nil, fmt.Errorf("%s: is not as joule launch writes it: %w", file, err)
	}
	if d.Format > format {
		return nil, fmt.Errorf("%s: has format %d, and this joule reads up to %d; a newer joule reads it", file, d.Format, format)
	}
	if d.What != OfSuite && d.What != OfConfig || d.Name == "" {
		return nil, fmt.Errorf("%s: what: %.40q of name %.40q; want %s or %s, and its name", file, d.What, d.Name, OfSuite, OfConfig)
	}
	return d, nil
}

// OpenOrNew is Open, and a directory of no name where nothing was launched in it, or where it does not exist.
func OpenOrNew(path string) (*Dir, error) {
	d, err := Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return at(path)
	}
	return d, err
}

func at(path string) (*Dir, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(whole); err == nil { // other machines may not have the link
		whole = real
	}
	return &Dir{Path: whole}, nil
}

// file is the path of something in the launch's folder.
func (d *Dir) file(names ...string) string {
	return filepath.Join(append([]string{d.Path, Folder}, names...)...)
}

// Make makes the folder of the launch, and keeps others from launching and collecting there, and from joule bench, until it is
// released. What was launched is read again, since it may have changed meanwhile.
func (d *Dir) Make() (release func(), err error) {
	for _, folder := range []string{tasksFolder, jobsFolder} {
		if err := os.MkdirAll(d.file(folder), 0o755); err != nil {
			return nil, err
		}
	}
	if err := rundir.MakeLockable(d.Path); err != nil { // so that locking a folder in it locks it, too
		return nil, err
	}
	if release, err = rundir.Lock(d.file()); err != nil {
		return nil, fmt.Errorf("another joule launch or joule bench is at work here: %w", err)
	}
	now, err := Open(d.Path)
	if err == nil {
		d.Launch = now.Launch
	} else if !errors.Is(err, fs.ErrNotExist) {
		release()
		return nil, err
	}
	return release, nil
}

// Save writes what was launched.
func (d *Dir) Save() error {
	d.Format = format
	return writeJSON(d.file(launchFile), d.Launch)
}

// SaveKeys keeps the keys of all the runs of a suite, in its order.
func (d *Dir) SaveKeys(keys []string) error {
	return write(d.file(keysFile), strings.Join(append(keys, ""), "\n"))
}

// Keys are those that were saved.
func (d *Dir) Keys() ([]string, error) {
	text, err := regularfile.ReadAtMost(d.file(keysFile), maxFile)
	return strings.Fields(string(text)), err
}

// SaveProfile keeps a profile that was launched with, which is that of later launches where none is given.
func (d *Dir) SaveProfile(p *Profile) error {
	if p.Text == "" { // there was none
		return nil
	}
	return write(d.file(profileFile), p.Text)
}

// ProfilePath is where the profile is kept; empty where there is none.
func (d *Dir) ProfilePath() string {
	path := d.file(profileFile)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// NewJob names a job of some tasks, as no other is.
func (d *Dir) NewJob(scheduler string, tasks []int) *Job {
	name := strings.Map(func(r rune) rune {
		if r < 128 && (r == '-' || r == '.' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			return r
		}
		return '-'
	}, d.Name)
	return &Job{Name: fmt.Sprintf("joule-%.40s-%s", name, time.Now().UTC().Format("060102-150405.000000")), On: scheduler, Tasks: tasks}
}

// Note adds a job, and saves it with its script before it is handed in: a job that is known and was not handed in does no harm,
// the other way round its tasks would be handed in again.
func (d *Dir) Note(j *Job) error {
	folder := d.JobFolder(j)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if j.Text != "" {
		if err := write(filepath.Join(folder, j.Script), j.Text); err != nil {
			return err
		}
	}
	j.Time = time.Now().UTC().Truncate(time.Second)
	d.Jobs = append(d.Jobs, j)
	return d.Save()
}

// Forget takes back the last job, which was not handed in.
func (d *Dir) Forget(j *Job) error {
	d.Jobs = d.Jobs[:len(d.Jobs)-1]
	return errors.Join(d.Save(), os.RemoveAll(d.JobFolder(j)))
}

// JobFolder is where the files of a job are.
func (d *Dir) JobFolder(j *Job) string { return d.file(jobsFolder, j.Name) }

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return write(path, string(text)+"\n")
}

func write(path, text string) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
