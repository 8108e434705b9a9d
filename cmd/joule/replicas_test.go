package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"joule/rundir"
)

// Several runs at once have a directory each, which is that of a run of its seed: the same data, and the same parameters
// up to rounding.
func TestTrainReplicas(t *testing.T) {
	dir := t.TempDir()
	group := filepath.Join(dir, "runs")
	args := append([]string{"train", "two-gaussians/nce", "--seed", "3", "--set", "train.precision=float64"}, small...)
	out := succeed(t, "", append(args, "--set", "train.replicas=2", "--out", group)...)
	if want := group + "/seed-3\n" + group + "/seed-4\n"; out != want {
		t.Errorf("printed %q, want %q", out, want)
	}
	if got := names(t, group); !slices.Equal(got, []string{".lock", "seed-3", "seed-4"}) {
		t.Errorf("the group holds %v", got)
	}
	alone := filepath.Join(dir, "alone")
	succeed(t, "", append(slices.Replace(slices.Clone(args), 3, 4, "4"), "--out", alone)...)
	together := filepath.Join(group, "seed-4")
	for _, file := range []string{"config.yaml", "dataset.json"} {
		if read(t, together, file) != read(t, alone, file) {
			t.Errorf("%s is\n%sand of the run alone\n%s", file, read(t, together, file), read(t, alone, file))
		}
	}
	got, want := parameters(t, together), parameters(t, alone)
	for i := range want {
		if diff := got[i] - want[i]; len(got) != len(want) || diff > 1e-9 || diff < -1e-9 {
			t.Fatalf("parameter %d is %v, and of the run alone %v", i, got[i], want[i])
		}
	}
	for _, seed := range []string{"seed-3", "seed-4"} {
		run, err := rundir.Open(filepath.Join(group, seed))
		if err != nil {
			t.Fatal(err)
		}
		if r, err := run.Result(); err != nil || r.Status != rundir.Completed || r.Step != 60 || r.StartupSeconds <= 0 || r.PeakMemory <= 0 {
			t.Errorf("%s: result %+v, %v", seed, r, err)
		}
		if m, err := run.Metrics(); err != nil || len(m.Records) != 3 {
			t.Errorf("%s: metrics %+v, %v", seed, m, err)
		}
		succeed(t, "", "eval", run.Dir())
	}
	refuse(t, "", exitFailed, group+": holds several runs; name one of them, such as "+group+"/seed-3: …", "eval", group)
	refuse(t, "", exitFailed, group+": is not empty (it has seed-3); name a new or empty directory with --out",
		append(args, "--set", "train.replicas=2", "--out", group)...)
}

// Of several runs those that diverge are named in one line, and the others are completed.
func TestTrainReplicasThatDiverge(t *testing.T) {
	group := filepath.Join(t.TempDir(), "runs")
	o := joule(t, "", append([]string{"train", "two-gaussians/dsm", "--out", group, "--set", "train.replicas=2", "--set", "optimizer.learning_rate=1e30"}, small...)...)
	if o.code != exitDiverged || !strings.HasPrefix(o.stderr, "joule: 2 of 2 runs diverged (seed 0 at step 2, seed 1 at step 2)") || strings.Count(o.stderr, "\n") != 1 {
		t.Errorf("got %+v", o)
	}
	if result := read(t, filepath.Join(group, "seed-1"), "result.json"); !strings.Contains(result, `"status": "failed"`) {
		t.Errorf("result.json is\n%s", result)
	}
}

// More devices than the backend has are an error.
func TestTrainRefusesDevices(t *testing.T) {
	refuse(t, t.TempDir(), exitUsage, "train.devices is 2, and the backend has 1; all takes those that there are, 0 leaves the number open", "train", "old-faithful/dsm", "--backend", "go", "--set", "train.devices=2")
}
