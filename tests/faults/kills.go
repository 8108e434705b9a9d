package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// How many runs of a setup are killed, and how often each.
const (
	killedRuns  = 8
	killsPerRun = 6
)

// randomKills kills runs of every method at random moments, each several times, and compares what they come to.
func randomKills(l *lab) []row {
	var rows []row
	for _, s := range setups {
		rows = append(rows, l.forBackends(func(backend string) row { return l.killRuns(s, backend) })...)
	}
	return rows
}

func (l *lab) killRuns(s setup, backend string) row {
	t := counting("kills hit", "within a save", "resumptions", "files compared")
	want := l.reference(s, backend)
	if want.failure != "" {
		t.violate("%s", want.failure)
	}
	l.parallel(l.times(killedRuns), func(i int) {
		t.begin()
		random, dir := l.random(s.name+backend, i), l.folder()
		defer discard(dir)
		var known []string
		for hits := 0; ; {
			p := l.start(nil, s.train(backend, dir)...)
			if hits < killsPerRun && l.moment(p, random, dir, want) {
				p.signal(syscall.SIGKILL)
			}
			o := p.wait()
			if o.signal != syscall.SIGKILL {
				if o.code != 0 {
					t.violate("run %d after %d kills: %s", i, hits, o)
				}
				break
			}
			hits++
			t.add("kills hit", 1)
			t.add("resumptions", 1)
			left := unfinished(dir)
			if slices.ContainsFunc(left, func(path string) bool { return !slices.Contains(known, path) }) {
				t.add("within a save", 1)
			}
			known = left
		}
		t.same(s.name, want.dir, dir)
		if left := unfinished(dir); len(left) > 0 {
			t.violate("run %d: %d temporary files are left: %s", i, len(left), strings.Join(left, " "))
		}
	})
	return t.row("killed at random moments: "+s.name, backend)
}

// moment waits for a random moment of a process: one in four within the whole run, so that starts are hit too, the others
// within a third of the training. It reports whether the process still lives.
func (l *lab) moment(p *process, random *rand.Rand, dir string, want *reference) bool {
	within := 0.7 * want.seconds
	if random.IntN(4) > 0 {
		within = want.training / 3
		before := stamp(dir)
		if !p.until(func() bool { return stamp(dir) != before }) {
			return false
		}
	}
	return !p.endsWithin(time.Duration(random.Float64() * within * float64(time.Second)))
}

// stamp changes when the metrics of a run do, or of the first of several.
func stamp(out string) string {
	info, err := os.Stat(filepath.Join(membersOf(out)[0], "metrics.jsonl"))
	if err != nil || info.Size() == 0 {
		return ""
	}
	return info.ModTime().String()
}
