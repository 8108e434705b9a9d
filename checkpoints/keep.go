package checkpoints

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"joule/internal/atomicfile"
	"joule/internal/faults"
)

// Keep says which checkpoints outlive newer ones.
type Keep struct {
	Last  int // those of so many of the newest steps; of each step, the last one
	Every int // and those of steps that are a multiple of it; 0: none
	// Best names a metric and keeps that one, too, at which it was lowest; empty: none.
	Best string
}

// Prune removes the checkpoints that are not to be kept. The one that a rollback would go back to stays. One whose manifest
// cannot be read is not the best.
func (f Folder) Prune(keep Keep) error {
	entries, err := f.List()
	if err != nil {
		return err
	}
	var best Entry
	if keep.Best != "" {
		if best, err = f.Best(keep.Best); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	var rollbackTo int // of the newest, which may be damaged: then nothing goes back to anywhere
	steps := map[Entry]int{}
	for n, e := range slices.Backward(entries) {
		if n == len(entries)-1 {
			if c, err := f.Manifest(e); err == nil && c.RollbackTo != nil {
				rollbackTo = *c.RollbackTo
			}
		}
		if n == len(entries)-1 || entries[n+1].Step != e.Step {
			steps[e] = len(steps) + 1 // counted from the newest
		}
	}
	var gone []Entry
	for _, e := range entries {
		place := steps[e] // 0: there is a later one of the same step
		switch {
		case place > 0 && (place <= keep.Last || e.Step == rollbackTo):
		case place > 0 && keep.Every > 0 && e.Step%keep.Every == 0:
		case keep.Best != "" && e == best:
		default:
			gone = append(gone, e)
		}
	}
	return f.remove(gone)
}

// remove takes checkpoints away. Each goes under another name first, so that a crash leaves no part of one.
func (f Folder) remove(entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	err := f.inside(func(root *os.Root) error {
		for _, e := range entries {
			temporary := filepath.Join(f.name, removing+"-"+e.name)
			if err := rename(root, filepath.Join(f.name, e.name), temporary); err != nil {
				return err
			}
			if err := faults.Check(faults.Remove, temporary); err != nil {
				return err
			}
			if err := root.RemoveAll(temporary); err != nil {
				return err
			}
		}
		return atomicfile.SyncDir(root, f.name)
	})
	if err != nil {
		return atomicfile.Error("remove old checkpoints from", f.path(), err)
	}
	return nil
}

// Best is the checkpoint at which a metric was lowest. The error is [fs.ErrNotExist] where none has it as its criterion.
func (f Folder) Best(metric string) (best Entry, err error) {
	entries, err := f.List()
	if err != nil {
		return best, err
	}
	lowest, found := 0.0, false
	for _, e := range entries {
		c, err := f.Manifest(e)
		if err == nil && c.Criterion != nil && c.Criterion.Metric == metric && (!found || c.Criterion.Value < lowest) {
			best, lowest, found = e, c.Criterion.Value, true
		}
	}
	if !found {
		return best, fmt.Errorf("%s: no checkpoint is kept for its %s: %w", f.path(), metric, fs.ErrNotExist)
	}
	return best, nil
}

// SetAside renames a checkpoint, so that it is no longer one of the folder's: step-N becomes aside-step-N, with -2, -3, …
// appended while that is taken. Nothing removes it.
func (f Folder) SetAside(e Entry) (path string, err error) {
	name := "aside-" + e.name
	err = f.inside(func(root *os.Root) error {
		for n := 2; ; n++ {
			if _, err := root.Lstat(filepath.Join(f.name, name)); errors.Is(err, fs.ErrNotExist) {
				break
			} else if err != nil {
				return err
			}
			name = fmt.Sprintf("aside-%s-%d", e.name, n)
		}
		if err := rename(root, filepath.Join(f.name, e.name), filepath.Join(f.name, name)); err != nil {
			return err
		}
		return atomicfile.SyncDir(root, f.name)
	})
	if err != nil {
		return "", atomicfile.Error("set aside", f.path(e.name), err)
	}
	return f.path(name), nil
}
