package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"joule/internal/atomicfile"
)

// Create makes a directory for a new run. Where dir is empty it is runs/NAME-YYYYMMDD-HHMMSS, with -2, -3, … appended
// while that is taken. A given dir may exist if it is empty; a directory that holds anything is an error, so that no run
// is ever overwritten. Of several processes that create the same directory one succeeds.
func Create(dir, name string, start time.Time) (*Run, error) {
	if dir == "" {
		return createNamed(filepath.Join("runs", folderName(name)+start.Format("-20060102-150405")))
	}
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, atomicfile.Error("create", filepath.Dir(dir), err)
	}
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		err = checkEmpty(dir)
	} else if err != nil {
		err = atomicfile.Error("create", dir, err)
	}
	if err != nil {
		return nil, err
	}
	return claim(dir)
}

// CreateGroup makes a directory for several runs, named and checked as that of a run is, and in it those of the runs, by
// the given names.
func CreateGroup(dir, name string, start time.Time, members []string) ([]*Run, error) {
	group, err := Create(dir, name, start)
	if err != nil {
		return nil, err
	}
	runs := make([]*Run, len(members))
	for i, member := range members {
		if runs[i], err = Create(group.path(member), "", start); err != nil {
			return nil, err
		}
	}
	// The group is no run itself: what claimed it may go, now that the runs inside keep others from taking it.
	if err := os.Remove(group.path(metricsFile)); err != nil {
		return nil, atomicfile.Error("remove", group.path(metricsFile), err)
	}
	return runs, nil
}

// createNamed makes the first of base, base-2, base-3, … that is free. Making a directory either succeeds or finds it
// taken, which settles a race with other processes.
func createNamed(base string) (*Run, error) {
	if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
		return nil, atomicfile.Error("create", filepath.Dir(base), err)
	}
	dir := base
	for n := 2; ; n++ {
		err := os.Mkdir(dir, 0o755)
		if err == nil {
			return claim(dir)
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, atomicfile.Error("create", dir, err)
		}
		dir = fmt.Sprintf("%s-%d", base, n)
	}
}

// folderName turns the name of a config into a file name.
func folderName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.=+", r) {
			return r
		}
		return '-'
	}, strings.ToValidUTF8(name, "-"))
	name = strings.TrimLeft(name, ".-") // a leading dot hides the directory, a dash looks like a flag
	for len(name) > 100 {               // file systems allow 255 bytes
		letters := []rune(name)
		name = string(letters[:len(letters)-1])
	}
	if name == "" {
		return "run"
	}
	return name
}

// checkEmpty reports an existing path that cannot become a run.
func checkEmpty(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return atomicfile.Error("create", dir, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s: is a file; name another directory with --out", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return atomicfile.Error("create", dir, err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == lockFile })
	if len(entries) == 0 {
		return nil
	}
	for _, e := range entries {
		if e.Name() == configFile || e.Name() == metricsFile {
			return takenError(dir)
		}
	}
	return fmt.Errorf("%s: is not empty (it has %s); name a new or empty directory with --out", dir, entries[0].Name())
}

func takenError(dir string) error {
	return fmt.Errorf("%s: already holds a run, which is never overwritten: go on with it by --resume, or name another directory with --out", dir)
}

// claim takes an empty directory by making its metrics file, which only one process can.
func claim(dir string) (*Run, error) {
	run := &Run{dir}
	err := run.inside(func(root *os.Root) error {
		file, err := root.OpenFile(metricsFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
		return atomicfile.SyncDir(root, ".")
	})
	if errors.Is(err, fs.ErrExist) {
		return nil, takenError(dir)
	}
	if err == nil {
		err = syncParent(dir)
	}
	if err != nil {
		return nil, atomicfile.Error("create", run.path(metricsFile), err)
	}
	return run, nil
}

// syncParent makes the name of a directory durable.
func syncParent(dir string) error {
	parent, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer parent.Close()
	return atomicfile.SyncDir(parent, ".")
}
