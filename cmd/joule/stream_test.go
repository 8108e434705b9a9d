package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// streamed is a config of a set in two files, which are read in windows of 40 points; a run of 60 steps goes through some
// twenty of them. change alters the first file.
func streamed(t *testing.T, change func(line int, text string) string) (config string) {
	t.Helper()
	dir := t.TempDir()
	for part := range 2 {
		text := "x,y\n"
		for i := range 100 {
			line := fmt.Sprintf("%d,%g\n", (37*i+part)%101, float64(i%7)/3)
			if part == 0 && change != nil {
				line = change(i+2, line)
			}
			text += line
		}
		put(t, dir, fmt.Sprintf("part-%d.csv", part), text)
	}
	return put(t, dir, "stream.yaml", `extends: old-faithful/dsm
name: streamed
train: {early_stopping: {metric: score_matching, every: 20, patience: 0}}
data: {kind: csv, path: part-*.csv, columns: [x, y], standardize: true, test_fraction: 0.1, validation_fraction: 0.05, stream: {window: 40, block: 8, steps: 3}}
`)
}

// A run on a stream leaves what every run leaves, is resumed within a window and at the edge of one with the same bytes, and is
// good for every command.
func TestTrainOnAStream(t *testing.T) {
	config := streamed(t, nil)
	run := trainSmall(t, t.TempDir(), config, "--set", "train.checkpoint_every=10", "--set", "train.keep_last=9")
	want := whatItLeft(t, run)
	var dataset struct {
		Train, Validation, Test int
		Min, Max                []float64
	}
	if err := json.Unmarshal([]byte(read(t, run, "dataset.json")), &dataset); err != nil || dataset.Train != 170 || dataset.Validation != 10 || dataset.Test != 20 ||
		fmt.Sprint(dataset.Min, dataset.Max) != "[0 0] [100 2]" {
		t.Errorf("dataset.json has %+v, error %v", dataset, err)
	}
	for _, step := range []string{"30", "20", "0"} {
		succeed(t, "", "train", "--resume", run, "--from-step", step, "--no-figures", "--quiet")
		sameFiles(t, "from step "+step, whatItLeft(t, run), want)
	}
	if metrics := read(t, run, "metrics.jsonl"); strings.Count(metrics, "validation_score_matching") != 3 {
		t.Errorf("the criterion of early stopping is logged as in %s", metrics)
	}
	out := succeed(t, "", "data", "show", config)
	if want := "stream      170 training points, in windows of 40; below is a sample of them\ntraining    170 points\nvalidation  10 points\n"; !strings.Contains(out, want) {
		t.Errorf("data show gives %s", out)
	}
	var e struct{ TestNLL, TrainNLL *float64 }
	out = succeed(t, "", "eval", run, "--json", "--grid", "41", "--quiet")
	if err := json.Unmarshal([]byte(strings.NewReplacer("test_nll", "TestNLL", "train_nll", "TrainNLL").Replace(out)), &e); err != nil || e.TestNLL == nil || e.TrainNLL == nil {
		t.Errorf("eval gives %s", out)
	}
	points := succeed(t, "", "sample", run, "-n", "3", "--quiet")
	if lines := strings.Split(points, "\n"); lines[0] != "x,y" || len(lines) != 5 {
		t.Errorf("sample gives %q", points)
	}
	in := put(t, t.TempDir(), "in.csv", points)
	if out := succeed(t, "", "energy", run, "--in", in, "--quiet"); strings.Count(out, "\n") != 4 {
		t.Errorf("energy gives %q", out)
	}
	plotted(t, "", run, "--quiet")
}

// A bad row is found before a run is made, and so is a file that is missing.
func TestTrainRefusesABadStream(t *testing.T) {
	config := streamed(t, func(line int, text string) string {
		if line == 51 {
			return "1,twelve\n"
		}
		return text
	})
	dir := t.TempDir()
	want := filepath.Join(filepath.Dir(config), `part-0.csv:51: column "y": "twelve" is not a number; correct the row, or take it out`)
	refuse(t, dir, exitFailed, want, "train", config, "--out", "run", "--quiet")
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("a refused run leaves %v", left)
	}
	refuse(t, dir, exitUsage, "--set data.path=none-*.csv: "+filepath.Join(filepath.Dir(config), "none-*.csv")+": no file matches this pattern", "train", config, "--set", "data.path=none-*.csv", "--quiet")
}

// A file that vanishes while it is trained on ends the run, which is saved; once the file is back, the run goes on to the bytes of
// one that was never disturbed.
func TestStreamThatVanishes(t *testing.T) {
	config := streamed(t, nil)
	sets := []string{"--set", "train.steps=20000", "--set", "train.checkpoint_every=0"}
	whole := trainSmall(t, t.TempDir(), config, sets...)
	run := filepath.Join(t.TempDir(), "run")
	cmd := command("", append(append([]string{"train", config, "--out", run, "--no-figures"}, small...), sets...)...)
	file := filepath.Join(filepath.Dir(config), "part-1.csv")
	started(t, cmd, filepath.Join(run, "metrics.jsonl"))
	if err := os.Rename(file, file+".away"); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed {
		t.Fatalf("exit code %d", code)
	}
	var result struct{ Status, Error string }
	if err := json.Unmarshal([]byte(read(t, run, "result.json")), &result); err != nil || result.Status != "failed" ||
		result.Error != file+": no such file or directory" {
		t.Errorf("result.json has %+v, error %v", result, err)
	}
	if err := os.Rename(file+".away", file); err != nil {
		t.Fatal(err)
	}
	succeed(t, "", "train", "--resume", run, "--no-figures", "--quiet")
	got, want := whatItLeft(t, run), whatItLeft(t, whole)
	sameFiles(t, "after the file was away", got, want)
}
