package main

import (
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"joule/results"
	"joule/rundir"
)

// tinySuite makes runs of a moment.
const tinySuite = `name: tiny
config: two-gaussians/dsm
set: {data.size: 500, train.batch_size: 16, train.log_every: 5, model.hidden: [8], sampler.steps: 20}
budget: {steps: 20}
measure: {grid: 41, samples: 50}
`

// rowsOf reads the results of a suite, and holds the three files to each other.
func rowsOf(t *testing.T, dir string) map[string]*results.Row {
	t.Helper()
	rows := map[string]*results.Row{}
	for _, name := range []string{results.CSVFile, results.ParquetFile} {
		list, err := results.Read(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if first := rows[r.Run]; first != nil && (first.Metrics["kl"] != r.Metrics["kl"] || first.Status != r.Status || first.Config != r.Config) {
				t.Errorf("%s: %+v and %+v", r.Run, first, r)
			}
			rows[r.Run] = r
		}
	}
	return rows
}

// A suite leaves a row a run with what was asked for and what it took, and run directories that the other commands read. What is
// done is not done again.
func TestBench(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "tiny.yaml", tinySuite+`seeds: 2
grid:
  config: [two-gaussians/dsm, two-gaussians/fisher]
  data.kind: [two_gaussians, checkerboard]
metrics: [kl, fisher, test_nll, ksd, mmd, sliced_wasserstein, modes, auroc, time_to_target]
`)
	put(t, dir, "more.yaml", "extends: tiny.yaml\nmeasure: {target_kl: 100, looks: 4}\n")
	bench := []string{"bench", "more.yaml", "--backend", "go", "--jobs", "2", "-q", "--out", "out"}
	o := joule(t, dir, bench...)
	if o.code != exitOK || o.stdout != "out\n" {
		t.Fatalf("%+v", o)
	}
	rows := rowsOf(t, filepath.Join(dir, "out"))
	if len(rows) != 8 {
		t.Errorf("%d rows", len(rows))
	}
	for run, r := range rows {
		if run == "fisher/checkerboard/seed-0" || run == "fisher/checkerboard/seed-1" {
			if r.Status != results.Refused || !strings.Contains(r.Reason, "score") {
				t.Errorf("%s: %s, %s", run, r.Status, r.Reason)
			}
			continue
		}
		if r.Status != results.Completed || r.Replicas != 2 || r.Backend != "go" || r.Dim != 2 || r.Joule == "" || !strings.Contains(r.Config, fmt.Sprintf("seed: %d\n", r.Seed)) {
			t.Fatalf("%s: %+v", run, r)
		}
		want := []string{"test_nll", "ksd", "mmd", "sliced_wasserstein", "auroc", "entropy", "steps", "seconds", "gradient_evaluations", "peak_memory", "parameters"}
		if r.Data == "two_gaussians" {
			want = append(want, "kl", "fisher", "auroc_ceiling", "mmd_floor", "time_to_target", "mode_coverage", "mode_weight_error", "stray")
		}
		for _, name := range want {
			if x, ok := r.Metric(name); !ok || math.IsNaN(x) {
				t.Errorf("%s has no %s", run, name)
			}
		}
		if r.Metrics["steps"] != 20 || r.Data == "two_gaussians" && r.Metrics["steps_to_target"] != 5 || !(math.Abs(r.Metrics["test_nll"]-r.Metrics["entropy"]-r.Metrics["nll_excess"]) < 1e-9) {
			t.Errorf("%s: %v", run, r.Metrics)
		}
		_, err := rundir.Open(filepath.Join(dir, "out", "runs", run))
		if err != nil {
			t.Error(err)
		}
	}
	for name, there := range map[string]bool{"dsm/two_gaussians/seed-0": true, "dsm/two_gaussians/seed-1": false} {
		for _, figure := range []string{"map.png", "truth.png"} {
			file, err := os.Open(filepath.Join(dir, "out", "runs", name, "figures", figure))
			if (err == nil) != there {
				t.Errorf("%s of %s: %v", figure, name, err)
			}
			if err == nil {
				if picture, err := png.Decode(file); err != nil || picture.Bounds().Dx() != 128 {
					t.Errorf("%s of %s: %v", figure, name, err)
				}
				file.Close()
			}
		}
	}
	if kl := succeed(t, dir, "eval", "out/runs/dsm/two_gaussians/seed-1", "--backend", "go", "--grid", "41", "--json"); !strings.Contains(kl, fmt.Sprintf(`"kl":%v`, rows["dsm/two_gaussians/seed-1"].Metrics["kl"])) {
		t.Errorf("eval says otherwise than the row: %s", kl)
	}
	before := read(t, dir, "out/journal.jsonl")
	succeed(t, dir, bench...)
	if read(t, dir, "out/journal.jsonl") != before {
		t.Error("what was done was done again")
	}
	// Other settings are other runs, and what was there is set aside.
	succeed(t, dir, append(bench, "--set", "budget.steps=10", "--set", "grid.config=[two-gaussians/dsm]", "--set", "seeds=1")...)
	rows = rowsOf(t, filepath.Join(dir, "out"))
	if r := rows["dsm/two_gaussians/seed-0"]; len(rows) != 2 || r == nil || r.Metrics["steps"] != 10 {
		t.Errorf("%d rows of the other settings, %+v", len(rows), r)
	}
	if _, err := rundir.Open(filepath.Join(dir, "out", "runs", "dsm/two_gaussians/seed-0.before-1")); err != nil {
		t.Error(err)
	}
}

