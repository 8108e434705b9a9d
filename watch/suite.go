package watch

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"joule/results"
	"joule/rundir"
)

// watchedSuite is what is known of a suite from earlier looks.
type watchedSuite struct {
	journal *results.Follower
	rows    map[string]results.Head // by key
	plan    results.Plan
	planned map[string]bool // the keys of the plan; nil: there is none
	changed time.Time       // of the plan
}

func newWatchedSuite(dir string) *watchedSuite {
	return &watchedSuite{journal: results.Follow(filepath.Join(dir, results.JournalFile)), rows: map[string]results.Head{}}
}

// look finds out how the suite is getting on. runs are all runs, its own among them.
func (w *watchedSuite) look(f found, runs []*Run, locks rundir.Locks, now time.Time) *Suite {
	s := &Suite{Dir: f.dir, Name: f.name, Status: map[string]int{}, Seconds: map[string]float64{}}
	if err := w.read(f.dir); err != nil {
		s.Problem = err.Error()
	}
	held, _ := locks.Of(f.dir)
	last := w.last(f.dir)
	s.IsRunning = held == rundir.Taken || held == rundir.Elsewhere && now.Sub(last) < patience
	s.Planned, s.Workers = len(w.planned), w.plan.Jobs
	for key, row := range w.rows {
		if w.planned != nil && !w.planned[key] {
			continue // of settings that the suite no longer has
		}
		s.Status[string(row.Status)]++
		if row.Seconds > 0 {
			s.Seconds[key] = row.Seconds
		}
	}
	busy := map[int]bool{}
	for _, r := range runs {
		if r.Suite != f.dir {
			continue
		}
		if r.State == Running {
			s.Running++
		}
		if r.process != 0 {
			busy[r.process] = true
		}
	}
	s.Tasks = len(busy)
	made := s.Ended() - w.plan.Done
	until := last
	if s.IsRunning {
		until = now
	}
	if made > 0 && until.After(w.plan.Started) && w.planned != nil {
		perSecond := float64(made) / until.Sub(w.plan.Started).Seconds()
		s.PerHour = 3600 * perSecond
		if rest := s.Planned - s.Ended(); s.IsRunning && rest > 0 {
			s.Left = float64(rest) / perSecond
		}
	}
	return s
}

// last is when a row last came.
func (w *watchedSuite) last(dir string) time.Time {
	info, err := os.Stat(filepath.Join(dir, results.JournalFile))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// read takes in what has changed.
func (w *watchedSuite) read(dir string) error {
	info, err := os.Stat(filepath.Join(dir, results.PlanFile))
	switch {
	case errors.Is(err, fs.ErrNotExist): // a suite of before there were plans
		w.plan, w.planned, w.changed = results.Plan{}, nil, time.Time{}
	case err != nil:
		return err
	case !info.ModTime().Equal(w.changed):
		plan, err := results.ReadPlan(dir)
		if err != nil {
			return err
		}
		w.plan, w.planned, w.changed = plan, map[string]bool{}, info.ModTime()
		for _, key := range plan.Keys {
			w.planned[key] = true
		}
	}
	fresh := map[string]results.Head{}
	again, err := w.journal.Next(func(h results.Head) { fresh[h.Key] = h })
	if again {
		clear(w.rows)
	}
	maps.Copy(w.rows, fresh)
	return err
}
