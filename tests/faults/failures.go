package main

import (
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

// failedOperations makes every single operation on a file fail, once, and from there on.
func failedOperations(l *lab) (rows []row) {
	for _, failure := range failures {
		for _, later := range []struct{ mark, name string }{{"", "once"}, {"+", "and every later one"}} {
			t := counting("faults hit", "exit 0", "exit 5", "exit 1", "warnings", "good checkpoints left", "resumptions", "files compared")
			want := l.reference(shortPlain, "go")
			if want.failure != "" {
				t.violate("%s", want.failure)
			}
			l.atEvery(func(n int) bool {
				return l.failOperation(t, want.dir, failure.text, fault("any:%d%s:%s", n, later.mark, failure.name))
			})
			rows = append(rows, t.row(failure.name+" at every file operation, "+later.name, "go"))
		}
	}
	return rows
}

// failOperation trains with a fault, looks at what is left, and goes on without it.
func (l *lab) failOperation(t *tally, want, cause string, fault []string) (hit bool) {
	dir, s := l.folder(), shortPlain
	defer discard(dir)
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
	checkEnd(t, strings.Join(fault, ""), o, dir, said, cause)
	if o.code == 0 {
		t.same(fault[0], want, dir)
	}
	if again := l.run(nil, s.train("go", dir)...); again.code != 0 {
		t.violate("%s: then without it: %s", fault, again)
	}
	t.add("resumptions", 1)
	t.same(fault[0]+" and resumed", want, dir)
	return true
}

// checkEnd checks how a run ended whose disk failed: its exit code, what it says, and that its checkpoints are good.
func checkEnd(t *tally, about string, o outcome, dir, stderr, cause string) {
	switch {
	case o.code == 0, o.code == 5:
	case o.code == 1 && !trained(dir):
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