// A run that diverges is a row, and those that were trained with it are measured.
func TestBenchDiverged(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "s.yaml", tinySuite+"seeds: 2\ngrid: {optimizer.learning_rate: [1e-3, 1e30]}\n")
	o := joule(t, dir, "bench", "s.yaml", "--backend", "go")
	if o.code != exitOK || !strings.Contains(o.stderr, "a run has failed") {
		t.Fatalf("%+v", o)
	}
	for run, r := range rowsOf(t, filepath.Join(dir, "bench", "tiny")) {
		isSick := strings.Contains(run, "1e30")
		if isSick != (r.Status == results.Diverged) || !isSick && r.Status != results.Completed || isSick && !strings.Contains(r.Reason, "step") {
			t.Errorf("%s: %s (%s)", run, r.Status, r.Reason)
		}
	}
}

// Budgets decide how long runs are; nothing is kept of runs where rows are enough.
func TestBenchBudgets(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "s.yaml", tinySuite+"keep: rows\ngrid: {budget.gradient_evaluations: [3000, 10]}\n")
	put(t, dir, "seconds.yaml", "extends: s.yaml\nname: seconds\nbudget: {steps: 0, seconds: 0.3}\ngrid: {budget.gradient_evaluations: [3000]}\n")
	succeed(t, dir, "bench", "s.yaml", "--backend", "go", "-q", "--set", "budget.steps=0")
	rows := rowsOf(t, filepath.Join(dir, "bench", "tiny"))
	r, poor := rows["gradient_evaluations=3000/seed-0"], rows["gradient_evaluations=10/seed-0"]
	if r == nil || r.Metrics["gradient_evaluations"] > 3000 || r.Metrics["gradient_evaluations"] < 2900 || !strings.Contains(r.Config, fmt.Sprintf("steps: %v\n", r.Metrics["steps"])) {
		t.Errorf("row %+v", r)
	}
	if poor == nil || poor.Status != results.Failed || !strings.Contains(poor.Reason, "and the budget of the run is 10") {
		t.Errorf("row %+v", poor)
	}
	if left := names(t, filepath.Join(dir, "bench", "tiny")); slices.Contains(left, "runs") && len(names(t, filepath.Join(dir, "bench", "tiny", "runs", "gradient_evaluations=3000"))) > 0 {
		t.Errorf("there are %v", left)
	}
	put(t, dir, "t.yaml", strings.Replace(tinySuite, "budget: {steps: 20}", "budget: {seconds: 0.3}", 1))
	succeed(t, dir, "bench", "t.yaml", "--backend", "go", "-q", "--out", "timed")
	if r := rowsOf(t, filepath.Join(dir, "timed"))["tiny/seed-0"]; r == nil || r.Metrics["steps"] < 30 {
		t.Errorf("row %+v", r)
	}
}

// stoppableSuite has a task that takes so long that it can be stopped several times, and logs so often that this can be told.
const stoppableSuite = tinySuite + "grid: {budget.steps: [400000]}\n"

// stoppable are the arguments that the suite is run with.
var stoppable = []string{"s.yaml", "--backend", "go", "--set", "set.train.log_every=500"}

// undisturbed are the rows of two seeds of it to which nothing has happened.
var undisturbed = sync.OnceValue(func() string {
	dir := filepath.Join(filepath.Dir(home), "undisturbed")
	err := os.Mkdir(dir, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(stoppableSuite+"seeds: 2\n"), 0o644)
	}
	if err == nil {
		err = command(dir, append(append([]string{"bench"}, stoppable...), "-q", "--out", "out")...).Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return filepath.Join(dir, "out")
})

// comparedWithUndisturbed holds the rows of two seeds of the suite to those to which nothing has happened.
func comparedWithUndisturbed(t *testing.T, got map[string]*results.Row) {
	t.Helper()
	want := rowsOf(t, undisturbed())
	if len(want) != 2 || len(got) != len(want) {
		t.Errorf("%d rows, and %d of the suite that nothing has happened to, want 2", len(got), len(want))
	}
	for run, r := range want {
		own := got[run]
		if own == nil || own.Status != results.Completed || own.Metrics["steps"] != 400000 || own.Metrics["kl"] != r.Metrics["kl"] || own.Key != r.Key {
			t.Errorf("%s: %+v, and where nothing has happened %+v", run, own, r)
		}
	}
}

