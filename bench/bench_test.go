package bench

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"joule/results"
	"joule/suites"
)

// workerVariable makes the test program a worker.
const workerVariable = "JOULE_BENCH_TEST_WORKER"

func TestMain(m *testing.M) {
	if mode := os.Getenv(workerVariable); mode != "" {
		os.Exit(pretend(mode))
	}
	os.Exit(m.Run())
}

// pretend is a worker that does with its tasks what their names say.
func pretend(mode string) int {
	out := json.NewEncoder(os.Stdout)
	if mode == "unusable" {
		_ = out.Encode(Message{Unusable: "there is no such backend", Code: 3})
		return 0
	}
	if mode == "dead" {
		fmt.Fprintln(os.Stderr, "cannot even start")
		return 9
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGTERM)
	_ = out.Encode(Message{Ready: true})
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return 0
		}
		var t Task
		if err := json.Unmarshal(line, &t); err != nil {
			return 8
		}
		_ = out.Encode(Message{Beat: &Beat{Phase: "training", Step: 1, Steps: 2}})
		for _, row := range t.Rows {
			row.Status = results.Completed
			row.Put("kl", float64(row.Seed))
			row.Config = t.Config
			switch value, _ := row.Axis("name"); {
			case value == "crash" && row.Seed == 1:
				fmt.Fprintln(os.Stderr, "last words of "+row.Run)
				return 7
			case value == "kill" && row.Seed == 1:
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			case value == "hang" && row.Seed == 1:
				time.Sleep(time.Hour)
			case value == "babble" && row.Seed == 1:
				fmt.Println("this is no message")
				time.Sleep(time.Hour)
			case value == "diverge" && row.Seed == 1:
				row.Status, row.Reason = results.Diverged, "the loss is NaN"
			case value == "leave" && mode != "quick":
				return StoppedCode
			case value == "where":
				row.Device = PlacedOn()
			case value == "slow" && mode != "quick":
				<-interrupted
				_ = out.Encode(Message{Stopped: true})
				return StoppedCode
			}
		}
		_ = out.Encode(Message{Done: t.Rows, Resident: 100})
	}
}

// suiteOf is a suite whose runs are named after what is to happen to them.
func suiteOf(t *testing.T, more string, names ...string) (*suites.Suite, []*suites.Cell) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.yaml")
	text := "name: s\nconfig: two-gaussians/dsm\ngrid: {name: [" + strings.Join(names, ", ") + "]}\nseeds: 3\n" + more
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := suites.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := s.Cells()
	if err != nil {
		t.Fatal(err)
	}
	return s, cells
}

// benchmark is a suite in a directory.
type benchmark struct {
	t       *testing.T
	dir     string
	suite   *suites.Suite
	cells   []*suites.Cell
	mode    string
	retry   bool
	started atomic.Int64 // workers
	memory  int64
	jobs    int
	gpus    []string
}

// run carries out what is left to do, and returns the rows of all runs, and how many tasks there were.
func (b *benchmark) run(ctx context.Context, began func(*Task)) (rows map[string]*results.Row, tasks int, err error) {
	b.t.Helper()
	journal, err := results.OpenJournal(filepath.Join(b.dir, results.JournalFile))
	if err != nil {
		b.t.Fatal(err)
	}
	defer journal.Close()
	o := Options{Dir: b.dir, Version: "test", Retry: b.retry}
	plan, err := NewPlan(b.suite, b.cells, journal, o)
	if err != nil {
		b.t.Fatal(err)
	}
	tasks = len(plan.Tasks)
	r := &Runner{Plan: plan, Journal: journal, Options: o, Jobs: cmp.Or(b.jobs, 2), Grace: 20 * time.Second, MostMemory: b.memory,
		Began: func(_ int, t *Task) {
			if began != nil {
				began(t)
			}
		},
		Command: func(worker int) *exec.Cmd {
			b.started.Add(1)
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), workerVariable+"="+b.mode)
			Place(c, worker, b.gpus)
			return c
		}}
	err = r.Run(ctx)
	rows = map[string]*results.Row{}
	for row, err := range journal.Rows(plan.Keys) {
		if err != nil {
			b.t.Fatal(err)
		}
		rows[row.Run] = row
	}
	return rows, tasks, err
}

func newBenchmark(t *testing.T, more string, names ...string) *benchmark {
	s, cells := suiteOf(t, more, names...)
	return &benchmark{t: t, dir: t.TempDir(), suite: s, cells: cells, mode: "usual"}
}

// Whatever happens to a run is a row with its reason, and nothing happens to the others, those of its own task among them.
func TestWhateverHappens(t *testing.T) {
	b := newBenchmark(t, "timeout: 1\n", "fine", "crash", "kill", "hang", "babble", "diverge")
	rows, tasks, err := b.run(t.Context(), nil)
	if err != nil || tasks != 6 || len(rows) != 18 {
		t.Fatalf("%d tasks, %d rows, %v", tasks, len(rows), err)
	}
	want := map[string]struct {
		status results.Status
		reason string
	}{
		"crash/seed-1":   {results.Crashed, "exit code 7; its last words: last words of crash/seed-1"},
		"kill/seed-1":    {results.Crashed, "killed by signal 9 (killed), as the system does when memory runs out"},
		"hang/seed-1":    {results.TimedOut, "it had not ended (timeout of the suite: 1 s a run)"},
		"babble/seed-1":  {results.Crashed, `it wrote what is no message: "this is no message\n"`},
		"diverge/seed-1": {results.Diverged, "the loss is NaN"},
	}
	for run, row := range rows {
		w, isOdd := want[run]
		if !isOdd && (row.Status != results.Completed || row.Metrics["kl"] != float64(row.Seed)) {
			t.Errorf("%s: %s (%s), %v", run, row.Status, row.Reason, row.Metrics)
		}
		if isOdd && (row.Status != w.status || !strings.Contains(row.Reason, w.reason)) {
			t.Errorf("%s: %s (%s), want %s (%s)", run, row.Status, row.Reason, w.status, w.reason)
		}
		if !strings.Contains(row.Config, fmt.Sprintf("seed: %d\n", row.Seed)) && isOdd && row.Status != results.Diverged {
			t.Errorf("%s has the config\n%s", run, row.Config)
		}
	}
}

