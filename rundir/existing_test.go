package rundir

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newGroup is a directory of three runs, all of them described.
func newGroup(t *testing.T) (dir string, runs []*Run) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "runs")
	runs, err := CreateGroup(dir, "", start, []string{"seed-8", "seed-9", "seed-10"})
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range runs {
		describe(t, run, 3)
	}
	return dir, runs
}

func describe(t *testing.T, run *Run, replicas int) {
	t.Helper()
	put(t, run, configFile, "name: a\n")
	if err := run.WriteEnvironment(Environment{Started: start, Replicas: replicas}); err != nil {
		t.Fatal(err)
	}
}

func TestOpenAll(t *testing.T) {
	dir, runs := newGroup(t)
	got, err := OpenAll(dir)
	if err != nil || len(got) != 3 {
		t.Fatalf("%v, %v", got, err)
	}
	for i, want := range []string{"seed-8", "seed-9", "seed-10"} {
		if filepath.Base(got[i].Dir()) != want {
			t.Errorf("run %d is %s", i, got[i].Dir())
		}
	}
	if single, err := OpenAll(runs[1].Dir()); err != nil || len(single) != 1 || single[0].Dir() != runs[1].Dir() {
		t.Errorf("one of them: %v, %v", single, err)
	}
	if err := os.RemoveAll(runs[1].Dir()); err != nil {
		t.Fatal(err)
	}
	_, err = OpenAll(dir)
	if want := dir + ": seed-8 is one of 3 runs with seeds in a row, and here are 2; restore those that are missing, or resume each by itself"; message(err) != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if _, err := OpenAll(filepath.Join(dir, "none")); err == nil || !strings.HasSuffix(err.Error(), ": there is no such run directory: file does not exist") {
		t.Errorf("error %v", err)
	}
}

// A directory in which nothing was trained can be had again; one that holds anything else is left as it is.
func TestClearUnstarted(t *testing.T) {
	for name, test := range map[string]struct {
		make func(t *testing.T) string
		want bool
	}{
		"none":  {func(t *testing.T) string { return filepath.Join(t.TempDir(), "none") }, true},
		"empty": {func(t *testing.T) string { return t.TempDir() }, true},
		"claimed": {func(t *testing.T) string {
			run := newRun(t)
			put(t, run, ".config.yaml123", "na")
			put(t, run, configFile, "name: a")
			return run.Dir()
		}, true},
		"group": {func(t *testing.T) string {
			dir, runs := newGroup(t)
			_ = os.Remove(runs[2].path(environmentFile))
			return dir
		}, true},
		"config of the user's": {func(t *testing.T) string {
			dir := t.TempDir()
			put(t, &Run{dir}, configFile, "extends: old-faithful/dsm\n")
			return dir
		}, false},
		"swap file": {func(t *testing.T) string {
			run := newRun(t)
			put(t, run, ".config.yaml.swp", "mine")
			return run.Dir()
		}, false},
		"logged": {func(t *testing.T) string {
			run := newRun(t)
			if err := run.AppendMetrics(recordAt(1)); err != nil {
				t.Fatal(err)
			}
			return run.Dir()
		}, false},
		"foreign": {func(t *testing.T) string {
			run := newRun(t)
			put(t, run, "notes.txt", "mine")
			return run.Dir()
		}, false},
		"folder": {func(t *testing.T) string {
			run := newRun(t)
			_ = os.Mkdir(run.path("mine"), 0o755)
			return run.Dir()
		}, false},
	} {
		dir := test.make(t)
		before, _ := os.ReadDir(dir)
		if release, err := Lock(dir); err == nil {
			defer release()
		}
		isClear, err := ClearUnstarted(dir)
		if err != nil || isClear != test.want {
			t.Errorf("%s: %v, %v", name, isClear, err)
		}
		after, _ := os.ReadDir(dir)
		if isClear {
			if _, err := Create(dir, "", start); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		} else if len(after) != len(before)+1 { // the lock
			t.Errorf("%s: %v is left of %v", name, after, before)
		}
	}
}

func TestLock(t *testing.T) {
	dir, runs := newGroup(t)
	refused := func(dir string) {
		t.Helper()
		_, err := Lock(dir)
		host, _ := os.Hostname()
		if err == nil || !strings.HasSuffix(err.Error(), fmt.Sprintf(": process %d on %s is training in it; wait for it to end, or name another directory with --out", os.Getpid(), host)) {
			t.Errorf("%s: error %v", dir, err)
		}
	}
	taken := func(dir string) func() {
		t.Helper()
		release, err := Lock(dir)
		if err != nil {
			t.Fatal(err)
		}
		return release
	}
	release := taken(dir)
	refused(dir)
	refused(runs[0].Dir()) // trained with the others
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(runs[0].Dir(), link); err != nil {
		t.Fatal(err)
	}
	refused(link)
	release()
	first, second := taken(runs[0].Dir()), taken(runs[1].Dir())
	refused(runs[0].Dir())
	if _, err := Lock(dir); message(err) != dir+": one of the runs in it is being trained by itself; wait for it to end" {
		t.Errorf("the group: error %v", err)
	}
	first()
	second()
	taken(dir)()
	if _, err := Lock(filepath.Join(dir, "none")); err == nil || !strings.HasPrefix(err.Error(), "lock "+filepath.Join(dir, "none")+": ") {
		t.Errorf("error %v", err)
	}
}
