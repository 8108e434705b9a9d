package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// row is a line of the table.
type row struct {
	Experiment, Backend string
	Cases               int
	Seen                string
	Violations          []string
}

func (r row) String() string {
	text := fmt.Sprintf("%s, %s: %d cases; %s; %d violations", r.Experiment, r.Backend, r.Cases, r.Seen, len(r.Violations))
	for _, v := range r.Violations {
		text += "\n  " + v
	}
	return text
}

// tally counts what an experiment sees. Its methods may be called by any goroutine.
type tally struct {
	mutex      sync.Mutex
	cases      int
	names      []string // of the counts, in the order of the table
	counts     map[string]int
	notes      []string
	violations []string
}

// counting is a tally of the given things, which come first in the table even if there are none.
func counting(names ...string) *tally { return &tally{names: names, counts: map[string]int{}} }

// begin counts a case.
func (t *tally) begin() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.cases++
}

func (t *tally) add(what string, n int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if !slices.Contains(t.names, what) {
		t.names = append(t.names, what)
	}
	t.counts[what] += n
}

// note adds something to what the table says was seen.
func (t *tally) note(format string, args ...any) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// violate records that something promised was not so.
func (t *tally) violate(format string, args ...any) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.violations = append(t.violations, fmt.Sprintf(format, args...))
}

// same counts what a comparison has compared, and its differences as violations.
func (t *tally) same(about string, want, got string) {
	files, differences := compare(want, got)
	t.add("files compared", files)
	for _, d := range differences {
		t.violate("%s: %s", about, d)
	}
}

func (t *tally) row(experiment, backend string) row {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	var seen []string
	for _, name := range t.names {
		seen = append(seen, fmt.Sprintf("%d %s", t.counts[name], name))
	}
	return row{experiment, backend, t.cases, strings.Join(append(seen, t.notes...), ", "), t.violations}
}
