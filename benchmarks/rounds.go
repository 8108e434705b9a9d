package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// How long things are measured and waited for.
type plan struct {
	rounds   int
	seconds  float64       // of one measurement
	heat     float64       // seconds of the measurement that chooses between variants
	patience time.Duration // with one answer
}

// closeEnough is how near, as a fraction, a variant has to come to the fastest of its column in the heat to take part in
// the rounds.
const closeEnough = 0.7

// entry is a side in a row.
type entry struct {
	Column, Variant string
	CompileSeconds  float64 // to build, compile and run once
	Heat            float64 // steps a second of the heat
	Speeds          speeds  `json:",omitempty"` // of the rounds; empty for a variant that fell behind in the heat
	Error           string  `json:",omitempty"`
	side            *side
	request         row // what the side is asked for
}

// result is a measured row.
type result struct {
	Row     row
	Entries []*entry
}

// measure runs a row on all sides. First each side compiles it and runs it shortly: a column goes on with its fastest
// variant and those close to it. Then all measure in turn, in rounds that begin with another side each.
func (p plan) measure(r row, all []*side, log io.Writer) result {
	res := result{Row: r}
	for _, s := range all {
		if s.child == nil || !strings.Contains(s.sizes, r.Size) {
			continue
		}
		s.revive(p.patience)
		e := &entry{Column: s.Column, Variant: s.Variant, side: s, request: r}
		res.Entries = append(res.Entries, e)
		if err := p.prepare(e); err != nil {
			e.Error = err.Error()
			fmt.Fprintf(log, "  %s: %s\n", s, e.Error)
		}
	}
	through := qualified(res.Entries)
	p.takeTurns(through)
	for _, e := range through {
		fmt.Fprintf(log, "  %-40s %9.1f steps/s (%.1f–%.1f)\n", e.side, e.Speeds.median(), e.Speeds.worst(), e.Speeds.best())
	}
	return res
}

// takeTurns measures entries in rounds that begin with another one each.
func (p plan) takeTurns(entries []*entry) {
	for round := range p.rounds {
		for _, i := range rotate(len(entries), round) {
			e := entries[i]
			if e.Error != "" {
				continue
			}
			steps, seconds, err := e.side.child.run(e.request, stepsFor(e.Heat, p.seconds), p.patience)
			if err != nil { // from now on it takes no part, and without all rounds it has no speed
				e.Error, e.Speeds = err.Error(), nil
				continue
			}
			e.Speeds = append(e.Speeds, float64(steps)/seconds)
		}
	}
}

// prepare has a side compile its row, and measures it shortly, with as many steps as fill the time of a heat.
func (p plan) prepare(e *entry) error {
	run := func(steps int) (float64, float64, error) {
		made, seconds, err := e.side.child.run(e.request, steps, p.patience)
		if err != nil {
			return 0, 0, err
		}
		return float64(made) / seconds, seconds, nil
	}
	_, seconds, err := run(0)
	if err != nil {
		return err
	}
	e.CompileSeconds = seconds
	for steps, again := 1, true; again; {
		if e.Heat, seconds, err = run(steps); err != nil {
			return err
		}
		again = seconds < p.heat/2
		steps = max(2*steps, min(20*steps, stepsFor(e.Heat, p.heat)))
	}
	speed, _, err := run(stepsFor(e.Heat, p.heat))
	e.Heat = max(e.Heat, speed) // one disturbance must not decide
	return err
}

// stepsFor is the number of steps that fill so many seconds, at least one.
func stepsFor(speed, seconds float64) int { return max(1, int(speed*seconds)) }

// qualified returns the entries that go on to the rounds.
func qualified(entries []*entry) []*entry {
	fastest := map[string]float64{}
	for _, e := range entries {
		if e.Error == "" {
			fastest[e.Column] = max(fastest[e.Column], e.Heat)
		}
	}
	var through []*entry
	for _, e := range entries {
		if e.Error == "" && e.Heat >= closeEnough*fastest[e.Column] {
			through = append(through, e)
		}
	}
	return through
}

// best is the entry of a column with the highest median, or nil.
func (r result) best(column string) *entry {
	var best *entry
	for _, e := range r.Entries {
		if e.Column == column && len(e.Speeds) > 0 && (best == nil || e.Speeds.median() > best.Speeds.median()) {
			best = e
		}
	}
	return best
}

// bestPeer is the fastest entry of all peers, or nil.
func (r result) bestPeer() *entry {
	var best *entry
	for _, column := range peers {
		if e := r.best(column); e != nil && (best == nil || e.Speeds.median() > best.Speeds.median()) {
			best = e
		}
	}
	return best
}
