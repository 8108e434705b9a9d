package main

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
	"joule/configs"
	"joule/metrics"
	"joule/results"
	"joule/rundir"
	"joule/trainers"
)

// newBenchWorker is the command of the processes that a suite's runs are made in. It talks to the one that started it.
func newBenchWorker() *cobra.Command {
	var backend string
	var grace time.Duration
	cmd := &cobra.Command{
		Use:    "worker",
		Short:  "Make runs of a suite, as told on standard input",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // who does not listen any more is no reason to end before all is saved
			w := newBenchWorkerOf(cmd.OutOrStdout(), watchSignals(grace))
			defer w.close()
			return w.serve(cmd.Context(), cmd.InOrStdin(), backend)
		},
	}
	backendFlag(cmd, &backend, "as the configs of the runs say")
	cmd.Flags().DurationVar(&grace, "grace", 30*time.Second, "the most that saving may take after a signal")
	return cmd
}

// benchWorker makes runs, one task after the other.
type benchWorker struct {
	signals *watcher
	out     *json.Encoder // nil: nobody listens
	opened  map[openKey]*backends.Backend
	panels  map[*backends.Backend]*metrics.Panel
	isBusy  atomic.Bool
	last    time.Time // of a beat
}

func newBenchWorkerOf(out io.Writer, signals *watcher) *benchWorker {
	w := &benchWorker{signals: signals, opened: map[openKey]*backends.Backend{}, panels: map[*backends.Backend]*metrics.Panel{}}
	if out != nil {
		w.out = json.NewEncoder(out)
	}
	return w
}

// panel compares points on a backend.
func (w *benchWorker) panel(b *backends.Backend) *metrics.Panel {
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
func (w *benchWorker) open(spec string, options backends.Options) (*backends.Backend, error) {
	key := openKey{spec, options}
	if b := w.opened[key]; b != nil {
		return b, nil
	}
	b, err := openBackend(spec, options)
	if err == nil {
		w.opened[key] = b
	}
	return b, err
}

func (w *benchWorker) close() {
	w.signals.stop()
	for _, p := range w.panels {
		p.Close()
	}
	for _, b := range w.opened {
		b.Close()
	}
}

// serve does tasks until there are no more, or a signal comes.
func (w *benchWorker) serve(ctx context.Context, in io.Reader, backend string) error {
	if backend != "" { // what cannot be had at all is told before any task
		if _, err := w.open(backend, backends.Options{}); err != nil {
			return w.out.Encode(bench.Message{Unusable: err.Error(), Code: exitCode(err)})
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
		w.signals.rest()
		w.isBusy.Store(false)
		if stopped := (*interruption)(nil); errors.As(err, &stopped) {
			if err := w.out.Encode(bench.Message{Stopped: true}); err != nil {
				return err
			}
			return coded(stopped.code(), stopped)
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
func (w *benchWorker) listen(in io.Reader) <-chan []byte {
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		reader := bufio.NewReader(in)
		for {
			line, err := reader.ReadBytes('\n')
			if err != nil {
				if w.isBusy.Load() {
					w.signals.begin(&interruption{signal: syscall.SIGHUP})
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
func (w *benchWorker) do(ctx context.Context, task *bench.Task) ([]*results.Row, error) {
	backends.ResetPeakMemory()
	w.last = time.Time{}
	started := time.Now()
	for _, row := range task.Rows {
		row.Started, row.Replicas = started, len(task.Rows)
	}
	err := w.attempt(ctx, task)
	if stopped := (*interruption)(nil); errors.As(err, &stopped) {
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
			row.Reason = oneLine(err)
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
func (w *benchWorker) attempt(ctx context.Context, task *bench.Task) error {
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
		config.Train.Steps = from.config.Train.Steps
		config, err = from.changed(config, nil, "")
	} else {
		err = w.spend(task.Budget, config)
	}
	if err != nil {
		return err
	}
	w.beat(bench.Beat{Phase: "compiling"})
	o := options{dirs: task.Dirs, locked: true, noFigures: true, signals: w.signals, open: w.open}
	if slices.Contains(task.Metrics, "time_to_target") && task.Measure.Looks > 0 {
		l := newLooking(task.Measure.Looks, config.Train.Steps)
		defer l.close()
		o.look = l.at
	}
	o.made = func(runs []*member) error {
		for _, dir := range task.Dirs {
			if err := locks.take(dir); err != nil {
				return err
			}
		}
		return writeTasks(task)
	}
	o.finish = func(runs []*member, backend *backends.Backend, err error) error {
		if stopped := (*interruption)(nil); errors.As(err, &stopped) {
			return err
		}
		for i, r := range runs {
			w.beat(bench.Beat{Phase: "measuring"})
			w.measureRun(task, task.Rows[i], r, backend)
		}
		return err
	}
	_, err = train(ctx, config, o, from, (*benchProgress)(w))
	return err
}

// beat says how far the task is, not too often.
func (w *benchWorker) beat(b bench.Beat) {
	const often = 200 * time.Millisecond
	if w.out == nil || time.Since(w.last) < often && b.Step < b.Steps {
		return
	}
	w.last = time.Now()
	_ = w.out.Encode(bench.Message{Beat: &b}) // whoever does not listen has gone
}

// benchProgress tells how far a training is.
type benchProgress benchWorker

func (p *benchProgress) start(step, steps int) {
	(*benchWorker)(p).beat(bench.Beat{Phase: "training", Step: step, Steps: steps})
}

func (p *benchProgress) report(r trainers.Report) {
	(*benchWorker)(p).beat(bench.Beat{Phase: "training", Step: r.Step, Steps: r.Steps})
}

func (p *benchProgress) evaluated(trainers.Evaluation) {}
func (p *benchProgress) stop()                         {}
