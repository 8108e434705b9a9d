package main

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A run on images keeps their size and classes, draws grids of them, and gives samples in values of pixels.
func TestRunOnImages(t *testing.T) {
	data, dir := squares(t), t.TempDir()
	put(t, dir, "squares.yaml", `name: squares
data: {kind: idx, path: `+data+`, dequantise: true, logit: 0.05, augment: {shift: 1, flip: true}}
model: {kind: mlp, hidden: [8], activation: silu, confinement: 3}
method: {kind: dsm, sigma: 0.5}
sampler: {kind: langevin, steps: 100, step_size: 0.05}
`)
	run := trainSmall(t, dir, filepath.Join(dir, "squares.yaml"), "--set", "train.batch_size=8", "--backend", "go")
	if text := read(t, run, "dataset.json"); !strings.Contains(text, `"format": 2`) || !strings.Contains(text, `"logit": 0.05`) || !strings.Contains(text, `"height": 6`) {
		t.Errorf("dataset.json is %.300s", text)
	}
	in := func(names ...string) (paths []string) {
		for _, name := range names {
			paths = append(paths, filepath.Join(run, "figures", name))
		}
		return paths
	}
	if got, want := plotted(t, dir, run), in("samples.png", "data.png", "energies.png", "training.png"); !slices.Equal(got, want) {
		t.Errorf("plot prints %v, want %v", got, want)
	}
	if got, want := plotted(t, dir, run, "--what", "data,chains"), in("data.png", "chains.png"); !slices.Equal(got, want) {
		t.Errorf("plot prints %v, want %v", got, want)
	}
	plotted(t, dir, run, "--what", "data", "-o", "data.svg")
	plotted(t, dir, run, "-o", "first.png")
	refuse(t, dir, exitUsage, "--what dta: "+run+" has the figures samples, data, chains, energies, training", "plot", run, "--what", "dta")
	refuse(t, dir, exitUsage, "--output x.png: is for one figure of one run, and --what names data, chains of 1", "plot", run, "--what", "data,chains", "-o", "x.png")

	succeed(t, dir, "sample", run, "-n", "9", "-o", "grid.png")
	file, err := os.Open(filepath.Join(dir, "grid.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if size, err := png.DecodeConfig(file); err != nil || size.Width != size.Height || size.Width%(3*7+1) != 0 {
		t.Errorf("a grid of 3×3 images of 6×6 pixels is of %v pixels, %v", image.Pt(size.Width, size.Height), err)
	}
	lines := strings.Split(strings.TrimSpace(succeed(t, dir, "sample", run, "-n", "3")), "\n")
	if !strings.HasPrefix(lines[0], "r0c0,r0c1,") || len(lines) != 4 {
		t.Errorf("samples begin with %.40s", lines[0])
	}
	for _, args := range [][]string{{"eval", run, "--ais-steps", "50"}, {"energy", run, "--in", "x.csv", "--score"}, {"report", run, "-o", "r.html"}} {
		put(t, dir, "x.csv", strings.Join(lines, "\n")+"\n")
		succeed(t, dir, args...)
	}
	refuse(t, dir, exitUsage, "--output x.png: the points of this run are no images; want .npy or .csv", "sample", faithfulRun(t), "-o", "x.png")
}

// A config whose images are not there says so before anything is trained.
func TestImagesThatAreNotThere(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "x.yaml", "name: x\ndata: {kind: idx, path: fetched:mnist, labels: nowhere}\nmodel: {kind: mlp}\nmethod: {kind: dsm}\n")
	o := joule(t, dir, "configs", "validate", "x.yaml")
	for _, want := range []string{
		"x.yaml:2:25: data.path: fetched:mnist: it has not been fetched: joule data fetch mnist gets it",
		"data.labels: nowhere: no such file or directory",
	} {
		if o.code != exitUsage || !strings.Contains(o.stderr, want) {
			t.Errorf("exit code %d, %s; want %s", o.code, o.stderr, want)
		}
	}
}
