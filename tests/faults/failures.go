package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"joule/checkpoints"
)

// The errors that operations fail with, and what is said of them.
var failures = []struct{ name, text string }{
	{"ENOSPC", "no space left on device"}, {"EIO", "input/output error"}, {"EROFS", "read-only file system"}, {"EACCES", "permission denied"},
}

// failedOperations makes every single operation on a file fail, once, and from there on: of runs, and of runs that go on.
func failedOperations(l *lab) (rows []row) {
	for _, failure := range failures {
		rows = append(rows, l.failOperations(failure.name, failure.text, "of a run", "")...)
	}
	return append(rows, l.failOperations(failures[0].name, failures[0].text, "of a resumption", l.halfDone(shortPlain))...)
}

func (l *lab) failOperations(name, cause, whose, from string) (rows []row) {
	want := l.reference(shortPlain, "go")
	for _, later := range []struct{ mark, name string }{{"", "once"}, {"+", "and every later one"}} {
		t := counting("faults hit", "exit 0", "exit 5", "exit 1", "warnings", "good checkpoints left", "resumptions", "files compared")
		if want.failure != "" {
			t.violate("%s", want.failure)
		}
		l.atEvery(func(n int) bool {
			return l.failOperation(t, want.dir, from, cause, fault("any:%d%s:%s", n, later.mark, name))
		})
		rows = append(rows, t.row(fmt.Sprintf("%s at every file operation %s, %s", name, whose, later.name), "go"))
	}
	return rows
}

// failOperation trains with a fault, from the start or from a copy of another run on, looks at what is left, and goes on
// without it.
func (l *lab) failOperation(t *tally, want, from, cause string, fault []string) (hit bool) {
	dir, s := l.folder(), shortPlain
	defer discard(dir)
	if from != "" {
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.violate("%v", err)
			return false
		}
	}
	o := l.run(fault, s.train("go", dir)...)
	said, hit := hitBy(o.stderr)
	if !hit {
		if o.code != 0 {
			t.violate("%s: not hit, and %s", fault, o)
		}
		return false
	}
	t.begin()
	t.add("faults hit", 1)
	if o.code == 1 && from == "" && trained(dir) {
		t.violate("%s: has trained, and %s", fault[0], o)
	}
	checkEnd(t, fault[0], o, dir, said, cause)
	if o.code == 0 {
		t.same(fault[0], want, dir)
	}
	if again := l.run(nil, s.train("go", dir)...); again.code != 0 {
		t.violate("%s: then without it: %s", fault[0], again)
	}
	t.add("resumptions", 1)
	t.same(fault[0]+" and resumed", want, dir)
	return true
}

// checkEnd checks how a run ended whose disk failed: its exit code, what it says, and that its checkpoints are good.
func checkEnd(t *tally, about string, o outcome, dir, stderr, cause string) {
	switch {
	case o.code == 0, o.code == 1, o.code == 5:
	default:
		t.violate("%s: %s", about, o)
	}
	if o.hasStack() {
		t.violate("%s: shows a stack: %s", about, o)
	}
	named := false
	for line := range strings.Lines(stderr) {
		if strings.Contains(line, dir) && strings.Contains(line, cause) {
			named = true
		}
	}
	message := stderr
	if o.code != 0 {
		_, message, _ = strings.Cut("\n"+stderr, "\njoule: ")
	}
	if !named || o.code != 0 && !strings.Contains(message, cause) {
		t.violate("%s: does not say %q about a path: %s", about, cause, o)
	}
	n, problems := loadAll(dir)
	for _, p := range problems {
		t.violate("%s: %s", about, p)
	}
	t.add("good checkpoints left", n)
	switch o.code {
	case 0:
		t.add("exit 0", 1)
	case 1:
		t.add("exit 1", 1)
	case 5:
		t.add("exit 5", 1)
	}
	t.add("warnings", strings.Count(stderr, "level=WARN"))
}

var faultLine = regexp.MustCompile(`(?m)^fault: .*\n`)

// hitBy reports whether the fault build says that it made something fail, and returns what else was said.
func hitBy(stderr string) (rest string, hit bool) {
	rest = faultLine.ReplaceAllString(stderr, "")
	return rest, rest != stderr
}

// trained reports whether a run has logged or saved anything.
func trained(out string) bool {
	for _, dir := range membersOf(out) {
		if entries, _ := checkpoints.In(dir, "checkpoints").List(); len(entries) > 0 {
			return true
		}
		if text, _ := os.ReadFile(filepath.Join(dir, "metrics.jsonl")); len(text) > 0 {
			return true
		}
	}
	return false
}
