package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"joule/trainers"
)

// progress shows how far a training is, on standard error.
type progress interface {
	start(step, steps int)
	report(trainers.Report)
	evaluated(trainers.Evaluation)
	stop()
}

// progressFor is a bar on a terminal, plain lines elsewhere, and nothing with --quiet.
func progressFor(cmd *cobra.Command) progress {
	switch {
	case isQuiet(cmd):
		return silent{}
	case term.IsTerminal(int(os.Stderr.Fd())):
		return &bar{}
	default:
		return &lines{}
	}
}

type silent struct{}

func (silent) start(int, int)                {}
func (silent) report(trainers.Report)        {}
func (silent) evaluated(trainers.Evaluation) {}
func (silent) stop()                         {}

// bar is a progress bar with the loss, the criterion of early stopping, steps a second and the time left.
type bar struct {
	*progressbar.ProgressBar
	criterion string
}

func (b *bar) start(step, steps int) {
	b.ProgressBar = progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("steps"),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionFullWidth(),
		progressbar.OptionOnCompletion(func() { fmt.Fprintln(os.Stderr) }))
	_ = b.Set(step) // a bar that cannot be drawn is no reason to stop
}

func (b *bar) report(r trainers.Report) {
	b.Describe(fmt.Sprintf("loss %.4g%s", meanLoss(r), b.criterion))
	_ = b.Set(r.Step)
}

func (b *bar) evaluated(e trainers.Evaluation) {
	b.criterion = fmt.Sprintf(", %s %.4g", e.Metric, mean(e.Values))
}

func (b *bar) stop() { _ = b.Exit() }

// lines logs a line now and then, and one for the last block.
type lines struct {
	begun, last time.Time
	first       int // step
	criterion   []any
}

// interval is the least time between two lines.
const interval = 5 * time.Second

func (l *lines) start(step, _ int) { l.begun, l.last, l.first = time.Now(), time.Now(), step }

func (l *lines) report(r trainers.Report) {
	now := time.Now()
	if now.Sub(l.last) < interval && r.Step < r.Steps {
		return
	}
	l.last = now
	elapsed := now.Sub(l.begun)
	left := time.Duration(float64(elapsed) / float64(max(r.Step-l.first, 1)) * float64(r.Steps-r.Step))
	slog.Info("training", append([]any{"step", r.Step, "of", r.Steps, "loss", fmt.Sprintf("%.4g", meanLoss(r)),
		"steps_per_second", fmt.Sprintf("%.4g", r.StepsPerSecond), "left", left.Round(time.Second)}, l.criterion...)...)
}

func (l *lines) evaluated(e trainers.Evaluation) {
	l.criterion = []any{e.Metric, fmt.Sprintf("%.4g", mean(e.Values))}
}

func (l *lines) stop() {}

// meanLoss is the loss of a run, or the mean over all runs that are still trained.
func meanLoss(r trainers.Report) float64 {
	var losses []float64
	for _, values := range r.Values {
		if values != nil {
			losses = append(losses, values[0])
		}
	}
	return mean(losses)
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
