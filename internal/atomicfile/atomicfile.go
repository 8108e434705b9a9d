// Package atomicfile replaces whole files so that a crash leaves either the old content or the new, never a mixture.
//
// A write goes to a temporary file in the same directory, which is synced, renamed over the destination, and made
// durable by a sync of the directory. A crash may leave the temporary file behind: its name is a dot, the name of the
// destination and digits.
package atomicfile

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"

	"joule/internal/faults"
)

// Write replaces the file at path by what write produces. The directory must exist. When write or the disk fails, the
// file stays as it was; the error names path and the cause, which [errors.Is] finds.
func Write(path string, write func(io.Writer) error) error {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return Error("write", path, err)
	}
	defer root.Close()
	return WriteIn(root, filepath.Base(path), write)
}

// WriteIn is Write for a file below root. A name that leads out of root, also through a symbolic link, is an error.
func WriteIn(root *os.Root, name string, write func(io.Writer) error) error {
	if err := replace(root, name, write); err != nil {
		return Error("write", filepath.Join(root.Name(), name), err)
	}
	return nil
}

func replace(root *os.Root, name string, write func(io.Writer) error) error {
	if err := faults.Check(faults.Create, name); err != nil {
		return err
	}
	file, err := renameio.NewPendingFile(name, renameio.WithRoot(root), renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer file.Cleanup() // does nothing once the file is in place
	buffered := bufio.NewWriter(faults.Writer(file, name))
	if err := write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	for _, op := range []faults.Op{faults.Sync, faults.Rename} { // both are the next call
		if err := faults.Check(op, name); err != nil {
			return err
		}
	}
	if err := file.CloseAtomicallyReplace(); err != nil {
		return err
	}
	return SyncDir(root, filepath.Dir(name))
}

// SyncDir makes the names in a directory below root durable: files created, renamed or removed.
func SyncDir(root *os.Root, name string) error {
	if err := faults.Check(faults.Sync, name); err != nil {
		return err
	}
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	err = dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil // some network file systems cannot sync a directory, and have nothing better
	}
	return err
}

// Error returns err as an error about path: it reads "op path: cause". Paths that err itself mentions, such as that of
// a temporary file, are left out.
func Error(op, path string, err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err
	} else if linkError, ok := errors.AsType[*os.LinkError](err); ok {
		err = linkError.Err
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}
