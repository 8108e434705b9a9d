package watch

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"joule/checkpoints"
	"joule/results"
	"joule/rundir"
)

const configText = "name: x\nseed: 3\nsampler:\n  kind: langevin\n  steps: 77\ntrain:\n  steps: 1000\n  batch_size: 5\n"

// begin makes a run directory as training does.
func begin(t *testing.T, dir string) *rundir.Run {
	t.Helper()
	run, err := rundir.Create(dir, "x", time.Now())
	if err == nil {
		err = run.WriteConfig([]byte(configText))
	}
	if err == nil {
		err = run.WriteEnvironment(rundir.Environment{Backend: rundir.Backend{Spec: "go"}, Seed: 3, Started: time.Now()})
	}
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// log adds records with these losses, at every tenth step from a step on.
func log(t *testing.T, run *rundir.Run, step int64, losses ...float64) {
	t.Helper()
	for i, loss := range losses {
		if err := run.AppendMetrics(rundir.Record{Step: step + int64(10*i), Values: map[string]float64{"loss": loss, "steps_per_second": 50}}); err != nil {
			t.Fatal(err)
		}
	}
}

func end(t *testing.T, run *rundir.Run, result rundir.Result) {
	t.Helper()
	if err := run.WriteResult(result); err != nil {
		t.Fatal(err)
	}
}

// A run is seen from its first moment to its last, without its lock being touched.
func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	w := New(dir)
	if s := w.Look(); len(s.Runs) != 0 {
		t.Fatalf("%v where there is nothing", s.Runs)
	}
	run := begin(t, filepath.Join(dir, "a"))
	one := func() *Run {
		t.Helper()
		s := w.Look()
		if len(s.Runs) != 1 {
			t.Fatalf("%d runs", len(s.Runs))
		}
		return s.Runs[0]
	}
	if r := one(); r.State != Lost || r.Name != "runs/a" || r.Seed != 3 || r.Steps != 1000 || r.Step != 0 || r.Loss != nil || r.Backend != "go" {
		t.Errorf("%+v of a run that nobody trains", r)
	}
	release, err := rundir.Lock(run.Dir())
	if err != nil {
		t.Fatal(err)
	}
	log(t, run, 10, 5, 4, 3, 2, 1, 0.5)
	first := one()
	if r := first; r.State != Running || r.Step != 60 || *r.Loss != 0.5 || r.Trend != Falling || r.StepsPerSecond != 50 || r.Left != 940./50 || r.Logged.IsZero() || !r.Checkpoint.IsZero() {
		t.Errorf("%+v of a run that is trained", r)
	}
	if _, err := rundir.Lock(run.Dir()); err == nil {
		t.Error("the run is no longer locked")
	}
	saved := checkpoints.Checkpoint{Step: 80, Rate: 1, Written: time.Now(), Incidents: []checkpoints.Incident{{Step: 7, Action: "skip"}, {Step: 9, Action: "skip"}}}
	if err := run.Checkpoints().Save(saved); err != nil {
		t.Fatal(err)
	}
	log(t, run, 70, math.NaN())
	if r := one(); r.Step != 80 || r.CheckpointStep != 80 || !r.Checkpoint.Equal(saved.Written) || r.Incidents["skip"] != 2 || r.SickSteps() != 2 || !math.IsNaN(float64(*r.Loss)) {
		t.Errorf("%+v after a checkpoint", r)
	}
	if first.Step != 60 || first.SickSteps() != 0 {
		t.Errorf("the earlier look has become %+v", first)
	}
	end(t, run, rundir.Result{Status: rundir.Completed, Step: 1000})
	release()
	if r := one(); r.State != Done || r.Step != 1000 || r.Left != 0 || r.Problem != "" {
		t.Errorf("%+v of a run that is done", r)
	}
	if err := run.RemoveResult(); err != nil {
		t.Fatal(err)
	}
	if r := one(); r.State != Lost {
		t.Errorf("%+v of a run that went on and was killed", r)
	}
}

