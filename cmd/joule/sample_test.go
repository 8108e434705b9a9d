package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"joule/datasets"
	"joule/metrics"
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
		{exitUsage, "--set train.steps=3: only keys of sampler and sampling can be changed once a run is trained", []string{"--set", "train.steps=3"}},
		{exitUsage, `--set sampler.stps=3: unknown key; did you mean "steps"?`, []string{"--set", "sampler.stps=3"}},
		{exitUsage, "--set sampler=3: found 3; a map with a kind is needed…", []string{"--set", "sampler=3"}},
		{exitUsage, "--set sampler.kind=annealed_langevin: sampler: a sampler of kind annealed_langevin needs an energy with noise levels…", []string{"--set", "sampler.kind=annealed_langevin"}},
		{exitUsage, "--number 20000, with sampling.chains 0: a sampler of kind svgd compares every chain with every other, and 20000 are too many: at most 16384",
			[]string{"-n", "20000", "--set", "sampler={kind: svgd}"}},
		{exitUsage, "--number 3, with sampling.chains 5: a sampler of kind ensemble lets chains jump by the differences of others, and 3 are too few: at least 4",
			[]string{"-n", "3", "--set", "sampler={kind: ensemble}", "--set", "sampling.chains=5"}},
		{exitUsage, "--set sampling.chains=2: a sampler of kind ensemble lets chains jump by the differences of others, and 2 are too few: at least 4",
			[]string{"--set", "sampler={kind: ensemble}", "--set", "sampling.chains=2"}},
		{exitUsage, "--set sampling.thinning=0: 0 is not positive", []string{"--set", "sampling.thinning=0"}},
		{exitUsage, "--diagnostics -: the points go to standard output already; want a file, for these or for those (--output)", []string{"--diagnostics", "-"}},
		{exitUsage, "--diagnostics none/x.json: there is no folder none", []string{"--diagnostics", "none/x.json"}},
		{exitUsage, "--diagnostics x.csv: that is where the points go", []string{"--diagnostics", "x.csv", "-o", "x.csv"}},
		{exitUsage, "--diagnostics ./x.csv: that is where the points go", []string{"--diagnostics", "./x.csv", "-o", "x.csv"}},
		{exitUsage, "--diagnostics .: is a folder; want a file", []string{"--diagnostics", ".", "-o", "x.csv"}},
		{exitUsage, "--set sampler.steps=0: 0 is not positive", []string{"--set", "sampler.steps=0"}},
		{exitFailed, "chain 1 diverged: its point is not finite; a smaller sampler.step_size keeps chains stable", []string{"-n", "2", "--set", "sampler.step_size=1e30"}},
	} {
		refuse(t, t.TempDir(), c.code, c.want, append([]string{"sample", run}, c.args...)...)
	}
}

// Few chains of many points have diagnostics; the points are in the same order as without them.
func TestSampleDiagnostics(t *testing.T) {
	dir, run := t.TempDir(), faithfulRun(t)
	args := []string{"sample", run, "-n", "202", "--set", "sampler={kind: mala, steps: 200}", "--set", "sampling.chains=4", "--set", "sampling.thinning=5"}
	plain := joule(t, dir, args...)
	o := joule(t, dir, append(args, "--diagnostics", "d.json")...)
	if o.code != exitOK || o.stdout != plain.stdout {
		t.Fatalf("exit code %d; the points differ: %v\n%s", o.code, o.stdout != plain.stdout, o.stderr)
	}
	if _, rows := table(t, o.stdout); len(rows) != 202 {
		t.Errorf("%d points, want 202", len(rows))
	}
	var d metrics.Diagnostics
	if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, "d.json"))), &d); err != nil {
		t.Fatal(err)
	}
	if d.Chains != 4 || d.Draws != 51 || len(d.Coordinates) != 2 || d.Coordinates[1].Name != "waiting" {
		t.Errorf("%+v", d)
	}
	// The points are in the units of the data, those of few chains not very sure.
	if m := d.Coordinates[1]; !(m.Mean > 50 && m.Mean < 90 && m.RHat > 0.9 && m.BulkESS > 1 && m.TailESS > 1) {
		t.Errorf("%+v", m)
	}
	if !(d.Acceptance > 0.2 && d.Acceptance < 0.95 && d.StepScale > 0 && d.StepScale != 1 && math.Abs(float64(d.EnergyGap)) < 3) {
		t.Errorf("%+v", d)
	}
	for _, want := range []string{"chains 4, points of each 51, acceptance 0.", "energy gap", "bulk ESS", "waiting", "energy"} {
		if !strings.Contains(o.stderr, want) {
			t.Errorf("standard error lacks %q:\n%s", want, o.stderr)
		}
	}
	far := joule(t, dir, "sample", run, "-n", "10", "--set", "sampler={kind: langevin, steps: 1, step_size: 50, noise_scale: 20}", "-o", "far.csv", "--diagnostics", "-")
	if far.code != exitOK || !strings.Contains(far.stderr, "standard deviations") || !strings.Contains(far.stdout, `"data_energy_std": `) {
		t.Errorf("chains far away: exit code %d\n%s\n%s", far.code, far.stdout, far.stderr)
	}
	stuck := joule(t, dir, append(args, "--set", "sampler.step_size=1e6", "--set", "sampler.target_acceptance=0", "-o", "x.csv", "--diagnostics", "-")...)
	if stuck.code != exitOK || !strings.Contains(stuck.stderr, "0 of the proposals were accepted: chains hardly move") ||
		!strings.Contains(stuck.stderr, "have not come to agree") || !strings.Contains(stuck.stdout, "\"r_hat\": null") {
		t.Errorf("chains that are stuck: exit code %d\n%s\n%s", stuck.code, stuck.stdout, stuck.stderr)
	}
}
