package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"joule/internal/python"
	"joule/results"
)

// What joule tensorboard and joule train --tensorboard write, TensorBoard reads: the numbers, pictures and hyperparameters of the runs.
func TestTensorboard(t *testing.T) {
	python.Need(t)
	dir := t.TempDir()
	plane := trainSmall(t, dir, "two-gaussians/dsm", "--set", "data.size=500", "--set", "train.checkpoint_every=20", "--set", "train.keep_last=9")
	bad := filepath.Join(dir, "bad")
	if err := os.CopyFS(bad, os.DirFS(plane)); err != nil {
		t.Fatal(err)
	}
	put(t, bad, "metrics.jsonl", read(t, bad, "metrics.jsonl")+`{"step":80,"loss":"NaN","gradient_norm":"Infinity","more":1e300}`+"\n"+`{"step":90,"lo`)
	put(t, bad, "result.json", strings.Replace(read(t, bad, "result.json"), `"completed"`, `"failed"`, 1))
	pictures := trainSmall(t, dir, squaresConfig(t, dir))
	put(t, dir, "tiny.yaml", tinySuite+"seeds: 2\ngrid: {config: [two-gaussians/dsm, two-gaussians/nce], train.batch_size: [16, 32]}\nmetrics: [kl, test_nll]\n")
	succeed(t, dir, "bench", "tiny.yaml", "--backend", "go", "-q", "--out", "suite")

	convert := []string{"tensorboard", plane, bad, pictures, "suite", "--out", "logs", "-q", "--backend", "go"}
	out := succeed(t, dir, convert...)
	var before []string
	for path := range strings.Lines(out) {
		before = append(before, read(t, dir, strings.TrimSpace(path)))
	}
	if len(before) != 3+8+1 {
		t.Errorf("printed\n%s", out)
	}
	if again := succeed(t, dir, convert...); again != out {
		t.Errorf("the second time printed\n%s", again)
	}
	for i, path := range strings.Fields(out) {
		if read(t, dir, path) != before[i] {
			t.Errorf("%s is another one the second time", path)
		}
	}

	replicas := append([]string{"train", "two-gaussians/nce", "--out", "group", "--set", "train.replicas=2", "--tensorboard", "logs/live"}, small...)
	succeed(t, dir, replicas...)
	trainAndKill(t, dir)

	found := readEvents(t, filepath.Join(dir, "logs"))
	name := filepath.Base(plane)
	for name, run := range map[string]string{name: plane, "bad": bad, filepath.Base(pictures): pictures, "live/cut": "cut", "live/group/seed-0": "group/seed-0",
		"live/group/seed-1": "group/seed-1", "suite/nce/batch_size=32/seed-1": "suite/runs/nce/batch_size=32/seed-1"} {
		if !filepath.IsAbs(run) {
			run = filepath.Join(dir, run)
		}
		found.sameScalars(t, name, run)
		found.sameParameters(t, name, run)
		texts := found.Runs[name].Texts["config"]
		if len(texts) == 0 || strings.ReplaceAll(texts[len(texts)-1], "\n    ", "\n") != "    "+read(t, run, "config.yaml") {
			t.Errorf("%s: the config is\n%s", name, texts)
		}
	}
	found.checkPictures(t, dir, plane, pictures)
	found.checkHparams(t, dir, name)
}

// squaresConfig writes a config of small images.
func squaresConfig(t *testing.T, dir string) string {
	return put(t, dir, "squares.yaml", `name: squares
data: {kind: idx, path: `+squares(t)+`, dequantise: true}
model: {kind: mlp, hidden: [8], activation: silu, confinement: 3}
method: {kind: dsm, sigma: 0.5}
train: {batch_size: 8}
sampler: {kind: langevin, steps: 100, step_size: 0.05}
`)
}