// Each way to end is a state, and what cannot be read is a problem of that run alone.
func TestStates(t *testing.T) {
	dir := t.TempDir()
	for name, result := range map[string]rundir.Result{
		"done":     {Status: rundir.Completed, Step: 10},
		"stopped":  {Status: rundir.Interrupted, Step: 10},
		"failed":   {Status: rundir.Failed, Step: 10, Error: "the disk is full"},
		"diverged": {Status: rundir.Failed, Step: 10, Error: "the loss is NaN", Incidents: []checkpoints.Incident{{Step: 11, Action: "stop"}}},
	} {
		end(t, begin(t, filepath.Join(dir, "more", name)), result)
	}
	begin(t, filepath.Join(dir, "lost"))
	bad := begin(t, filepath.Join(dir, "bad"))
	if err := os.WriteFile(filepath.Join(bad.Dir(), "environment.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, ".hidden", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	begin(t, filepath.Join(dir, ".hidden", "x", "y"))
	s := New(dir, filepath.Join(dir, "more")).Look() // nothing is there twice
	var got []string
	for _, r := range s.Runs {
		got = append(got, filepath.Base(r.Dir)+" "+string(r.State))
		if isBad := r.Problem != ""; isBad != (r.State == Failed || r.State == Diverged || filepath.Base(r.Dir) == "bad") {
			t.Errorf("%s has the problem %q", r.Dir, r.Problem)
		}
		if r.State == Diverged && (r.Problem != "the loss is NaN" || r.Incidents["stop"] != 1) {
			t.Errorf("%+v", r)
		}
	}
	if want := "bad lost, lost lost, diverged diverged, done done, failed failed, stopped stopped"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
	if n := s.Count(Done); n != 1 {
		t.Errorf("%d runs are done", n)
	}
}

// A suite counts its rows, the last one of each run and those of its plan alone, and the runs that are at hand.
func TestSuite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bench", "s")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	journal, err := results.OpenJournal(filepath.Join(dir, results.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	put := func(rows ...*results.Row) {
		t.Helper()
		if err := journal.Append(rows...); err != nil {
			t.Fatal(err)
		}
	}
	put(&results.Row{Key: "old", Status: results.Failed}, &results.Row{Key: "a", Status: results.Crashed})
	w := New(filepath.Dir(dir))
	one := func() *Suite {
		t.Helper()
		s := w.Look()
		if len(s.Suites) != 1 {
			t.Fatalf("%d suites", len(s.Suites))
		}
		return s.Suites[0]
	}
	if s := one(); s.Name != "bench/s" || s.IsRunning || s.Planned != 0 || s.Ended() != 2 || s.Rest() != 0 || s.PerHour != 0 {
		t.Errorf("%+v without a plan", s)
	}
	plan := results.Plan{Suite: "s", Started: time.Now().Add(-time.Hour), Done: 1, Jobs: 2, Keys: []string{"a", "b", "c", "d", "e"}}
	if err := results.WritePlan(dir, plan); err != nil {
		t.Fatal(err)
	}
	put(&results.Row{Key: "a", Status: results.Completed, Metrics: map[string]float64{"seconds": 4}}, &results.Row{Key: "b", Status: results.Diverged},
		&results.Row{Key: "c", Status: results.Completed, Metrics: map[string]float64{"seconds": 2}})
	release, err := rundir.Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	run := begin(t, filepath.Join(dir, "runs", "cell", "seed-0"))
	aside := begin(t, filepath.Join(dir, "runs", "cell", "seed-0.before-1"))
	free, err := rundir.Lock(run.Dir())
	if err != nil {
		t.Fatal(err)
	}
	s := one()
	if s.Status["completed"] != 2 || s.Status["diverged"] != 1 || s.Ended() != 3 || s.Planned != 5 || s.Running != 1 || s.Tasks != 1 || s.Rest() != 1 || !s.IsRunning || s.Workers != 2 {
		t.Errorf("%+v", s)
	}
	if math.Abs(s.PerHour-2) > 0.01 || math.Abs(s.Left-3600) > 10 || s.Seconds["a"] != 4 || s.Seconds["c"] != 2 || len(s.Seconds) != 2 {
		t.Errorf("%+v", s)
	}
	for _, r := range w.Look().Runs {
		if r.Dir == aside.Dir() || r.Suite != dir {
			t.Errorf("%+v", r)
		}
	}
	end(t, run, rundir.Result{Status: rundir.Completed, Step: 1000}) // and now it is measured
	if s := one(); s.Running != 0 || s.Tasks != 1 {
		t.Errorf("%+v while a run is measured", s)
	}
	free()
	if s := one(); s.Tasks != 0 {
		t.Errorf("%+v afterwards", s)
	}
}

