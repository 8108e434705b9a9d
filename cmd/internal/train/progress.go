package train

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/training"
	"joule/trainers"
)

// progressFor is a bar on a terminal, plain lines elsewhere, and nothing with --quiet.
func progressFor(cmd *cobra.Command) training.Progress {
	switch {
	case cli.IsQuiet(cmd):
		return silent{}
	case term.IsTerminal(int(os.Stderr.Fd())):
		return &bar{}
	default:
		return &lines{}
	}
}

type silent struct{}

func (silent) Start(int, int)                {}
func (silent) Report(trainers.Report)        {}
func (silent) Evaluated(trainers.Evaluation) {}
func (silent) Stop()                         {}

// bar is a progress bar with the loss, the criterion of early stopping, steps a second and the time left.
type bar struct {
	*progressbar.ProgressBar
	criterion string
}

// Start implements training.Progress.
func (b *bar) Start(step, steps int) {
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

// Report implements training.Progress.
func (b *bar) Report(r trainers.Report) {
	b.Describe(fmt.Sprintf("loss %.4g%s", meanLoss(r), b.criterion))
	_ = b.Set(r.Step)
}

// Evaluated implements training.Progress.
func (b *bar) Evaluated(e trainers.Evaluation) {
	b.criterion = fmt.Sprintf(", %s %.4g", e.Metric, cli.Mean(e.Values))
}

// Stop implements training.Progress.
func (b *bar) Stop() { _ = b.Exit() }

// lines logs a line now and then, and one for the last block.
type lines struct {
	begun, last time.Time
	first       int // step
	criterion   []any
}

// interval is the least time between two lines.
const interval = 5 * time.Second

// Start implements training.Progress.
func (l *lines) Start(step, _ int) { l.begun, l.last, l.first = time.Now(), time.Now(), step }

// Report implements training.Progress.
func (l *lines) Report(r trainers.Report) {
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

// Evaluated implements training.Progress.
func (l *lines) Evaluated(e trainers.Evaluation) {
	l.criterion = []any{e.Metric, fmt.Sprintf("%.4g", cli.Mean(e.Values))}
}

// Stop implements training.Progress.
func (l *lines) Stop() {}

// meanLoss is the loss of a run, or the mean over all runs that are still trained.
func meanLoss(r trainers.Report) float64 {
	var losses []float64
	for _, values := range r.Values {
		if values != nil {
			losses = append(losses, values[0])
		}
	}
	return cli.Mean(losses)
}
