package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"joule/cmd/internal/trained"
	"joule/metrics"
)

// Samples are those of the seed, and what is known of the data says which figures there are.
func TestEvalSamples(t *testing.T) {
	const n = 300
	var both struct {
		metrics.Evaluation
		metrics.Comparison
		Density string `json:"density"`
	}
	of := func(run string, args ...string) {
		t.Helper()
		both.Comparison = metrics.Comparison{}
		if err := json.Unmarshal([]byte(succeed(t, "", append([]string{"eval", run, "--json", "--samples", fmt.Sprint(n)}, args...)...)), &both); err != nil {
			t.Fatal(err)
		}
	}
	run := gaussiansRun(t)
	of(run)
	first := both.Comparison
	if first.Samples != n || first.HeldOut == 0 || first.Part != "test" || both.TestNLL == nil {
		t.Errorf("%+v", first)
	}
	table := succeed(t, "", "eval", run, "--samples", fmt.Sprint(n))
	for _, name := range metrics.ComparisonNames {
		if value, perfect := first.Of(name); value == nil || perfect == nil && name != metrics.NameModeCoverage {
			t.Errorf("%s: %v, of a perfect model %v", name, value, perfect)
		}
	}
	for _, line := range []string{"test NLL", fmt.Sprintf("%d of the test part, %d samples", first.HeldOut, n),
		fmt.Sprintf("%.4g, of points of the model %.4g", *first.KSD, *first.KSDFloor),
		fmt.Sprintf("%.4g, of training points %.4g", *first.SlicedWasserstein, *first.SlicedWassersteinFloor),
		fmt.Sprintf("%.4f, of the true density %.4f", *first.AUROC, *first.AUROCCeiling), "modes covered", "strays", "MMD², without bias"} {
		if !strings.Contains(table, line) {
			t.Errorf("the table has no %q:\n%s", line, table)
		}
	}
	if of(run, "--seed", "1"); *both.MMD == *first.MMD || *both.AUROC == *first.AUROC {
		t.Error("another seed draws the same")
	}
	if of(run); *both.MMD != *first.MMD || *both.AUROC != *first.AUROC {
		t.Error("the same seed draws something else")
	}

	// Of a file no modes are known, and no density.
	of(faithfulRun(t))
	if both.Stray != nil || both.ModeCoverage != nil || both.AUROCCeiling != nil || both.KSD == nil || both.SlicedWasserstein == nil || both.AUROC == nil {
		t.Errorf("%+v", both.Comparison)
	}
	if table := succeed(t, "", "eval", faithfulRun(t), "--samples", fmt.Sprint(n)); strings.Contains(table, "strays") || !strings.Contains(table, "AUROC") {
		t.Errorf("the table:\n%s", table)
	}
}

// The samples that are measured are those that sample writes: in the coordinates of the model, they have the same distance from the data.
func TestEvalSamplesAreThoseOfSample(t *testing.T) {
	run := trainSmall(t, t.TempDir(), "two-gaussians/dsm", "--set", "data.size=500", "--set", "data.standardize=true")
	file := filepath.Join(t.TempDir(), "samples.npy")
	succeed(t, "", "sample", run, "-n", "200", "--seed", "4", "-o", file)
	r, err := trained.Read(run, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Open("go"); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	points, err := r.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	set, err := r.Data()
	if err != nil {
		t.Fatal(err)
	}
	panel := metrics.NewPanel(r.Backend.Backend)
	defer panel.Close()
	held, _ := set.HeldOut()
	want, err := panel.SlicedWasserstein(r.Transform().Apply(points), held, metrics.SlicedWasserstein{Projections: 128, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	var got metrics.Comparison
	if err := json.Unmarshal([]byte(succeed(t, "", "eval", run, "--samples", "200", "--seed", "4", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if d := *got.SlicedWasserstein - want; d > 1e-5*want || d < -1e-5*want {
		t.Errorf("the distance is %v, want %v", *got.SlicedWasserstein, want)
	}
}

func TestEvalSamplesRefuses(t *testing.T) {
	run := faithfulRun(t)
	for want, flags := range map[string][]string{
		"--samples 0: want 1 to 10000000":                                                   {"--samples", "0"},
		"--samples 10000001: want 1 to 10000000":                                            {"--samples", "10000001"},
		"--ais-steps: is of annealed importance sampling, which there is only with --ais":   {"--samples", "5", "--ais-steps", "100"},
		"--samples: says nothing about outliers; leave it out, or --outliers and --in-file": {"--samples", "5", "--outliers", "x.csv"},
	} {
		refuse(t, "", exitUsage, want, append([]string{"eval", run}, flags...)...)
	}
	all := trainSmall(t, t.TempDir(), "old-faithful/dsm", "--set", "data.test_fraction=0")
	refuse(t, "", exitFailed, "--samples: "+all+": no points were held out (data.test_fraction was 0) to compare samples with", "eval", all, "--samples", "5")
}
