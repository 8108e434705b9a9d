package tracked

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"joule/results"
	"joule/rundir"
	"joule/watch"
)

var begun = time.Date(2026, 3, 4, 5, 6, 7, 89, time.UTC)

// write makes a run directory.
func write(t *testing.T, dir string, e rundir.Environment, records ...rundir.Record) {
	t.Helper()
	run, err := rundir.Create(dir, "", time.Time{})
	if err == nil {
		err = errors.Join(run.WriteConfig([]byte("name: x\nmethod: {kind: dsm, sigma: 0.3}\n")), run.WriteEnvironment(e), run.AppendMetrics(records...))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// identities are those of what there is in a directory, by the names.
func identities(t *testing.T, dir string) map[string]string {
	t.Helper()
	found, err := NewFinder(dir).Find()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, run := range found.Runs {
		if err := run.Read(); err != nil {
			t.Fatal(err)
		}
		ids[run.Name] = run.Identity("")
	}
	for _, suite := range found.Suites {
		id, err := suite.Identity()
		if err != nil {
			t.Fatal(err)
		}
		ids[suite.Name] = id
		for _, run := range suite.Runs {
			if err := run.Read(); err != nil {
				t.Fatal(err)
			}
			ids[run.Name] = run.Identity(id)
		}
	}
	return ids
}

// A run is the same wherever it is and however far; runs of another time or seed are others.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	e := rundir.Environment{Started: begun, Seed: 1}
	write(t, filepath.Join(dir, "a"), e)
	other, later := e, e
	other.Seed, later.Started = 2, begun.Add(1)
	write(t, filepath.Join(dir, "seed"), other)
	write(t, filepath.Join(dir, "time"), later)
	e.Resumed = []rundir.Resumption{{At: begun.Add(time.Hour), Step: 5}}
	e.Started = begun.In(time.FixedZone("", 3600))
	e.Finish(begun.Add(2 * time.Hour))
	write(t, filepath.Join(dir, "b"), e, rundir.Record{Step: 5, Values: map[string]float64{"loss": 1}})
	top := filepath.Base(dir)
	ids := identities(t, dir)
	if len(ids) != 4 || ids[top+"/a"] != ids[top+"/b"] || len(ids[top+"/a"]) != 24 {
		t.Errorf("%v", ids)
	}
	for _, name := range []string{"/seed", "/time"} {
		if ids[top+name] == ids[top+"/a"] {
			t.Errorf("%s is taken for another run", name)
		}
	}
}

// A suite and its runs are known by when it was begun, before there is a row, when it is begun again, and when its runs are not kept.
func TestIdentityOfSuites(t *testing.T) {
	dir := t.TempDir()
	suite := filepath.Join(dir, "s")
	journal := func(rows ...*results.Row) {
		j, err := results.OpenJournal(filepath.Join(suite, results.JournalFile))
		if err == nil {
			err = errors.Join(j.Append(rows...), j.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	plan := func(p results.Plan) {
		if err := results.WritePlan(suite, p); err != nil {
			t.Fatal(err)
		}
	}
	for _, run := range []string{"runs/one", "runs/two"} {
		write(t, filepath.Join(suite, run), rundir.Environment{Started: begun})
		text, err := json.Marshal(map[string]string{"key": "k-" + filepath.Base(run)})
		if err == nil {
			err = os.WriteFile(filepath.Join(suite, run, "task.json"), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(suite, "runs/three"), rundir.Environment{Started: begun}) // which does not say its key yet
	journal()
	if ids := identities(t, suite); ids["s"] != "" {
		t.Errorf("before it is begun: %v", ids)
	}
	plan(results.Plan{Created: begun, Started: begun})
	first := identities(t, suite)
	if first["s"] == "" || first["s/one"] == "" || first["s/one"] == first["s/two"] || first["s/three"] != "" {
		t.Errorf("before there is a row: %v", first)
	}
	journal(&results.Row{Key: "k-one", Run: "one", Status: results.Completed, Started: begun.Add(time.Minute)})
	plan(results.Plan{Created: begun, Started: begun.Add(time.Hour)})
	if err := os.RemoveAll(filepath.Join(suite, "runs/one")); err != nil {
		t.Fatal(err)
	}
	then := identities(t, suite)
	for _, name := range []string{"s", "s/one", "s/two"} {
		if then[name] != first[name] {
			t.Errorf("%s is another one", name)
		}
	}
	found, err := NewFinder(dir, suite).Find() // the suite twice
	if err != nil || len(found.Suites) != 1 || len(found.Suites[0].Runs) != 3 || len(found.Runs) != 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	for _, run := range found.Suites[0].Runs {
		if state := run.State(); (run.Row != nil) != (state == watch.Done) || run.Row == nil && state != watch.Lost {
			t.Errorf("%s is %s", run.Name, state)
		}
	}

	// Without a plan, as of a suite that a scheduler makes, the row that came first counts, and a plan that is made then keeps to that.
	if err := os.Remove(filepath.Join(suite, results.PlanFile)); err != nil {
		t.Fatal(err)
	}
	launched := identities(t, suite)["s"]
	at, err := results.Begun(suite)
	if err != nil || !at.Equal(begun.Add(time.Minute)) {
		t.Errorf("it was begun at %v, %v", at, err)
	}
	journal(&results.Row{Key: "k-two", Run: "two", Status: results.Failed, Started: begun})
	plan(results.Plan{Created: at, Started: time.Now()})
	if id := identities(t, suite)["s"]; id != launched || id == first["s"] {
		t.Errorf("with a plan it is %s, and was %s", id, launched)
	}
	plan(results.Plan{Started: begun}) // of an older joule
	if id := identities(t, suite)["s"]; id != first["s"] {
		t.Errorf("with an old plan it is %s, want %s", id, first["s"])
	}
}

// The times of steps follow from the speeds, and stay when more are made.
func TestClock(t *testing.T) {
	rate := func(step int64, speed float64) rundir.Record {
		return rundir.Record{Step: step, Values: map[string]float64{"steps_per_second": speed}}
	}
	e := rundir.Environment{Started: begun}
	records := []rundir.Record{rate(10, 10), rate(30, 10), rate(50, 20), rate(70, 20)}
	short := NewClock(e, records[:2])
	e.Resumed = []rundir.Resumption{{At: begun.Add(time.Minute), Step: 40}}
	c := NewClock(e, records)
	for step, want := range map[int64]time.Duration{0: 0, 10: time.Second, 30: 3 * time.Second, 50: time.Minute + 500*time.Millisecond, 70: time.Minute + 1500*time.Millisecond} {
		if step == 0 {
			continue // its speed is not known yet
		}
		if got := c.At(step); !got.Equal(begun.Add(want)) {
			t.Errorf("step %d was made after %v, want %v", step, got.Sub(begun), want)
		}
		if step <= 30 && !short.At(step).Equal(c.At(step)) {
			t.Errorf("step %d was made at another time when there are more", step)
		}
	}
}