// What is done is not done again, whatever came of it, unless it is to be retried; a larger suite makes what is new.
func TestGoesOn(t *testing.T) {
	b := newBenchmark(t, "", "fine", "crash")
	if _, tasks, err := b.run(t.Context(), nil); err != nil || tasks != 2 {
		t.Fatalf("%d tasks, %v", tasks, err)
	}
	if _, tasks, err := b.run(t.Context(), nil); err != nil || tasks != 0 {
		t.Errorf("%d tasks the second time, %v", tasks, err)
	}
	b.retry = true
	if _, tasks, err := b.run(t.Context(), nil); err != nil || tasks != 1 {
		t.Errorf("%d tasks to retry, %v", tasks, err)
	}
	b.retry = false
	b.suite, b.cells = suiteOf(t, "first_seed: 1\n", "fine", "crash", "diverge")
	rows, tasks, err := b.run(t.Context(), nil)
	if err != nil || tasks != 3 || len(rows) != 9 || rows["fine/seed-3"] == nil || rows["fine/seed-0"] != nil {
		t.Errorf("%d tasks, %d rows of the new suite, %v", tasks, len(rows), err)
	}
}

// A suite that is stopped saves what is being trained, and goes on with it.
func TestStops(t *testing.T) {
	b := newBenchmark(t, "", "fine", "slow", "slower")
	ctx, cancel := context.WithCancel(t.Context())
	rows, _, err := b.run(ctx, func(task *Task) {
		if task.cell.Name == "slow" {
			time.AfterFunc(200*time.Millisecond, cancel)
		}
	})
	if !errors.Is(err, context.Canceled) || rows["slow/seed-0"] != nil {
		t.Fatalf("%v, %v", rows, err)
	}
	b.mode = "quick"
	if rows, _, err = b.run(t.Context(), nil); err != nil || len(rows) != 9 {
		t.Errorf("%d rows after going on, %v", len(rows), err)
	}
}

// Where no worker can be had the suite ends, and says why.
func TestNoWorker(t *testing.T) {
	b := newBenchmark(t, "", "fine")
	b.mode = "unusable"
	_, _, err := b.run(t.Context(), nil)
	if unusable := (*UnusableError)(nil); !errors.As(err, &unusable) || unusable.Code != 3 || err.Error() != "there is no such backend" {
		t.Errorf("error %v", err)
	}
	b.mode = "dead"
	if _, _, err = b.run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "exit code 9; its last words: cannot even start") {
		t.Errorf("error %v", err)
	}
	b.mode = "usual"
	if rows, _, err := b.run(t.Context(), nil); err != nil || len(rows) != 3 {
		t.Errorf("%d rows, %v once there is one", len(rows), err)
	}
}

// A worker that holds too much memory is replaced by another after its task, and one worker does all the tasks otherwise.
func TestReplacesWorkers(t *testing.T) {
	for _, c := range []struct{ memory, started int64 }{{99, 4}, {100, 1}, {0, 1}} {
		b := newBenchmark(t, "replicas: 1\n", "fine")
		b.suite.Seeds, b.memory, b.jobs = 4, c.memory, 1
		rows, tasks, err := b.run(t.Context(), nil)
		if err != nil || tasks != 4 || len(rows) != 4 || b.started.Load() != c.started {
			t.Errorf("%d workers for %d tasks with %d bytes, want %d; %v", b.started.Load(), tasks, c.memory, c.started, err)
		}
	}
}

// Seeds are trained together as far as the suite says, keys tell settings and seeds apart, and what only draws samples does not
// matter where none are drawn.
func TestPlan(t *testing.T) {
	journal, err := results.OpenJournal(filepath.Join(t.TempDir(), results.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	plan := func(more string) *Plan {
		s, cells := suiteOf(t, more, "a", "b")
		p, err := NewPlan(s, cells, journal, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	usual := plan("")
	if len(usual.Tasks) != 2 || usual.Tasks[0].count != 3 || len(usual.Keys) != 6 {
		t.Errorf("%d tasks, %d keys", len(usual.Tasks), len(usual.Keys))
	}
	if distinct := slices.Compact(slices.Sorted(slices.Values(usual.Keys))); len(distinct) != 6 { // although a and b differ in their names alone
		t.Errorf("%d distinct keys", len(distinct))
	}
	for more, same := range map[string]bool{
		"set: {sampler.steps: 7}\n": true, "set: {sampler.steps: 7}\nmetrics: [mmd]\n": false, "set: {method.sigma: 0.5}\n": false,
		"metrics: [fisher]\n": false, "budget: {steps: 5}\n": false, "description: x\n": true, "measure: {grid: 9}\n": false,
	} {
		if got := slices.Equal(plan(more).Keys, usual.Keys); got != same {
			t.Errorf("with %q the keys are the same: %v", more, got)
		}
	}
	if p := plan("replicas: 2\n"); len(p.Tasks) != 4 || p.Tasks[1].count != 1 || p.Tasks[1].first != 2 {
		t.Errorf("%d tasks of two replicas", len(p.Tasks))
	}
	if p := plan("budget: {seconds: 5}\n"); len(p.Tasks) != 6 {
		t.Errorf("%d tasks with a budget of time", len(p.Tasks))
	}
}
