package watch

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"

	"joule/rundir"
)

// Watcher looks at what is in some directories, again and again. Its methods may be called by several goroutines.
type Watcher struct {
	paths   []string
	mutex   sync.Mutex
	folders map[string]*folder
	runs    map[string]*watched
	suites  map[string]*watchedSuite
}

// New returns a watcher of what is at and below some paths, as they come to be.
func New(paths ...string) *Watcher {
	return &Watcher{paths: paths, folders: map[string]*folder{}, runs: map[string]*watched{}, suites: map[string]*watchedSuite{}}
}

// Look finds out how everything is getting on. Suites and runs are sorted by their names. What cannot be read is a problem of the
// run or suite that it is of.
func (w *Watcher) Look() *Snapshot {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	now := time.Now()
	var runs, suites []found
	for _, path := range w.paths {
		w.find(path, &runs, &suites)
	}
	runs, suites = distinct(runs), distinct(suites)
	locks := rundir.ReadLocks()
	at := make([]*watched, len(runs))
	for i, f := range runs {
		if at[i] = w.runs[f.dir]; at[i] == nil {
			at[i] = &watched{}
			w.runs[f.dir] = at[i]
		}
	}
	s := &Snapshot{At: now, Suites: []*Suite{}, Runs: make([]*Run, len(runs))}
	inParallel(len(runs), func(i int) {
		s.Runs[i] = at[i].look(runs[i], w.folders[runs[i].dir], locks, now)
	})
	for _, f := range suites {
		if w.suites[f.dir] == nil {
			w.suites[f.dir] = newWatchedSuite(f.dir)
		}
		s.Suites = append(s.Suites, w.suites[f.dir].look(f, s.Runs, locks, now))
	}
	w.forget(runs)
	return s
}

// distinct sorts what was found, and leaves out what was found twice.
func distinct(list []found) []found {
	slices.SortStableFunc(list, func(a, b found) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.dir, b.dir)) })
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(f found) bool {
		was := seen[f.dir]
		seen[f.dir] = true
		return was
	})
}

// forget gives up what is known of runs that are gone.
func (w *Watcher) forget(runs []found) {
	if len(w.runs) == len(runs) {
		return
	}
	is := make(map[string]bool, len(runs))
	for _, f := range runs {
		is[f.dir] = true
	}
	for dir := range w.runs {
		if !is[dir] {
			delete(w.runs, dir)
		}
	}
}

// inParallel calls do with 0 … n−1, on all processors.
func inParallel(n int, do func(i int)) {
	var all sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), n)
	for k := range workers {
		all.Go(func() {
			for i := k; i < n; i += workers {
				do(i)
			}
		})
	}
	all.Wait()
}