// resumptions is how often a run has gone on.
func resumptions(t *testing.T, dir string) int {
	t.Helper()
	run, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	e, err := run.Environment()
	if err != nil {
		t.Fatal(err)
	}
	return len(e.Resumed)
}

// A suite that is stopped, or whose program is killed, goes on where it was, and its runs come out as if it had never been stopped. Where
// the program that runs it is killed, its workers save what they have and end.
func TestBenchStopsAndGoesOn(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "s.yaml", stoppableSuite+"seeds: 2\n")
	args := append(append([]string{"bench"}, stoppable...), "--out", "out")
	run := filepath.Join(dir, "out", "runs", "steps=400000", "seed-1")
	cmd := command(dir, args...)
	ended := make(chan outcome)
	go func() { ended <- finish(t, cmd) }()
	trainsSince(t, run, 0)
	_ = cmd.Process.Signal(syscall.SIGINT)
	o := <-ended
	if o.code != exitInterrupted || o.stdout != "" || !strings.Contains(o.stderr, "stopped by SIGINT; the same command goes on") {
		t.Fatalf("%+v", o)
	}
	if rows := rowsOf(t, filepath.Join(dir, "out")); len(rows) != 0 {
		t.Fatalf("rows %v of a run that was stopped", rows)
	}

	args = append(args, "-q")
	before := logged(run)
	cmd = command(dir, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	trainsSince(t, run, before)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	succeed(t, dir, args...)
	comparedWithUndisturbed(t, rowsOf(t, filepath.Join(dir, "out")))
	for _, seed := range []string{"seed-0", "seed-1"} {
		if n := resumptions(t, filepath.Join(filepath.Dir(run), seed)); n != 2 {
			t.Errorf("%s has gone on %d times, want 2", seed, n)
		}
	}
}

// What is wrong is told before anything is made.
func TestBenchRefuses(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "bad.yaml", tinySuite+"grid: {optimizer.learning_rat: [1]}\n")
	put(t, dir, "good.yaml", tinySuite)
	refuse(t, dir, exitUsage, "quikc: there is no such file, nor a suite of that name; did you mean \"quick\"?", "bench", "quikc")
	refuse(t, dir, exitUsage, `bad.yaml:6:33: optimizer.learning_rat: unknown key; did you mean "learning_rate"?`, "bench", "bad.yaml")
	refuse(t, dir, exitUsage, "--jobs -1: want 1 or more, or 0 for one a core", "bench", "good.yaml", "--jobs", "-1")
	t.Setenv("CUDA_VISIBLE_DEVICES", "")
	refuse(t, dir, exitUsage, "--devices places workers on NVIDIA GPUs, and tiny is to be trained on go; leave it out, or give --backend xla:cuda",
		"bench", "good.yaml", "--devices", "all", "--backend", "go")
	refuse(t, dir, exitUsage, "--devices 2: no NVIDIA GPU is to be seen here (CUDA_VISIBLE_DEVICES, nvidia-smi -L and /proc/driver/nvidia/gpus name none)",
		"bench", "good.yaml", "--devices", "2", "--backend", "xla:cuda")
	t.Setenv("CUDA_VISIBLE_DEVICES", "6,7")
	refuse(t, dir, exitUsage, "--devices 0,2: there is no device 2: the places of the 2 that are to be seen are 0 to 1",
		"bench", "good.yaml", "--devices", "0,2", "--backend", "xla:cuda")
	refuse(t, dir, exitUsage, `there is no suite "toy2"; did you mean "toy2d"?`, "bench", "show", "toy2")
	refuse(t, dir, exitBackend, "backend xla:cuda: …", "bench", "good.yaml", "--backend", "xla:cuda", "-q")
	if left := names(t, filepath.Join(dir, "bench", "tiny")); slices.Contains(left, "runs") {
		t.Errorf("there are %v", left)
	}
	if text := succeed(t, dir, "bench", "good.yaml", "--backend", "go", "--dry-run", "-q"); !strings.Contains(text, "tiny  1      20     9.6e+02") || !strings.Contains(text, "1 run: about") {
		t.Errorf("a dry run says\n%s", text)
	}
	if text := succeed(t, dir, "bench", "validate", "good.yaml", "--set", "seeds=3"); text != "good.yaml: valid (tiny: 1 cells, 0 of them refused, 3 runs)\n" {
		t.Errorf("validate says %s", text)
	}
}
