package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"joule/results"
)

// deepest is how many folders below a path runs are looked for.
const deepest = 12

// settled is how long a folder must not have changed for its listing to be kept: times on the disk are not finer than some
// milliseconds.
const settled = 2 * time.Second

// folder is a directory as it was last listed.
type folder struct {
	changed time.Time // of the directory
	isKept  bool      // the listing is good as long as changed is
	isRun   bool
	isSuite bool
	folders []string // names of those in it that may hold runs
}

// CheckPaths reports a path that is no directory.
func CheckPaths(paths []string) error {
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s: there is no such directory; want a run directory, that of a suite, or one that holds some, such as runs", path)
		case err != nil:
			return err
		case !info.IsDir():
			return fmt.Errorf("%s: is a file; want a run directory, that of a suite, or one that holds some, such as runs", path)
		}
	}
	return nil
}

// found is a directory of a run or a suite.
type found struct{ dir, name, suite string }

// find lists the runs and suites at and below a path.
func (w *Watcher) find(path string, runs, suites *[]found) {
	w.descend(path, path, "", 0, runs, suites)
}

func (w *Watcher) descend(dir, top, suite string, depth int, runs, suites *[]found) {
	f := w.list(dir)
	if f == nil {
		return
	}
	name := dir
	if below, err := filepath.Rel(top, dir); err == nil && below != "." {
		name = filepath.Join(filepath.Base(top), below)
	}
	switch {
	case f.isRun:
		*runs = append(*runs, found{dir, name, suite})
		return
	case f.isSuite:
		suite = dir
		*suites = append(*suites, found{dir, name, ""})
		w.descend(filepath.Join(dir, results.RunsFolder), top, suite, depth+1, runs, suites)
		return
	case depth == deepest:
		return
	}
	for _, sub := range f.folders {
		w.descend(filepath.Join(dir, sub), top, suite, depth+1, runs, suites)
	}
}

// list says what a directory is, and lists it where it has changed; nil: it cannot be listed.
func (w *Watcher) list(dir string) *folder {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		delete(w.folders, dir)
		return nil
	}
	old := w.folders[dir]
	if old != nil && old.isKept && old.changed.Equal(info.ModTime()) {
		return old
	}
	if old != nil && old.isRun { // it stays one
		if _, err := os.Stat(filepath.Join(dir, "environment.json")); err == nil {
			old.changed, old.isKept = info.ModTime(), time.Since(info.ModTime()) > settled
			return old
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	f := &folder{changed: info.ModTime(), isKept: time.Since(info.ModTime()) > settled}
	has := map[string]bool{}
	for _, e := range entries {
		has[e.Name()] = true
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.Contains(e.Name(), ".before-") { // the latter are set aside by a suite
			f.folders = append(f.folders, e.Name())
		}
	}
	f.isRun = has["config.yaml"] && has["environment.json"]
	f.isSuite = !f.isRun && has[results.JournalFile]
	if f.isRun || f.isSuite {
		f.folders = nil
	}
	slices.Sort(f.folders)
	w.folders[dir] = f
	return f
}
