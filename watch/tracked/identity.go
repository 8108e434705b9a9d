package tracked

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"joule/internal/regularfile"
	"joule/results"
	"joule/watch"
)

// identityOf is what is known by some parts, in 24 digits.
func identityOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:12])
}

// Identity is what a run that has been read is known by, wherever its directory is: when it was begun, to the nanosecond, and its seed.
// It stays when the run goes on. Of a suite, whose identity is given, it is that, the run's name and the key of its settings; a run that
// does not say its key yet has none.
func (t *Run) Identity(suite string) string {
	if t.Suite == "" {
		return identityOf("run", t.Environment.Started.UTC().Format(time.RFC3339Nano), fmt.Sprint(t.Environment.Seed))
	}
	name, key := "", ""
	if t.Row != nil {
		name, key = t.Row.Run, t.Row.Key
	} else if below, err := filepath.Rel(filepath.Join(t.Suite, results.RunsFolder), t.Dir); err == nil {
		name, key = below, keyOf(t.Dir)
	}
	if key == "" {
		return ""
	}
	return identityOf("run of a suite", suite, name, key)
}

// keyOf is the key of a suite's run that is being made; empty: its directory does not say it.
func keyOf(dir string) string {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return ""
	}
	defer root.Close()
	text, err := regularfile.ReadIn(root, results.TaskFile, filepath.Join(dir, results.TaskFile), 1<<20)
	var task struct{ Key string }
	if err != nil || json.Unmarshal(text, &task) != nil {
		return ""
	}
	return task.Key
}

// Identity is what a suite is known by, wherever its directory is: when it was begun. It is empty where that is not known yet.
func (s *Suite) Identity() (string, error) {
	begun, err := results.Begun(s.Dir)
	if err != nil || begun.IsZero() {
		return "", err
	}
	return identityOf("suite", begun.UTC().Format(time.RFC3339Nano)), nil
}

// LastEnd is when the last of the runs with a row ended; zero: there is none.
func (s *Suite) LastEnd() (last time.Time) {
	for _, run := range s.Runs {
		if r := run.Row; r != nil && !r.Started.IsZero() {
			if end := r.Started.Add(took(r)); end.After(last) {
				last = end
			}
		}
	}
	return last
}

// State is how a run is getting on, or how it ended: what its suite says of it, unless it is being trained.
func (t *Run) State() watch.State {
	switch {
	case t.Seen != nil && (t.Row == nil || t.Seen.State == watch.Running):
		return t.Seen.State
	case t.Row == nil:
		return watch.Lost
	case t.Row.Status == results.Completed:
		return watch.Done
	case t.Row.Status == results.Diverged:
		return watch.Diverged
	}
	return watch.Failed
}

// Problem says why a run failed; empty: it did not.
func (t *Run) Problem() string {
	switch {
	case t.Row != nil:
		return t.Row.Reason
	case t.Seen != nil:
		return t.Seen.Problem
	}
	return ""
}

// Ended is when a run ended, as far as its files tell.
func (t *Run) Ended() time.Time {
	switch {
	case t.End != nil:
		return t.End.At
	case !t.Environment.Finished.IsZero():
		return t.Environment.Finished
	case t.Seen != nil:
		return t.Seen.Logged
	}
	return time.Time{}
}
