// Package worker is joule bench worker, the process that makes and measures the runs of suites.
package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"joule/backends"
	"joule/bench"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/training"
	"joule/configs"
	"joule/metrics"
	"joule/results"
	"joule/rundir"
	"joule/trainers"
)

// New is the command of the processes that a suite's runs are made in. It talks to the one that started it.
func New() *cobra.Command {
	var backend string
	var grace time.Duration
	cmd := &cobra.Command{
		Use:    "worker",
		Short:  "Make runs of a suite, as told on standard input",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // who does not listen any more is no reason to end before all is saved
			w := NewWorker(cmd.OutOrStdout(), cli.WatchSignals(grace))
			defer w.Close()
			return w.serve(cmd.Context(), cmd.InOrStdin(), backend)
		},
	}
	cli.BackendFlag(cmd, &backend, "as the configs of the runs say")
	cmd.Flags().DurationVar(&grace, "grace", 30*time.Second, "the most that saving may take after a signal")
	return cmd
}

// Worker makes runs, one task after the other.
type Worker struct {
	signals *cli.Watcher
	out     *json.Encoder // nil: nobody listens
	opened  map[openKey]*backends.Backend
	panels  map[*backends.Backend]*metrics.Panel
	isBusy  atomic.Bool
	last    time.Time // of a beat
}

// NewWorker is a worker that writes messages to out, unless that is nil.
func NewWorker(out io.Writer, signals *cli.Watcher) *Worker {
	w := &Worker{signals: signals, opened: map[openKey]*backends.Backend{}, panels: map[*backends.Backend]*metrics.Panel{}}
	if out != nil {
		w.out = json.NewEncoder(out)
	}
	return w
}

// panel compares points on a backend.
func (w *Worker) panel(b *backends.Backend) *metrics.Panel {
	if w.panels[b] == nil {
		w.panels[b] = metrics.NewPanel(b.Backend)
	}
	return w.panels[b]
}

// openKey is what a backend was opened by.
type openKey struct {
	spec    string
	options backends.Options
}

// open opens a backend, or takes one that was opened before.
func (w *Worker) open(spec string, options backends.Options) (*backends.Backend, error) {
	key := openKey{spec, options}
	if b := w.opened[key]; b != nil {
		return b, nil
	}
	b, err := cli.OpenBackend(spec, options)
	if err == nil {
		w.opened[key] = b
	}
	return b, err
}

// Close closes what the worker has opened.
func (w *Worker) Close() {
	w.signals.Stop()
	for _, p := range w.panels {
		p.Close()
	}
	for _, b := range w.opened {
		b.Close()
	}
}

// serve does tasks until there are no more, or a signal comes.
func (w *Worker) serve(ctx context.Context, in io.Reader, backend string) error {
	if backend != "" { // what cannot be had at all is told before any task
		if _, err := w.open(backend, backends.Options{}); err != nil {
			return w.out.Encode(bench.Message{Unusable: err.Error(), Code: cli.ExitCode(err)})
		}
	}
	if err := w.out.Encode(bench.Message{Ready: true}); err != nil {
		return err
	}
	for line := range w.listen(in) {
		var task bench.Task
		if err := json.Unmarshal(line, &task); err != nil {
			return fmt.Errorf("a task cannot be read: %w", err)
		}
		rows, err := w.do(ctx, &task)
		w.signals.Rest()
		w.isBusy.Store(false)
		if stopped := (*cli.Interruption)(nil); errors.As(err, &stopped) {
			if err := w.out.Encode(bench.Message{Stopped: true}); err != nil {
				return err
			}
			return cli.Coded(stopped.Code(), stopped)
		}
		if err != nil {
			return err
		}
		if err := w.out.Encode(bench.Message{Done: rows, Resident: backends.ResidentMemory()}); err != nil {
			return err
		}
	}
	return nil
}

// listen hands on the lines that come in. Where they end while a task is at hand, whoever gave it is gone: then it is stopped and
// saved, as by a signal, so that it can be gone on with.
func (w *Worker) listen(in io.Reader) <-chan []byte {
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		reader := bufio.NewReader(in)
		for {
			line, err := reader.ReadBytes('\n')
			if err != nil {
				if w.isBusy.Load() {
					w.signals.Begin(&cli.Interruption{Signal: syscall.SIGHUP})
				}
				return
			}
			w.isBusy.Store(true)
			lines <- line
		}
	}()
	return lines
}

