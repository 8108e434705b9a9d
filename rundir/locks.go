package rundir

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Locks are the locks that processes hold on files, as the kernel lists them at a moment. Unlike an attempt to lock a directory,
// asking for them disturbs nobody.
type Locks struct {
	isKnown bool
	host    string
	held    map[uint64][]heldLock // by inode
}

// heldLock is a lock that nobody shares.
type heldLock struct {
	device string // major:minor, in hexadecimal
	pid    int
}

// locksFile is where the kernel lists locks.
const locksFile = "/proc/locks"

// ReadLocks asks the kernel.
func ReadLocks() Locks {
	text, err := os.ReadFile(locksFile) // without it the text of each lock file has to do
	l := parseLocks(text)
	l.isKnown = err == nil
	l.host, _ = os.Hostname() // as Lock has it
	return l
}

// parseLocks reads lines such as "3: FLOCK  ADVISORY  WRITE 6431 fe:00:10126932 0 EOF".
func parseLocks(text []byte) Locks {
	l := Locks{held: map[uint64][]heldLock{}}
	for line := range bytes.Lines(text) {
		words := strings.Fields(string(line))
		if len(words) < 6 || words[1] != "FLOCK" || words[3] != "WRITE" {
			continue
		}
		var pid int
		var inode uint64
		at := strings.LastIndexByte(words[5], ':')
		if _, err := fmt.Sscan(words[4], &pid); err != nil || at < 0 {
			continue
		}
		if _, err := fmt.Sscan(words[5][at+1:], &inode); err != nil {
			continue
		}
		l.held[inode] = append(l.held[inode], heldLock{words[5][:at], pid})
	}
	return l
}

// Held says whether a process trains in a directory.
type Held int

const (
	// Free: no process does.
	Free Held = iota
	// Taken: one does.
	Taken
	// Elsewhere: the last one that did was on another machine, whose locks are not known here.
	Elsewhere
)

// Of says whether a process trains in a directory, by its own lock file alone, and if so which: its number, or that of the last one.
func (l Locks) Of(dir string) (held Held, pid int) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Free, 0
	}
	defer root.Close()
	info, err := root.Lstat(lockFile)
	if err != nil || !info.Mode().IsRegular() {
		return Free, 0
	}
	text, _ := root.ReadFile(lockFile) // an empty one names nobody
	host := ""
	_, _ = fmt.Sscanf(string(text), "process %d on %s", &pid, &host)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		for _, lock := range l.held[stat.Ino] {
			// Some file systems have a device of their own in the list, but then the process is the one that the file names.
			if lock.pid == pid || lock.device == deviceOf(uint64(stat.Dev)) {
				return Taken, lock.pid
			}
		}
	}
	switch {
	case pid != 0 && host != "" && host != l.host:
		return Elsewhere, pid
	case !l.isKnown && pid != 0 && syscall.Kill(pid, 0) == nil:
		return Taken, pid
	}
	return Free, pid
}

// OfRun is Of a run, which may be one of several whose directory is locked.
func (l Locks) OfRun(dir string) (held Held, pid int) {
	if held, pid = l.Of(dir); held == Taken {
		return held, pid
	}
	if strings.HasPrefix(filepath.Base(dir), memberPrefix) {
		if above, by := l.Of(filepath.Dir(dir)); above == Taken || above == Elsewhere && held == Free {
			return above, by
		}
	}
	return held, pid
}

// LockFile identifies the lock file of a directory.
type LockFile struct{ inode uint64 }

// LockFilesOf finds those by which a run can be held: its own, and that of several runs of which it is one.
func LockFilesOf(dir string) (files []LockFile) {
	dirs := []string{dir}
	if strings.HasPrefix(filepath.Base(dir), memberPrefix) {
		dirs = append(dirs, filepath.Dir(dir))
	}
	for _, d := range dirs {
		if info, err := os.Lstat(filepath.Join(d, lockFile)); err == nil {
			if stat, ok := info.Sys().(*syscall.Stat_t); ok {
				files = append(files, LockFile{stat.Ino})
			}
		}
	}
	return files
}

// Has says whether one of some lock files may be held by a process of this machine, without looking at the disk. Where it is false
// none is.
func (l Locks) Has(files []LockFile) bool {
	return slices.ContainsFunc(files, func(f LockFile) bool { return !l.isKnown || len(l.held[f.inode]) > 0 })
}

// deviceOf writes the number of a device as the kernel's list does.
func deviceOf(number uint64) string {
	major := (number>>8)&0xfff | (number>>32)&^0xfff
	minor := number&0xff | (number>>12)&^0xff
	return fmt.Sprintf("%02x:%02x", major, minor)
}
