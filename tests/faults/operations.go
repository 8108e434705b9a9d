package main

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
)

// maxOperations bounds the number of operations on files that a short run is taken to make.
const maxOperations = 2000

// atEvery calls do with 1, 2, 3, … (in a short run with some of them) until it reports for a few in a row that so many
// operations were not made.
func (l *lab) atEvery(do func(n int) (made bool)) {
	var misses atomic.Int64
	l.parallel(maxOperations, func(i int) {
		if misses.Load() > 2 {
			return
		}
		if do(1 + i*l.thin) {
			misses.Store(0)
		} else {
			misses.Add(1)
		}
	})
}

// killedOperations kills runs before every single operation on a file: of a run, of several, and of one that goes on after
// it was killed before.
func killedOperations(l *lab) []row {
	itself := func(n int, args []string) outcome { return l.run(fault("any:%d:KILL", n), args...) }
	half := l.halfDone(shortPlain)
	rows := []row{
		l.killOperations("killed before every file operation", shortPlain, "", itself),
		l.killOperations("killed before every file operation", shortReplicas, "", itself),
		l.killOperations("killed before every file operation of a resumption", shortPlain, half, itself),
	}
	const name = "killed at every system call that writes"
	if l.strace == "" {
		t := counting()
		t.note("not run: it takes strace")
		return append(rows, t.row(name, "go"))
	}
	var byCall []killer
	for _, calls := range writingCalls {
		byCall = append(byCall, func(n int, args []string) outcome { return l.killAtCall(calls, n, args) })
	}
	return append(rows,
		l.killOperations(name, shortPlain, "", byCall...),
		l.killOperations(name, shortReplicas, "", byCall...),
		l.killOperations(name+", of a resumption", shortPlain, half, byCall...))
}

// killer starts a command and kills it at its nth something; if it makes fewer the command comes through.
type killer func(n int, args []string) outcome

// writingCalls are the system calls by which files change.
var writingCalls = []string{"?mkdir,mkdirat", "?rename,renameat,?renameat2", "?unlink,unlinkat,?rmdir", "?open,openat", "write,pwrite64", "fsync", "ftruncate,flock,fchmod"}

// killAtCall has strace kill a command when one of its threads makes its nth call of some kind.
func (l *lab) killAtCall(calls string, n int, args []string) outcome {
	inject := fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", calls, n)
	trace := []string{"-f", "-qqq", "-o", os.DevNull, "-e", "trace=" + calls, "-e", inject, l.joule}
	return startProgram(nil, l.strace, append(trace, args...)...).wait()
}

// halfDone is a run, or several, killed when each had two checkpoints.
func (l *lab) halfDone(s setup) string {
	dir := l.folder()
	l.run(fault("make:%d:KILL", 3*max(1, s.replicas)+1), s.train("go", dir)...) // a folder for all, and one for each checkpoint
	return dir
}

// killOperations kills runs, which begin anew or go on from a copy of another one, until one comes through.
func (l *lab) killOperations(name string, s setup, from string, kills ...killer) row {
	t := counting("kills hit", "within a save", "resumptions", "files compared")
	want := l.reference(s, "go")
	if want.failure != "" {
		t.violate("%s", want.failure)
	}
	for _, kill := range kills {
		l.atEvery(func(n int) bool { return l.killOnce(t, name, s, from, want.dir, n, kill) })
	}
	return t.row(name+": "+s.name, "go")
}

// killOnce starts a run, kills it, resumes it, and reports whether it was killed.
func (l *lab) killOnce(t *tally, name string, s setup, from, want string, n int, kill killer) (hit bool) {
	dir := l.folder()
	defer discard(dir)
	if from != "" {
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.violate("%v", err)
			return false
		}
	}
	before := len(unfinished(dir))
	o := kill(n, s.train("go", dir))
	hit = o.signal == syscall.SIGKILL
	if hit {
		t.begin()
		t.add("kills hit", 1)
		t.add("resumptions", 1)
		if len(unfinished(dir)) > before {
			t.add("within a save", 1)
		}
		o = l.run(nil, s.train("go", dir)...)
	}
	if o.code != 0 {
		t.violate("operation %d: %s", n, o)
	}
	t.same(name, want, dir)
	if left := unfinished(dir); len(left) > 0 {
		t.violate("operation %d: %d temporary files are left: %s", n, len(left), strings.Join(left, " "))
	}
	return hit
}
