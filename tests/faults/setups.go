package main

import (
	"fmt"
	"time"
)

// setup is a config to train.
type setup struct {
	name     string
	config   string
	steps    int
	replicas int // 0: one run, not one of several
	sets     []string
}

// What keeps trainings small, and has checkpoints between the logs.
var small = []string{"data.size=500", "model.hidden=[8]", "train.batch_size=32", "train.log_every=70", "train.checkpoint_every=110", "train.keep_last=3"}

// shortMLE are chains of few steps.
var shortMLE = []string{"method.sampler.steps=4", "method.buffer_size=64", "method.restart_fraction=0.2"}

// The configs of the four methods, in all their forms, with schedules, clipping and running averages in some.
var setups = []setup{
	{name: "mle, persistent chains", config: "two-gaussians/mle", steps: 8000, sets: append(shortMLE, "optimizer.clip_norm=1", "train.ema=0.99")},
	{name: "mle from noise", config: "two-gaussians/mle", steps: 8000, sets: append(shortMLE, "method.init=noise", "train.ema=0")},
	{name: "mle from data", config: "two-gaussians/mle", steps: 8000, sets: append(shortMLE, "method.init=data", "optimizer.schedule=constant")},
	{name: "dsm", config: "two-gaussians/dsm", steps: 24000, sets: []string{"optimizer.clip_norm=0.5", "train.checkpoint_every=310"}},
	{name: "fisher", config: "two-gaussians/fisher", steps: 24000, sets: []string{"train.ema=0", "train.checkpoint_every=310"}},
	{name: "nce", config: "two-gaussians/nce", steps: 24000, sets: []string{"optimizer.schedule=constant", "train.checkpoint_every=310"}},
	{name: "mle, 3 replicas", config: "two-gaussians/mle", steps: 4000, replicas: 3, sets: append(shortMLE, "train.ema=0.99")},
	{name: "dsm, 3 replicas", config: "two-gaussians/dsm", steps: 10000, replicas: 3, sets: []string{"train.checkpoint_every=310"}},
}

// Short trainings with a few checkpoints, for what is done at every single operation. Their chains are so long that the disk
// keeps up.
var (
	shortPlain    = setup{name: "one run", config: "two-gaussians/mle", steps: 160, sets: shortSets}
	shortReplicas = setup{name: "2 replicas", config: "two-gaussians/mle", steps: 160, replicas: 2, sets: shortSets}
	shortSets     = append(shortMLE, "method.sampler.steps=150", "train.log_every=25", "train.checkpoint_every=40", "train.keep_last=2")
)

// with is the setup with more assignments.
func (s setup) with(sets ...string) setup {
	s.sets = append(s.sets[:len(s.sets):len(s.sets)], sets...)
	return s
}

// train is the command that trains into a directory, or goes on there.
func (s setup) train(backend, out string) []string {
	args := []string{"train", s.config, "--backend", backend, "--out", out, "--resume=auto", "--no-figures", "--quiet"}
	sets := append(small[:len(small):len(small)], s.sets...)
	if s.replicas > 0 {
		sets = append(sets, fmt.Sprintf("train.replicas=%d", s.replicas))
	}
	for _, set := range append(sets, fmt.Sprintf("train.steps=%d", s.steps)) {
		args = append(args, "--set", set)
	}
	return args
}

// reference is a run that nothing has happened to.
type reference struct {
	dir     string
	failure string
	seconds float64 // that the command took
	// training is the part of them from the first step to the last.
	training float64
}

// reference trains a setup without any fault, once for each backend.
func (l *lab) reference(s setup, backend string) *reference {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	key := fmt.Sprint(s, backend)
	if r := l.references[key]; r != nil {
		return r
	}
	r := &reference{dir: l.folder()}
	begun := time.Now()
	if o := l.run(nil, s.train(backend, r.dir)...); o.code != 0 {
		r.failure = fmt.Sprintf("the undisturbed run: %s", o)
	}
	r.seconds, r.training = time.Since(begun).Seconds(), trainingSeconds(membersOf(r.dir)[0])
	if l.references == nil {
		l.references = map[string]*reference{}
	}
	l.references[key] = r
	return r
}
