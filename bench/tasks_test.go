package bench

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"joule/results"
)

// A signal that stops a worker may be for all, and come to the worker first: then its task has not crashed.
func TestStopsWithWorker(t *testing.T) {
	b := newBenchmark(t, "", "leave")
	ctx, cancel := context.WithCancel(t.Context())
	rows, _, err := b.run(ctx, func(*Task) { time.AfterFunc(100*time.Millisecond, cancel) })
	if !errors.Is(err, context.Canceled) || len(rows) != 0 {
		t.Errorf("%v, %v", rows, err)
	}
	b.suite.Seeds = 1
	rows, _, err = b.run(t.Context(), nil)
	if r := rows["leave/seed-0"]; err != nil || r == nil || r.Status != results.Crashed || !strings.Contains(r.Reason, "exit code 130") {
		t.Errorf("where the signal was for the worker alone: %+v, %v", rows, err)
	}
}

// Tasks that were filled can be kept as JSON and carried out elsewhere, less the runs that are done.
func TestKeptTasks(t *testing.T) {
	suite, cells := suiteOf(t, "set: {method.sigma: 0.5}\n", "fine", "crash")
	suite.Seeds = 5
	o := Options{Dir: t.TempDir(), Version: "test", Most: 4, Backend: "go"}
	none := &results.Journal{}
	plan, err := NewPlan(suite, cells, none, o)
	if err == nil {
		err = plan.Fill(o)
	}
	if err != nil || len(plan.Tasks) != 4 || plan.Tasks[0].Runs() != 4 || plan.Tasks[1].Runs() != 1 {
		t.Fatalf("%d tasks, %v", len(plan.Tasks), err)
	}
	o.Elsewhere = func(key string) bool { return key == plan.Keys[1] }
	if other, err := NewPlan(suite, cells, none, o); err != nil || len(other.Tasks) != 4 || other.Tasks[0].count != 1 || other.Tasks[1].first != 2 || !slices.Equal(other.Keys, plan.Keys) {
		t.Errorf("with a run that is made elsewhere the tasks are %v, %v", other.Tasks, err)
	}
	text, err := json.Marshal(plan.Tasks)
	if err != nil {
		t.Fatal(err)
	}
	var kept []*Task
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	done := plan.Keys[2] // fine/seed-2
	again, err := PlanOf(kept, 0, func(key string) bool { return key == done })
	if err != nil || again.Done != 1 || !slices.Equal(again.Keys, plan.Keys) {
		t.Fatalf("%+v, %v", again, err)
	}
	var names []string
	for _, task := range again.Tasks {
		names = append(names, task.String())
	}
	if want := []string{"fine/seed-0…1", "fine/seed-3", "fine/seed-4", "crash/seed-0…3", "crash/seed-4"}; !slices.Equal(names, want) {
		t.Errorf("tasks %v, want %v", names, want)
	}
	if c := again.Tasks[1].Config; !strings.Contains(c, "seed: 3\n") || !strings.Contains(c, "sigma: 0.5\n") || !strings.Contains(c, "backend: go\n") {
		t.Errorf("the config of a part is\n%s", c)
	}
	journal, err := results.OpenJournal(filepath.Join(t.TempDir(), results.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	runner := &Runner{Plan: again, Journal: journal, Options: Options{Dir: t.TempDir()}, Jobs: 2, Grace: time.Second, Command: func(int) *exec.Cmd {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), workerVariable+"=usual")
		return c
	}}
	if err := runner.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, key := range plan.Keys {
		row, err := journal.Row(key)
		if (err != nil) != (key == done) {
			t.Errorf("run %d: %v", i, err)
		}
		if err == nil && row.Run == "crash/seed-1" && (row.Status != results.Crashed || !strings.Contains(row.Config, "seed: 1\n")) {
			t.Errorf("%s: %s, config\n%s", row.Run, row.Status, row.Config)
		}
	}
}
