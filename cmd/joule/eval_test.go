package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"joule/metrics"
)

func TestEval(t *testing.T) {
	for _, c := range []struct {
		run     string
		density string
		has     []string
	}{
		{gaussiansRun(t), "true", []string{"entropy of the true density", "KL from the true density", "Fisher divergence", "mass of that density on the grid"}},
		{faithfulRun(t), "", nil},
		{trainSmall(t, t.TempDir(), "old-faithful/fisher"), "fitted", []string{"entropy of the fitted density", "KL from the fitted density"}},
	} {
		var e struct {
			metrics.Evaluation
			Density string `json:"density"`
		}
		if err := json.Unmarshal([]byte(succeed(t, "", "eval", c.run, "--json")), &e); err != nil {
			t.Fatal(err)
		}
		if e.Density != c.density || (e.KL != nil) != (c.density != "") || e.TestNLL == nil || e.LogZ == nil || e.Grid != 401 {
			t.Errorf("%s: %+v", c.run, e)
		}
		table := succeed(t, "", "eval", c.run)
		for _, line := range append(c.has, "test NLL", "train NLL", "log Z", fmt.Sprintf("%.4f nats", *e.TestNLL), fmt.Sprintf("%.4f nats", *e.LogZ)) {
			if !strings.Contains(table, line) {
				t.Errorf("%s: the table has no %q:\n%s", c.run, line, table)
			}
		}
	}
}

// A coarser grid integrates the same smooth density.
func TestEvalGrid(t *testing.T) {
	run := trainSmall(t, t.TempDir(), "two-gaussians/mle", "--set", "data.size=500", "--set", "model.confinement=1", "--set", "method.sampler.steps=2")
	logZ := func(args ...string) float64 {
		var e metrics.Evaluation
		if err := json.Unmarshal([]byte(succeed(t, "", append([]string{"eval", run, "--json"}, args...)...)), &e); err != nil {
			t.Fatal(err)
		}
		return *e.LogZ
	}
	if fine, coarse := logZ(), logZ("--grid", "101"); max(fine-coarse, coarse-fine) > 1e-4 || fine == coarse {
		t.Errorf("log Z is %v on the usual grid and %v on a coarse one", fine, coarse)
	}
	refuse(t, "", exitUsage, "--grid 3: a grid of 3 points an axis; want 16 to 20001", "eval", run, "--grid", "3")
}

// Flags that cannot be, and such as would do nothing.
func TestEvalRefuses(t *testing.T) {
	run := faithfulRun(t)
	for want, flags := range map[string][]string{
		"--ais-chains: 0 chains; want 2 to 1000000":                                       {"--ais", "--ais-chains", "0"},
		"--ais-leapfrog: 0 leapfrog steps; want 1 to 1000":                                {"--ais-leapfrog", "0"},
		"--seed: is of annealed importance sampling, which there is only with --ais":      {"--seed", "3"},
		"--ais-steps: is of annealed importance sampling, which there is only with --ais": {"--ais=false", "--ais-steps", "100"},
	} {
		refuse(t, "", exitUsage, want, append([]string{"eval", run}, flags...)...)
	}
}

func TestEvalRefusesADivergedModel(t *testing.T) {
	run := copyRun(t, faithfulRun(t))
	spoil(t, run)
	for _, flags := range [][]string{nil, {"--json"}} {
		refuse(t, "", exitFailed, "exp(−E) has no finite integral on the grid: …", append([]string{"eval", run}, flags...)...)
	}
}
