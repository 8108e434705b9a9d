// Package terminal shows in a terminal, or as a table, how runs and suites are getting on.
package terminal

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"joule/watch"
)

// Narrowest is the number of columns that the tables need.
const Narrowest = 80

// Order is what runs are sorted by.
type Order int

// The orders, in the order in which they take turns.
const (
	ByState    Order = iota // what is running first, then what failed
	ByName                  // by path
	ByLoss                  // the lowest first
	ByProgress              // the nearest to its end first
	orders
)

func (o Order) String() string { return [...]string{"state", "name", "loss", "progress"}[o] }

// Write writes a snapshot as tables, without colours, for a number of columns; below [Narrowest] there are as many as that.
func Write(out io.Writer, s *watch.Snapshot, width int) error {
	t := tables{width: max(width, Narrowest), paint: noPaint}
	var lines []string
	if len(s.Suites) > 0 {
		lines = append(lines, t.suiteHead())
		for _, suite := range s.Suites {
			lines = append(lines, t.suite(suite)...)
		}
	}
	if len(s.Suites) > 0 && len(s.Runs) > 0 {
		lines = append(lines, "")
	}
	if len(s.Runs) > 0 {
		lines = append(lines, t.runHead())
		for _, run := range sorted(s.Runs, ByState, false) {
			lines = append(lines, t.run(s, run)...)
		}
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// rankOf is the place of a state among the others.
var rankOf = map[watch.State]int{watch.Running: 0, watch.Diverged: 1, watch.Failed: 1, watch.Lost: 1, watch.Stopped: 2, watch.Done: 3}

// sorted are the runs in an order, or those of them that failed or whose directory is hard to read.
func sorted(runs []*watch.Run, by Order, failuresOnly bool) []*watch.Run {
	list := slices.Clone(runs)
	if failuresOnly {
		list = slices.DeleteFunc(list, func(r *watch.Run) bool { return !r.State.IsFailure() && r.Problem == "" })
	}
	slices.SortStableFunc(list, func(a, b *watch.Run) int {
		order := 0
		switch by {
		case ByState:
			order = cmp.Compare(rankOf[a.State], rankOf[b.State])
		case ByLoss:
			order = cmp.Compare(lossOf(a), lossOf(b))
		case ByProgress:
			order = cmp.Compare(progressOf(b), progressOf(a))
		}
		return cmp.Or(order, cmp.Compare(a.Name, b.Name))
	})
	return list
}

// lossOf is the loss of a run; that of one without a number comes last.
func lossOf(r *watch.Run) float64 {
	if r.Loss == nil || math.IsNaN(float64(*r.Loss)) {
		return math.Inf(1)
	}
	return float64(*r.Loss)
}

func progressOf(r *watch.Run) float64 {
	if r.Steps == 0 {
		return 0
	}
	return float64(r.Step) / float64(r.Steps)
}

// paint colours a text by the state that it is about; its width stays.
type paint func(text string, state watch.State) string

func noPaint(text string, _ watch.State) string { return text }

// head is the state that stands for the heads of tables.
const head watch.State = "head"

// colours paints for terminals.
func colours(text string, state watch.State) string {
	style := ansi.NewStyle()
	switch state {
	case watch.Running:
		style = style.ForegroundColor(ansi.Green)
	case watch.Diverged, watch.Failed, watch.Lost:
		style = style.ForegroundColor(ansi.Red)
	case watch.Stopped:
		style = style.ForegroundColor(ansi.Yellow)
	case head:
		style = style.Bold()
	default:
		return text
	}
	return style.Styled(text)
}

// tables lays out lines of a width.
type tables struct {
	width int
	paint paint
}

// nameWidth is what is left for the names of runs and suites.
func (t tables) nameWidth() int { return t.width - Narrowest + 15 }

func (t tables) runHead() string {
	return t.paint(fit("RUN", t.nameWidth())+" STATE    DONE         STEP      LOSS   RATE  LEFT SAVED INC ON", head)
}

var arrows = map[watch.Trend]string{watch.Falling: "↘", watch.Rising: "↗", watch.Level: "→"}

// run is a line, and a second one where there is a problem.
func (t tables) run(s *watch.Snapshot, r *watch.Run) []string {
	steps := count(float64(r.Step))
	if r.Steps > 0 {
		steps += "/" + count(float64(r.Steps))
	}
	loss := nothing
	if r.Loss != nil {
		loss = fmt.Sprintf("%.3g", float64(*r.Loss))
	}
	rate := nothing
	if r.StepsPerSecond > 0 {
		rate = count(r.StepsPerSecond)
	}
	saved := nothing
	if !r.Checkpoint.IsZero() {
		saved = span(max(s.At.Sub(r.Checkpoint), 1))
	}
	incidents := nothing
	if n := r.SickSteps(); n > 0 {
		incidents = count(float64(n))
	}
	trend := cmp.Or(arrows[r.Trend], " ")
	if r.State != watch.Running {
		trend = " "
	}
	line := strings.Join([]string{
		fitName(r.Name, t.nameWidth()), t.paint(fit(string(r.State), 8), r.State), bar(float64(r.Step), float64(r.Steps), 5),
		right(steps, 11), right(loss, 9) + trend, right(rate, 5), right(span(seconds(r.Left)), 5), right(saved, 5), right(incidents, 3),
		fit(strings.TrimPrefix(plain(r.Backend), "xla:"), 4),
	}, " ")
	lines := []string{line}
	if r.Problem != "" {
		lines = append(lines, t.problem(r.Problem))
	}
	return lines
}

func (t tables) problem(text string) string {
	return t.paint(ansi.Truncate("  └ "+plain(text), t.width, "…"), watch.Failed)
}

func (t tables) suiteHead() string {
	return t.paint(fit("SUITE", t.nameWidth())+" STATE    DONE   ENDED FAILED CRASHED RUNNING   LEFT RUNS/H TO GO", head)
}

// suite is a line, and a second one where there is a problem.
func (t tables) suite(s *watch.Suite) []string {
	state, left, perHour, done := watch.Stopped, nothing, nothing, nothing
	switch {
	case s.IsRunning:
		state = watch.Running
	case s.Planned > 0 && s.Ended() >= s.Planned:
		state = watch.Done
	}
	if s.Planned > 0 {
		left, done = count(float64(s.Rest())), bar(float64(s.Ended()), float64(s.Planned), 5)
	}
	if s.PerHour > 0 {
		perHour = count(s.PerHour)
	}
	number := func(statuses ...string) string {
		sum := 0
		for _, status := range statuses {
			sum += s.Status[status]
		}
		return count(float64(sum))
	}
	line := strings.Join([]string{
		fitName(s.Name, t.nameWidth()), t.paint(fit(string(state), 8), state), fit(done, 5),
		right(number("completed"), 6), right(number("diverged", "refused", "failed"), 6), right(number("crashed", "timed_out"), 7),
		right(count(float64(s.Running)), 7), right(left, 6), right(perHour, 6), right(span(seconds(s.Left)), 5),
	}, " ")
	lines := []string{line}
	if s.Problem != "" {
		lines = append(lines, t.problem(s.Problem))
	}
	return lines
}
