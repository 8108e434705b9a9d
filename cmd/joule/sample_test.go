package main

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"joule/datasets"
)

func TestSample(t *testing.T) {
	dir := t.TempDir()
	run := faithfulRun(t)
	sample := func(args ...string) string {
		return succeed(t, dir, append([]string{"sample", run, "-n", "200"}, args...)...)
	}

	long := sample("--set", "sampler.steps=100", "--set", "sampler.step_size=0.02")
	header, rows := table(t, long)
	if strings.Join(header, " ") != "eruptions waiting" || len(rows) != 200 {
		t.Fatalf("got %v and %d rows", header, len(rows))
	}
	for k, want := range []float64{3.49, 70.9} { // the means of the data: samples are in its units
		mean := 0.0
		for _, row := range rows {
			mean += row[k] / 200
		}
		if math.Abs(mean-want) > 0.3*want {
			t.Errorf("the mean of %s is %v, and that of the data %v", header[k], mean, want)
		}
	}
	if sample("--set", "sampler.steps=100", "--set", "sampler.step_size=0.02") != long {
		t.Error("the same seed gives other samples")
	}
	for _, args := range [][]string{{"--seed", "1"}, {"--set", "sampler.steps=101"}} {
		if sample(append([]string{"--set", "sampler.steps=100", "--set", "sampler.step_size=0.02"}, args...)...) == long {
			t.Errorf("%v changes nothing", args)
		}
	}
	if sample("-o", "x.npy") != "" {
		t.Error("sample -o prints something")
	}
	if p, _, err := datasets.ReadPoints(filepath.Join(dir, "x.npy")); err != nil || p.N != 200 || p.Dim != 2 {
		t.Errorf("x.npy: %d points of %d, %v", p.N, p.Dim, err)
	}
	if sample("-o", "-") != sample() {
		t.Error("-o - is not standard output")
	}
}

func TestSampleRefuses(t *testing.T) {
	run := faithfulRun(t)
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "--number 0: want 1 to 10000000", []string{"-n", "0"}},
		{exitUsage, `invalid argument "many" for "-n, --number" flag: …`, []string{"-n", "many"}},
		{exitUsage, `--output x.txt: the name ends in ".txt"; want .npy or .csv`, []string{"-o", "x.txt"}},
		{exitUsage, "--output none/x.npy: there is no folder none", []string{"-o", "none/x.npy"}},
		{exitUsage, "--set train.steps=3: only keys of sampler can be changed once a run is trained", []string{"--set", "train.steps=3"}},
		{exitUsage, `--set sampler.stps=3: unknown key; did you mean "steps"?`, []string{"--set", "sampler.stps=3"}},
		{exitUsage, "--set sampler.steps=0: 0 is not positive", []string{"--set", "sampler.steps=0"}},
		{exitFailed, "chain 1 diverged: its point is not finite; a smaller sampler.step_size keeps chains stable", []string{"-n", "2", "--set", "sampler.step_size=1e30"}},
	} {
		refuse(t, t.TempDir(), c.code, c.want, append([]string{"sample", run}, c.args...)...)
	}
}
