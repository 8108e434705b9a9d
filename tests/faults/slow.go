package main

import (
	"fmt"
	"slices"
	"strings"

	"joule/checkpoints"
)

// slowRounds is how often the speeds are compared.
const slowRounds = 3

// slowDisk makes every operation on a file take long, and compares how fast training goes meanwhile.
func slowDisk(l *lab) []row {
	s := setup{name: "slow", config: "two-gaussians/mle", steps: 40000, sets: append(shortMLE, "method.sampler.steps=20", "train.log_every=500", "train.checkpoint_every=1000")}
	if l.thin > 1 {
		s.steps = 8000
	}
	if l.thin > 10 {
		return []row{l.slowed(s, "100ms", true)}
	}
	return []row{l.slowed(s, "100ms", true), l.slowed(s, "20ms", false), l.slowed(s.with("train.checkpoint_every=5000"), "20ms", false)}
}

func (l *lab) slowed(s setup, delay string, mustLeaveOut bool) row {
	t := counting("checkpoints left out", "files compared")
	var ratios, lost []float64
	for range l.times(slowRounds) {
		t.begin()
		fast, slow := l.folder(), l.folder()
		if o := l.run(nil, s.train("go", fast)...); o.code != 0 {
			t.violate("without delays: %s", o)
		}
		o := l.run(fault("any:1+:%s", delay), s.train("go", slow)...)
		left := strings.Count(o.stderr, "is left out for that of step")
		if o.code != 0 || mustLeaveOut && left == 0 {
			t.violate("with delays: want exit code 0, and what is left out in the log: %s", o)
		}
		t.add("checkpoints left out", left)
		t.same("with delays", fast, slow)
		before, after := trainingSeconds(fast), trainingSeconds(slow)
		ratios, lost = append(ratios, before/after), append(lost, after-before)
		discard(fast)
		discard(slow)
	}
	slices.Sort(ratios)
	slices.Sort(lost)
	t.note("training of %d steps at %.2f of the speed without delays (median; %.2f to %.2f), %.2f s longer", s.steps, ratios[len(ratios)/2],
		ratios[0], ratios[len(ratios)-1], lost[len(lost)/2])
	return t.row(fmt.Sprintf("every file operation takes %s: %s", delay, s.sets[len(s.sets)-1]), "go")
}

// trainingSeconds is how long the steps of a run took, and all that was done between them, but not what was left to be
// written at the end.
func trainingSeconds(dir string) float64 {
	folder := checkpoints.In(dir, "checkpoints")
	entries, err := folder.List()
	if err != nil || len(entries) == 0 {
		return 0
	}
	c, err := folder.Manifest(entries[len(entries)-1])
	if err != nil {
		return 0
	}
	return c.Seconds
}