// trainAndKill trains the run cut, kills that after a checkpoint and a log, and goes on with it. Of what it has told before, half is lost.
func trainAndKill(t *testing.T, dir string) {
	t.Helper()
	live := []string{"--tensorboard", "logs/live", "--backend", "go", "--quiet", "--set", "train.log_every=40"}
	cmd := command(dir, append([]string{"train", "two-gaussians/nce", "--out", "cut", "--set", "train.steps=10000000", "--set", "model.hidden=[8]",
		"--set", "train.checkpoint_every=1000", "--set", "optimizer.schedule=constant", "--set", "data.size=500", "--set", "sampler.steps=10"}, live...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	entries := filepath.Join(dir, "cut", "checkpoints", "step-*")
	waitFor(t, func() bool {
		list, _ := filepath.Glob(entries) // the pattern is a good one
		return len(list) > 1 || cmd.ProcessState != nil
	})
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	list, _ := filepath.Glob(entries)
	if len(list) == 0 {
		t.Fatal("there is no checkpoint")
	}
	events := filepath.Join(dir, "logs", "live", "cut")
	events = filepath.Join(events, names(t, events)[0])
	if info, err := os.Stat(events); err != nil || os.Truncate(events, info.Size()/2) != nil {
		t.Fatalf("cannot cut %s: %v", events, err)
	}
	newest, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(list[len(list)-1]), "step-"))
	if err != nil {
		t.Fatal(err)
	}
	succeed(t, dir, append([]string{"train", "--resume", "cut", "--set", fmt.Sprint("train.steps=", newest+500)}, live...)...)
	if files := names(t, filepath.Join(dir, "logs/live/cut")); len(files) != 2 {
		t.Errorf("there are %v", files)
	}
}

func (e *eventFiles) checkPictures(t *testing.T, dir, plane, pictures string) {
	t.Helper()
	for run, figures := range map[string][]string{plane: {"energy", "samples"}, pictures: {"samples", "data", "energies"}} {
		succeed(t, dir, "plot", run, "--backend", "go", "-q")
		name := filepath.Base(run)
		for _, figure := range figures {
			e.samePicture(t, name, "figures/"+figure, filepath.Join(run, "figures", figure+".png"))
		}
		if len(e.Runs[name].Images) != len(figures) {
			t.Errorf("%s: %d tags of pictures", name, len(e.Runs[name].Images))
		}
	}
	e.samePicture(t, "suite/dsm/batch_size=16/seed-0", "figures/energy", filepath.Join(dir, "suite/runs/dsm/batch_size=16/seed-0/figures/map.png"))
	for _, live := range []string{"cut", "group/seed-0", "group/seed-1"} {
		for _, figure := range []string{"energy", "samples"} {
			if live == "cut" || figure == "energy" {
				e.samePicture(t, "live/"+live, "figures/"+figure, filepath.Join(dir, live, "figures", figure+".png"))
			}
		}
	}
	// Of each checkpoint there is a map, and all differ.
	sums := map[string]bool{}
	for i, picture := range e.Runs[filepath.Base(plane)].Images["figures/energy"] {
		p := picture.value
		if picture.step != int64(20*(i+1)) || p.Size[0] != 1200 || p.Corner != [3]int{255, 255, 255} || p.Colours < 100 {
			t.Errorf("map %d: %+v", i, picture)
		}
		sums[p.SHA256] = true
	}
	if len(sums) != 3 {
		t.Errorf("%d maps differ", len(sums))
	}
}

