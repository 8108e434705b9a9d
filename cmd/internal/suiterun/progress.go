// Package suiterun is what joule bench and joule launch have in common: how workers are started, how far a suite is, and its
// tables.
package suiterun

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"joule/bench"
	"joule/cmd/internal/cli"
	"joule/results"
)

// Progress shows how far a suite is, on standard error.
type Progress interface {
	Beat(worker int, t *bench.Task, b bench.Beat)
	Finished(worker int, t *bench.Task, rows []*results.Row)
	Stop()
}

// ProgressFor is a bar on a terminal, a line a task elsewhere, and only what went wrong with --quiet.
func ProgressFor(cmd *cobra.Command, plan *bench.Plan) Progress {
	lines := &suiteLines{total: len(plan.Keys), done: plan.Done + len(plan.Refused), isQuiet: cli.IsQuiet(cmd), begun: time.Now()}
	lines.before = lines.done
	if cli.IsQuiet(cmd) || !term.IsTerminal(int(os.Stderr.Fd())) {
		return lines
	}
	b := &suiteBar{at: map[int]string{}, bar: progressbar.NewOptions(lines.total,
		progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth(),
		progressbar.OptionOnCompletion(func() { fmt.Fprintln(os.Stderr) }))}
	_ = b.bar.Set(lines.done) // a bar that cannot be drawn is no reason to stop
	return b
}

// suiteLines logs a line for every task that has ended.
type suiteLines struct {
	total, done, before int
	isQuiet             bool
	begun               time.Time
}

// Beat implements Progress.
func (l *suiteLines) Beat(int, *bench.Task, bench.Beat) {}

// Finished implements Progress.
func (l *suiteLines) Finished(_ int, t *bench.Task, rows []*results.Row) {
	l.done += len(rows)
	for _, r := range rows {
		if r.Status != results.Completed {
			slog.Warn("a run has failed", "run", r.Run, "status", r.Status, "reason", cli.FirstOf(r.Reason, 300))
		}
	}
	if l.isQuiet {
		return
	}
	elapsed := time.Since(l.begun)
	left := time.Duration(float64(elapsed) / float64(l.done-l.before) * float64(l.total-l.done))
	slog.Info("measured", append([]any{"runs", t.String(), "done", l.done, "of", l.total, "left", left.Round(time.Second)}, headline(rows)...)...)
}

// Stop implements Progress.
func (l *suiteLines) Stop() {}

// headline is the first figure that rows have, as a mean.
func headline(rows []*results.Row) []any {
	for _, f := range results.Figures {
		var values []float64
		for _, r := range rows {
			if x, ok := r.Metric(f.Name); ok {
				values = append(values, x)
			}
		}
		if len(values) > 0 {
			return []any{f.Name, fmt.Sprintf("%.*f", f.Decimals, cli.Mean(values))}
		}
	}
	return nil
}

// suiteBar is a progress bar over all runs, with what is at hand.
type suiteBar struct {
	bar *progressbar.ProgressBar
	at  map[int]string // what each worker does
}

// Beat implements Progress.
func (b *suiteBar) Beat(worker int, t *bench.Task, beat bench.Beat) {
	b.at[worker] = fmt.Sprintf("%s %s", beat.Phase, t)
	if beat.Steps > 0 {
		b.at[worker] += fmt.Sprintf(" %d%%", 100*beat.Step/beat.Steps)
	}
	b.describe()
}

func (b *suiteBar) describe() {
	for worker := range len(b.at) {
		if text := b.at[worker]; text != "" { // of the first one that has something to say
			b.bar.Describe(text)
			return
		}
	}
}

// Finished implements Progress.
func (b *suiteBar) Finished(worker int, _ *bench.Task, rows []*results.Row) {
	delete(b.at, worker)
	for _, r := range rows {
		if r.Status != results.Completed {
			_ = b.bar.Clear()
			slog.Warn("a run has failed", "run", r.Run, "status", r.Status, "reason", cli.FirstOf(r.Reason, 300))
		}
	}
	_ = b.bar.Add(len(rows))
}

// Stop implements Progress.
func (b *suiteBar) Stop() { _ = b.bar.Exit() }
