package main

import (
	"slices"
	"strings"

	"joule/checkpoints"
)

// slowRounds is how often the speeds are compared.
const slowRounds = 5

// slowDisk makes every operation on a file take a tenth of a second, and compares how fast training goes meanwhile.
func slowDisk(l *lab) []row {
	t := counting("checkpoints left out", "files compared")
	s := setup{name: "slow", config: "two-gaussians/mle", steps: 20000, sets: append(shortMLE, "train.checkpoint_every=1000", "train.log_every=500")}
	if l.thin > 1 {
		s.steps = 8000
	}
	var ratios []float64
	for range l.times(slowRounds) {
		t.begin()
		fast, slow := l.folder(), l.folder()
		if o := l.run(nil, s.train("go", fast)...); o.code != 0 {
			t.violate("without delays: %s", o)
		}
		o := l.run(fault("any:1+:100ms"), s.train("go", slow)...)
		left := strings.Count(o.stderr, "is left out for that of step")
		if o.code != 0 || left == 0 {
			t.violate("with delays: want exit code 0, and a checkpoint left out: %s", o)
		}
		t.add("checkpoints left out", left)
		t.same("with delays", fast, slow)
		ratios = append(ratios, trainingSeconds(fast)/trainingSeconds(slow))
		discard(fast)
		discard(slow)
	}
	slices.Sort(ratios)
	t.note("training at %.2f of the speed with a fast disk (median; %.2f to %.2f)", ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1])
	return []row{t.row("every file operation takes 100 ms", "go")}
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