// do makes the runs of a task and measures them. The error is an interruption, or why the worker cannot go on.
func (w *Worker) do(ctx context.Context, task *bench.Task) ([]*results.Row, error) {
	backends.ResetPeakMemory()
	w.last = time.Time{}
	started := time.Now()
	for _, row := range task.Rows {
		row.Started, row.Replicas = started, len(task.Rows)
	}
	err := w.attempt(ctx, task)
	if stopped := (*cli.Interruption)(nil); errors.As(err, &stopped) {
		return nil, stopped
	}
	for _, row := range task.Rows {
		if row.Status != "" {
			continue
		}
		row.Status, row.Reason = results.Failed, "it was not measured"
		if refused := (*trainers.SpecError)(nil); errors.As(err, &refused) {
			row.Status = results.Refused
		}
		if err != nil {
			row.Reason = cli.OneLine(err)
		}
	}
	if task.Keep == "rows" {
		for _, dir := range task.Dirs {
			if err := os.RemoveAll(dir); err != nil {
				return nil, err
			}
		}
	}
	return task.Rows, nil
}

// attempt trains and measures. What it finds out is in the rows; the error is of those that are left.
func (w *Worker) attempt(ctx context.Context, task *bench.Task) error {
	config, err := configs.Parse([]byte(task.Config), task.Rows[0].Run, task.Folder)
	if err != nil {
		return err
	}
	config.Train.Replicas = len(task.Rows)
	locks := &runLocks{}
	defer locks.release()
	for _, dir := range task.Dirs {
		if rundir.IsLockable(dir) {
			if err := locks.take(dir); err != nil {
				return err
			}
		}
	}
	from, err := begunBefore(task)
	if err != nil {
		return err
	}
	if from != nil {
		config.Train.Steps = from.Config.Train.Steps
		config, err = from.Changed(config, nil, "")
	} else {
		err = w.spend(task.Budget, config)
	}
	if err != nil {
		return err
	}
	w.beat(bench.Beat{Phase: "compiling"})
	o := training.Options{Dirs: task.Dirs, Locked: true, NoFigures: true, Signals: w.signals, Open: w.open}
	if slices.Contains(task.Metrics, "time_to_target") && task.Measure.Looks > 0 {
		l := newLooking(task.Measure.Looks, config.Train.Steps)
		defer l.close()
		o.Look = l.at
	}
	o.Made = func(runs []*training.Member) error {
		for _, dir := range task.Dirs {
			if err := locks.take(dir); err != nil {
				return err
			}
		}
		return writeTasks(task)
	}
	o.Finish = func(runs []*training.Member, backend *backends.Backend, err error) error {
		if stopped := (*cli.Interruption)(nil); errors.As(err, &stopped) {
			return err
		}
		for i, r := range runs {
			w.beat(bench.Beat{Phase: "measuring"})
			w.measureRun(task, task.Rows[i], r, backend)
		}
		return err
	}
	_, err = training.Train(ctx, config, o, from, (*progress)(w))
	return err
}

// beat says how far the task is, not too often.
func (w *Worker) beat(b bench.Beat) {
	const often = 200 * time.Millisecond
	if w.out == nil || time.Since(w.last) < often && b.Step < b.Steps {
		return
	}
	w.last = time.Now()
	_ = w.out.Encode(bench.Message{Beat: &b}) // whoever does not listen has gone
}

// progress tells how far a training is.
type progress Worker

// Start implements training.Progress.
func (p *progress) Start(step, steps int) {
	(*Worker)(p).beat(bench.Beat{Phase: "training", Step: step, Steps: steps})
}

// Report implements training.Progress.
func (p *progress) Report(r trainers.Report) {
	(*Worker)(p).beat(bench.Beat{Phase: "training", Step: r.Step, Steps: r.Steps})
}

func (p *progress) Evaluated(trainers.Evaluation) {}
func (p *progress) Stop()                         {}
