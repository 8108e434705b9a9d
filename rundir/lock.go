package rundir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"joule/internal/atomicfile"
)

// lockFile is locked while a process trains in a directory. The file stays; the lock ends with the process, also when
// that is killed.
const lockFile = ".lock"

// Lock keeps other processes from training in a run directory, or in that of several runs, until it is released. The error
// names the process that has it.
//
// A run that is one of several can be trained by itself while none of the others' processes train them all.
func Lock(dir string) (release func(), err error) {
	var files []*os.File
	release = func() {
		for _, file := range files {
			_ = file.Close() // and with it the lock
		}
	}
	whole, err := filepath.EvalSymlinks(dir)
	if err == nil {
		whole, err = filepath.Abs(whole)
	}
	if err != nil {
		return nil, atomicfile.Error("lock", dir, err)
	}
	if above := filepath.Dir(whole); hasLock(above) {
		parent, err := lock(above, syscall.LOCK_SH)
		if err != nil {
			return nil, err
		}
		files = append(files, parent)
	}
	own, err := lock(dir, syscall.LOCK_EX)
	if err != nil {
		release()
		return nil, err
	}
	files = append(files, own)
	host, _ := os.Hostname() // without a name the process is named all the same
	if err := own.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(own, "process %d on %s\n", os.Getpid(), host) // for those who are refused; it holds without
	}
	return release, nil
}

// IsLockable reports whether something in a directory is a run's: then it is to be locked before it is looked at.
func IsLockable(dir string) bool {
	seeds, _ := members(dir) // none in what is no directory
	for _, name := range []string{configFile, metricsFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return len(seeds) > 0
}

// MakeLockable sees to it that locking a directory in this one keeps off those who lock this one.
func MakeLockable(dir string) error {
	file, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_WRONLY|os.O_CREATE|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return atomicfile.Error("lock", dir, err)
	}
	return file.Close()
}

// IsLocked says whether a process holds the lock of a directory.
func IsLocked(dir string) bool {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return false
	}
	defer root.Close()
	file, err := root.OpenFile(lockFile, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer file.Close() // and with it the lock, where nobody had it
	return errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// hasLock reports whether a directory has a lock file.
func hasLock(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, lockFile))
	return err == nil
}

// lock opens the lock file of a directory and locks it in the given way.
func lock(dir string, how int) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, atomicfile.Error("lock", dir, err)
	}
	defer root.Close()
	file, err := root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return nil, atomicfile.Error("lock", filepath.Join(dir, lockFile), err)
	}
	err = syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	defer file.Close()
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, atomicfile.Error("lock", filepath.Join(dir, lockFile), err)
	}
	if how == syscall.LOCK_EX && syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return nil, fmt.Errorf("%s: one of the runs in it is being trained by itself; wait for it to end", dir)
	}
	who := make([]byte, 200)
	n, _ := file.ReadAt(who, 0) // an empty name is replaced below
	holder := strings.TrimSpace(string(who[:n]))
	if holder == "" {
		holder = "another process"
	}
	return nil, fmt.Errorf("%s: %s is training in it; wait for it to end, or name another directory with --out", dir, holder)
}
