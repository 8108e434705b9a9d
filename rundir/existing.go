package rundir

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"joule/internal/atomicfile"
)

// memberPrefix begins the name of the directory of one of several runs; its seed follows.
const memberPrefix = "seed-"

// OpenAll opens the run in a directory, or all of several runs that were trained at once, by their seeds. It is an error
// that some of them are missing: then they were not all made.
func OpenAll(dir string) ([]*Run, error) {
	seeds, err := members(dir)
	if err != nil || len(seeds) == 0 {
		run, openErr := Open(dir)
		if openErr != nil {
			return nil, openErr
		}
		return []*Run{run}, nil
	}
	if _, err := os.Stat(filepath.Join(dir, configFile)); err == nil {
		run, err := Open(dir) // a run that has such a folder in it
		return []*Run{run}, err
	}
	var runs []*Run
	for _, seed := range seeds {
		run, err := Open(filepath.Join(dir, fmt.Sprint(memberPrefix, seed)))
		if err != nil {
			return nil, err
		}
		environment, err := run.Environment()
		if err != nil {
			return nil, err
		}
		if environment.Replicas != len(seeds) || seed != seeds[0]+int64(len(runs)) {
			return nil, fmt.Errorf("%s: %s is one of %d runs with seeds in a row, and here are %d; restore those that are missing, or resume each by itself",
				dir, filepath.Base(run.dir), environment.Replicas, len(seeds))
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// members are the seeds of the runs that are in a directory of several.
func members(dir string) (seeds []int64, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		text, ok := strings.CutPrefix(e.Name(), memberPrefix)
		if seed, err := strconv.ParseInt(text, 10, 64); ok && err == nil && e.IsDir() && strconv.FormatInt(seed, 10) == text {
			seeds = append(seeds, seed)
		}
	}
	slices.SortFunc(seeds, cmp.Compare)
	return seeds, err
}

// ClearUnstarted empties a directory in which a run, or several, were about to start and were killed before all that
// describes them was written, so that it can be created anew. Nothing has been trained then. A directory that does not exist
// is as good as empty; one that holds anything else is left alone, and isClear is false. What tells the files of a run from
// those of its user is the empty metrics file, which is made before all others.
func ClearUnstarted(dir string) (isClear bool, err error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	var gone []string
	if !unstarted(dir, &gone) {
		return false, nil
	}
	for _, path := range gone {
		if err := os.Remove(path); err != nil {
			return false, atomicfile.Error("remove", path, err)
		}
	}
	return true, nil
}

// unstarted reports whether a directory has nothing but what is written before a run starts, and lists it, files before
// their folder.
func unstarted(dir string, gone *[]string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	isClaimed, isFilled := false, false
	for _, e := range entries {
		path, name := filepath.Join(dir, e.Name()), e.Name()
		info, err := e.Info()
		if err != nil {
			return false
		}
		switch {
		case name == lockFile:
			continue
		case strings.HasPrefix(name, memberPrefix) && e.IsDir():
			if !unstarted(path, gone) {
				return false
			}
			if hasLock(path) {
				*gone = append(*gone, filepath.Join(path, lockFile))
			}
		case !info.Mode().IsRegular():
			return false
		case name == configFile, name == environmentFile, name == datasetFile, isTemporary(name):
			isFilled = true
		case name == metricsFile && info.Size() == 0:
			isClaimed = true
		default:
			return false
		}
		*gone = append(*gone, path)
	}
	return isClaimed || !isFilled
}

// RemoveTemporary removes the files that were being written when a process was killed.
func (r *Run) RemoveTemporary() error {
	err := r.inside(func(root *os.Root) error {
		dir, err := root.Open(".")
		if err != nil {
			return err
		}
		defer dir.Close()
		names, err := dir.Readdirnames(-1)
		if err != nil {
			return err
		}
		for _, name := range names {
			if isTemporary(name) {
				if err := root.Remove(name); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return atomicfile.Error("clear up", r.dir, err)
	}
	return nil
}

// isTemporary reports whether a name is that of a file that is being written: see atomicfile.
func isTemporary(name string) bool {
	return slices.ContainsFunc([]string{configFile, environmentFile, datasetFile, parametersFile, metricsFile, resultFile}, func(file string) bool {
		digits, ok := strings.CutPrefix(name, "."+file)
		return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
	})
}
