package rundir

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestCreateChoosesAFreeName(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, want := range []string{"runs/rings-20260304-050607", "runs/rings-20260304-050607-2", "runs/rings-20260304-050607-3"} {
		run, err := Create("", "rings", start)
		if err != nil {
			t.Fatal(err)
		}
		if run.Dir() != filepath.FromSlash(want) {
			t.Errorf("directory %s, want %s", run.Dir(), want)
		}
	}
}

func TestFolderName(t *testing.T) {
	for name, want := range map[string]string{
		"two-gaussians-dsm":      "two-gaussians-dsm",
		"sigma=0.1":              "sigma=0.1",
		"a/b\\c d":               "a-b-c-d",
		"../../etc":              "etc",
		"--out":                  "out",
		"énergie":                "énergie",
		"":                       "run",
		"..":                     "run",
		"x\x00\xffy":             "x--y",
		strings.Repeat("é", 300): strings.Repeat("é", 50),
	} {
		if got := folderName(name); got != want {
			t.Errorf("folderName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestCreateMakesAGivenDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "deep")
	run, err := Create(dir+"/", "ignored", start)
	if err != nil || run.Dir() != dir {
		t.Fatalf("%v, %v", run, err)
	}
	empty := t.TempDir()
	if _, err := Create(empty, "", start); err != nil {
		t.Errorf("an empty directory is refused: %v", err)
	}
}

func TestCreateOverwritesNothing(t *testing.T) {
	full := t.TempDir()
	file := filepath.Join(full, "thesis.txt")
	if err := os.WriteFile(file, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	run := newRun(t)
	for _, test := range []struct{ dir, want string }{
		{full, ": is not empty (it has thesis.txt); name a new or empty directory with --out"},
		{file, ": is a file; name another directory with --out"},
		{run.Dir(), ": already holds a run, which is never overwritten: go on with it by --resume, or name another directory with --out"},
	} {
		if _, err := Create(test.dir, "", start); message(err) != test.dir+test.want {
			t.Errorf("error %v; want %s", err, test.dir+test.want)
		}
	}
	if entries, _ := os.ReadDir(full); len(entries) != 1 {
		t.Errorf("a refused directory now has %v", entries)
	}
}

// creators calls Create with the same arguments at the same time.
func creators(n int, dir, name string) (dirs []string, failures []error) {
	var mutex sync.Mutex
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			run, err := Create(dir, name, start)
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				failures = append(failures, err)
			} else {
				dirs = append(dirs, run.Dir())
			}
		})
	}
	group.Wait()
	return dirs, failures
}

func TestConcurrentCreatorsOfOneNameGetDifferentDirectories(t *testing.T) {
	t.Chdir(t.TempDir())
	dirs, failures := creators(20, "", "rings")
	slices.Sort(dirs)
	if len(failures) > 0 || len(slices.Compact(dirs)) != 20 {
		t.Errorf("directories %v, failures %v; want 20 directories", dirs, failures)
	}
}

func TestConcurrentCreatorsOfOneDirectory(t *testing.T) {
	for _, dir := range []string{filepath.Join(t.TempDir(), "new"), t.TempDir()} {
		dirs, failures := creators(20, dir, "")
		if len(dirs) != 1 {
			t.Errorf("%d creators of %s succeeded, want 1", len(dirs), dir)
		}
		for _, err := range failures {
			if want := dir + ": already holds a run, which is never overwritten: go on with it by --resume, or name another directory with --out"; err.Error() != want {
				t.Errorf("error %v; want %s", err, want)
			}
		}
	}
}