func TestTrend(t *testing.T) {
	noise := make([]float64, 40)
	for i := range noise {
		noise[i] = math.Sin(float64(i * i))
	}
	for _, test := range []struct {
		values []float64
		want   Trend
	}{
		{nil, ""}, {[]float64{1, 2, 3, 4, 5}, ""}, {[]float64{1, 2, 3, 4, 5, 6}, Rising}, {[]float64{6, 5, 4, math.NaN(), 3, 2, 1}, Falling},
		{noise, Level}, {make([]float64, 8), Level},
	} {
		if got := trendOf(test.values); got != test.want {
			t.Errorf("%v: %q, want %q", test.values, got, test.want)
		}
	}
}

func TestStepsOf(t *testing.T) {
	for text, want := range map[string]int64{configText: 1000, "train:\n  steps: 1e+06\n": 1000000, "train: {steps: 5}\n": 0, "": 0, "sampler:\n  steps: 4\n": 0, "train:\n  steps: x\n": 0} {
		if got := stepsOf([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestCheckPaths(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := CheckPaths([]string{dir}); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]string{file: "is a file; want", filepath.Join(dir, "no"): "there is no such directory; want"} {
		if err := CheckPaths([]string{dir, path}); err == nil || !strings.Contains(err.Error(), fmt.Sprint(path, ": ", want)) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// BenchmarkLook looks again at ten thousand runs of a suite that are done.
func BenchmarkLook(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "s")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	var journal, metrics strings.Builder
	metrics.WriteString("{\"format\":1}\n")
	for step := range 200 {
		fmt.Fprintf(&metrics, "{\"step\":%d,\"gradient_norm\":0.0489,\"learning_rate\":0.0045,\"loss\":0.97,\"steps_per_second\":3383.5}\n", step)
	}
	environment := fmt.Sprintf("{\"format\":1,\"started\":%q,\"backend\":{\"spec\":\"go\"}}\n", time.Now().Format(time.RFC3339))
	for i := range 10000 {
		run := filepath.Join(dir, "runs", fmt.Sprintf("cell-%d", i/10), fmt.Sprintf("seed-%d", i%10))
		if err := os.MkdirAll(run, 0o755); err != nil {
			b.Fatal(err)
		}
		for name, text := range map[string]string{"config.yaml": configText, "environment.json": environment, "metrics.jsonl": metrics.String(),
			"result.json": `{"format":1,"status":"completed","step":1000}`, ".lock": "process 1 on x\n"} {
			if err := os.WriteFile(filepath.Join(run, name), []byte(text), 0o644); err != nil {
				b.Fatal(err)
			}
		}
		fmt.Fprintf(&journal, "{\"key\":\"%d\",\"status\":\"completed\",\"config\":%q,\"metrics\":{\"seconds\":1}}\n", i, strings.Repeat("x", 1000))
	}
	if err := os.WriteFile(filepath.Join(dir, results.JournalFile), []byte(journal.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	time.Sleep(settled)
	w := New(dir)
	begun := time.Now()
	s := w.Look()
	b.Logf("the first look takes %s", time.Since(begun))
	if len(s.Runs) != 10000 || s.Count(Done) != 10000 || s.Suites[0].Ended() != 10000 {
		b.Fatalf("%d runs", len(s.Runs))
	}
	for b.Loop() {
		w.Look()
	}
}