func (e *eventFiles) checkHparams(t *testing.T, dir, plane string) {
	t.Helper()
	rows, err := results.Read(filepath.Join(dir, "suite"))
	if err != nil {
		t.Fatal(err)
	}
	for reader, page := range e.Hparams {
		size := page.Infos["train.batch_size"]
		if size.Type != "DATA_TYPE_FLOAT64" || !size.Differs || !slices.Contains(size.Domain, any(16.)) || !slices.Contains(size.Domain, any(32.)) {
			t.Errorf("%s: train.batch_size is %+v", reader, size)
		}
		if config := page.Infos["config"]; config.Type != "DATA_TYPE_STRING" || len(config.Domain) != 2 {
			t.Errorf("%s: config is %+v", reader, config)
		}
		if page.Metrics["result/kl"] != "KL" || page.Metrics["loss"] != "loss" || page.Metrics["result/ksd"] != "" {
			t.Errorf("%s: the metrics are %v", reader, page.Metrics)
		}
		own := page.Groups[plane]
		if own.Hparams["model.hidden"] != "[8]" || own.Hparams["method.kind"] != "dsm" || own.Hparams["train.steps"] != 60. || own.Sessions[plane].Status != "STATUS_SUCCESS" {
			t.Errorf("%s: %+v", reader, own)
		}
		if status := page.Groups["bad"].Sessions["bad"].Status; status != "STATUS_FAILURE" {
			t.Errorf("%s: the run that failed is %s", reader, status)
		}
		if cut := page.Groups["live/cut"].Sessions["live/cut"]; cut.Status != "STATUS_SUCCESS" || !(cut.End > cut.Start) {
			t.Errorf("%s: the run that went on is %+v", reader, cut)
		}
		for _, row := range rows {
			group := page.Groups[filepath.Join("tiny", row.Cell())]
			session := filepath.Join("suite", row.Run)
			if group.Sessions[session].Status != "STATUS_SUCCESS" || len(group.Sessions) != 2 || fmt.Sprint(group.Hparams["train.batch_size"]) != row.Axes[1].Value {
				t.Errorf("%s: %s is in %+v", reader, session, group)
			}
			sum := 0.
			for _, other := range rows {
				if other.Cell() == row.Cell() {
					sum += other.Metrics["kl"]
				}
			}
			if kl, ok := group.Metrics["result/kl"].(float64); !ok || math.Abs(kl-sum/2) > 1e-6*sum {
				t.Errorf("%s: the KL of %s is %v, want %v", reader, row.Cell(), group.Metrics["result/kl"], sum/2)
			}
		}
	}
	for _, row := range rows {
		for metric, value := range row.Metrics {
			if got := e.Runs[filepath.Join("suite", row.Run)].Scalars["result/"+metric]; len(got) != 1 || got[0].step != 20 || float32(got[0].value) != float32(value) {
				t.Errorf("%s: %s is %+v, want %v", row.Run, metric, got, value)
			}
		}
	}
}

// What cannot be is said before anything is trained or written, and a folder of another run is left alone.
func TestTensorboardRefuses(t *testing.T) {
	dir, run := t.TempDir(), faithfulRun(t)
	refuse(t, dir, exitUsage, "--out is missing: want a log directory, which is made where it is not there; usage: joule tensorboard DIR... --out LOGDIR [flags]", "tensorboard", run)
	refuse(t, dir, exitUsage, "none: there is no such directory; …", "tensorboard", "none", "--out", "logs")
	refuse(t, dir, exitFailed, "no runs in .", "tensorboard", ".", "--out", "logs")
	if o := joule(t, dir, "tensorboard", run, "--out", "logs", "--backend", "xla:/none.so"); o.code != exitBackend || o.stdout != "" {
		t.Errorf("without a backend: %+v", o)
	}
	put(t, dir, "file", "")
	refuse(t, dir, exitFailed, "make file/"+filepath.Base(run)+": not a directory", "tensorboard", run, "--out", "file", "--no-figures")
	train := append([]string{"train", "two-gaussians/dsm", "--no-figures"}, small...)
	refuse(t, dir, exitFailed, "--tensorboard: make file: not a directory", append(train, "--out", "a", "--tensorboard", "file")...)

	succeed(t, dir, append(train, "--out", "a", "--tensorboard", "logs")...)
	live := filepath.Join("logs", "a", names(t, filepath.Join(dir, "logs", "a"))[0])
	other := live + ": is an event file of a training or of another program, and two of one run would be shown as one; name another folder, or move it away"
	refuse(t, dir, exitFailed, other, "tensorboard", "a", "--out", "logs", "--no-figures")
	if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	refuse(t, dir, exitFailed, "--tensorboard: "+other, append(train, "--out", "a", "--tensorboard", "logs")...)
	if list := names(t, dir); !slices.Equal(list, []string{"file", "logs"}) {
		t.Errorf("there are %v", list)
	}

	if err := errors.Join(os.CopyFS(filepath.Join(dir, "x", "a"), os.DirFS(run)), os.CopyFS(filepath.Join(dir, "y", "a"), os.DirFS(run))); err != nil {
		t.Fatal(err)
	}
	refuse(t, dir, exitUsage, "x/a and y/a: both would be called a; name the directory that holds them, or choose another --out for one", "tensorboard", "x/a", "y/a", "--out", "new")
	out := succeed(t, dir, "tensorboard", "x", "y", "--out", "new", "--no-figures")
	for _, name := range []string{"new/x/a/", "new/y/a/", "new/events.out.tfevents.0000000000.joule\n"} {
		if strings.Count(out, name) != 1 {
			t.Errorf("printed\n%s", out)
		}
	}
}
