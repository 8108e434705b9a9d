package tracked

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"joule/results"
	"joule/watch"
)

// Finder finds the runs and suites at and below some directories, again and again.
type Finder struct {
	tops   []string
	looks  []*watch.Watcher
	tables map[string]*table // by the directory of the suite
}

// table is the rows of a suite as they were last read.
type table struct {
	stamp [2]time.Time // of the files that they may be in
	rows  []*results.Row
}

// NewFinder returns a finder for some directories.
func NewFinder(dirs ...string) *Finder {
	f := &Finder{tops: dirs, tables: map[string]*table{}}
	for _, dir := range dirs {
		f.looks = append(f.looks, watch.New(dir))
	}
	return f
}

// Suite is a suite that is told of.
type Suite struct {
	// Name is what it is called, by the way to it from the directory that was asked for.
	Name string
	*watch.Suite
	// Runs are its runs with a row, in the order of its table, and then those that have none yet.
	Runs []*Run
}

// Found is what was found.
type Found struct {
	// Runs are those that belong to no suite.
	Runs   []*Run
	Suites []*Suite
}

// Find looks what there is. What is found twice is told once.
func (f *Finder) Find() (*Found, error) {
	found, seen := &Found{}, map[string]bool{}
	for i, top := range f.tops {
		snapshot := f.looks[i].Look()
		ofSuites := map[string]map[string]*watch.Run{} // by the suite and its own directory
		for _, run := range snapshot.Runs {
			switch {
			case run.Suite != "":
				if ofSuites[run.Suite] == nil {
					ofSuites[run.Suite] = map[string]*watch.Run{}
				}
				ofSuites[run.Suite][run.Dir] = run
			case !seen[run.Dir]:
				seen[run.Dir] = true
				found.Runs = append(found.Runs, &Run{Name: Name(top, run.Dir), Dir: run.Dir, Seen: run})
			}
		}
		for _, suite := range snapshot.Suites {
			if seen[suite.Dir] {
				continue
			}
			seen[suite.Dir] = true
			s := &Suite{Name: Name(top, suite.Dir), Suite: suite}
			if err := f.addRuns(s, snapshot.Runs, ofSuites[suite.Dir]); err != nil {
				return nil, err
			}
			found.Suites = append(found.Suites, s)
		}
	}
	return found, nil
}

// addRuns adds the runs of a suite; all are those of every suite, and own its own by their directories.
func (f *Finder) addRuns(s *Suite, all []*watch.Run, own map[string]*watch.Run) error {
	rows, err := f.rowsOf(s.Dir)
	if err != nil {
		return err
	}
	hasRow := make(map[string]bool, len(rows))
	for _, row := range rows {
		if !filepath.IsLocal(row.Run) {
			return fmt.Errorf("%s: the run %.80q is none of the suite's directory", s.Dir, row.Run)
		}
		dir := filepath.Join(s.Dir, results.RunsFolder, row.Run)
		hasRow[dir] = true
		s.Runs = append(s.Runs, &Run{Name: filepath.Join(s.Name, row.Run), Dir: dir, Suite: s.Dir, Row: row, Seen: own[dir]})
	}
	for _, run := range all {
		if run.Suite != s.Dir || hasRow[run.Dir] {
			continue
		}
		if name, err := filepath.Rel(filepath.Join(s.Dir, results.RunsFolder), run.Dir); err == nil {
			s.Runs = append(s.Runs, &Run{Name: filepath.Join(s.Name, name), Dir: run.Dir, Suite: s.Dir, Seen: run})
		}
	}
	return nil
}

// rowsOf reads the rows of a suite where their files have changed.
func (f *Finder) rowsOf(dir string) ([]*results.Row, error) {
	var stamp [2]time.Time
	for i, name := range []string{results.ParquetFile, results.JournalFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			stamp[i] = info.ModTime()
		}
	}
	if t := f.tables[dir]; t != nil && t.stamp == stamp {
		return t.rows, nil
	}
	rows, err := results.Read(dir)
	if err != nil {
		return nil, err
	}
	f.tables[dir] = &table{stamp, rows}
	return rows, nil
}

// Name is what a run or a suite is called that was found at or below a directory: by the last part of that one's path, and the way from
// there. A replica is called by the directory of all, too.
func Name(top, dir string) string {
	if absolute, err := filepath.Abs(top); err == nil {
		top = absolute
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	name := filepath.Base(top)
	if below, err := filepath.Rel(top, dir); err == nil && below != "." {
		return filepath.Join(name, below)
	}
	if strings.HasPrefix(name, "seed-") {
		name = filepath.Join(filepath.Base(filepath.Dir(top)), name)
	}
	return name
}
