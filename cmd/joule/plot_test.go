package main

import (
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// checkPicture reports a file that is no picture of some size.
func checkPicture(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer file.Close()
	if strings.HasSuffix(path, ".svg") {
		if text := tryRead(path); !strings.Contains(text, "<svg") || len(text) < 1000 {
			t.Errorf("%s is no picture: %.100s", path, text)
		}
		return
	}
	if size, err := png.DecodeConfig(file); err != nil || size.Width < 300 || size.Height < 200 {
		t.Errorf("%s: %+v, %v", path, size, err)
	}
}

// plotted runs plot and returns the paths that it prints, all of them pictures.
func plotted(t *testing.T, dir string, args ...string) (paths []string) {
	t.Helper()
	paths = strings.Fields(succeed(t, dir, append([]string{"plot"}, args...)...))
	for _, path := range paths {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		checkPicture(t, path)
	}
	return paths
}

func TestPlot(t *testing.T) {
	dir := t.TempDir()
	faithful := copyRun(t, faithfulRun(t))
	in := func(run string, figures ...string) (paths []string) {
		for _, name := range figures {
			paths = append(paths, filepath.Join(run, "figures", name))
		}
		return paths
	}
	if got, want := plotted(t, dir, faithful), in(faithful, "energy.png", "samples.png", "training.png"); !slices.Equal(got, want) {
		t.Errorf("plot prints %v, want %v", got, want)
	}
	if got, want := plotted(t, dir, faithful, "--format", "svg"), in(faithful, "energy.svg", "samples.svg", "training.svg"); !slices.Equal(got, want) {
		t.Errorf("plot prints %v, want %v", got, want)
	}
	gaussians := copyRun(t, gaussiansRun(t))
	plotted(t, dir, gaussians, "-o", "one.svg")
	plotted(t, dir, faithful, faithful, "-o", "two.png")
	refuse(t, dir, exitFailed, gaussians+": its data is not that of "+faithful+"; only runs on the same data are drawn side by side", "plot", faithful, gaussians, "-o", "x.png")
}

// In other dimensions there are histograms of energies instead of maps.
func TestPlotInThreeDimensions(t *testing.T) {
	dir := t.TempDir()
	run := trainSmall(t, dir, "two-gaussians/dsm", "--set", "data={kind: gaussian_mixture, means: [[0, 0, 0], [3, 3, 3]], variances: [1, 1], weights: [0.5, 0.5], size: 300}")
	if got := plotted(t, dir, run); len(got) != 2 || filepath.Base(got[0]) != "energies.png" || filepath.Base(got[1]) != "training.png" {
		t.Errorf("the figures are %v", got)
	}
	plotted(t, dir, run, "-o", "x.png")
	refuse(t, dir, exitFailed, run+": its data has 3 dimensions; only runs in two are drawn side by side", "plot", run, run, "-o", "x.png")
	o := joule(t, dir, "eval", run, "--ais-steps", "100")
	if !strings.Contains(o.stdout, "mean energy, train") || !strings.Contains(o.stdout, "log Z by AIS, from above") || strings.Contains(o.stdout, "grid") {
		t.Errorf("eval in three dimensions prints\n%s", o.stdout)
	}
	refuse(t, dir, exitUsage, "--grid 101: the data has 3 dimensions, and a grid is for one or two", "eval", run, "--grid", "101")
	if without := succeed(t, dir, "eval", run, "--ais=false"); strings.Contains(without, "log Z") || strings.Contains(without, "NLL") {
		t.Errorf("eval without annealed importance sampling prints\n%s", without)
	}
	if !strings.Contains(o.stderr, "log Z is not to be trusted") { // the network is not confined: Z is infinite
		t.Errorf("eval does not warn:\n%s", o.stderr)
	}
}

// What can be drawn of a model that diverged is drawn; the rest is an error.
func TestPlotOfADivergedModel(t *testing.T) {
	run := copyRun(t, faithfulRun(t))
	spoil(t, run)
	o := joule(t, "", "plot", run)
	if o.code != exitFailed || !strings.HasSuffix(o.stdout, filepath.Join(run, "figures", "training.png")+"\n") ||
		strings.Contains(o.stdout, "samples") || !strings.Contains(o.stderr, "joule: "+run+": figure samples: cannot be measured: ") {
		t.Errorf("got %+v", o)
	}
}

func TestPlotRefuses(t *testing.T) {
	run := faithfulRun(t)
	refuse(t, "", exitUsage, `--output x.gif: the name ends in ".gif"; want .png or .svg`, "plot", run, "-o", "x.gif")
	refuse(t, "", exitUsage, `--output -: the name ends in ""; want .png or .svg`, "plot", run, "-o", "-")
	refuse(t, "", exitUsage, "--output none/x.png: there is no folder none", "plot", run, "-o", "none/x.png")
	refuse(t, "", exitUsage, "--format gif: want png or svg", "plot", run, "--format", "gif")
}
