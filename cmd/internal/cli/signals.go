package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Interruption is why a training was stopped from outside, as the cause of its context.
type Interruption struct {
	Signal  os.Signal
	Requeue bool // it is to be started again
}

func (i *Interruption) Error() string { return "stopped by " + SignalNames[i.Signal] }

// Code is the exit code of a training that was stopped and saved.
func (i *Interruption) Code() int {
	if i.Requeue {
		return ExitRequeue
	}
	return ExitInterrupted
}

// SignalNames are the signals that end a training. By SIGUSR1 and SIGUSR2 a scheduler warns of the end: the training is
// then to be started again.
var SignalNames = map[os.Signal]string{
	syscall.SIGINT: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP", syscall.SIGUSR1: "SIGUSR1", syscall.SIGUSR2: "SIGUSR2",
}

// Watcher waits for the signals that end a training.
type Watcher struct {
	grace   time.Duration
	signals chan os.Signal
	stopped chan struct{}
	once    sync.Once
	// Requeue asks the scheduler to run the program again.
	Requeue func(context.Context)

	mutex  sync.Mutex
	cancel context.CancelCauseFunc // nil until there is something to save
}

// Echo is how long a signal may come again without meaning that the program is to end at once: some wrappers send it to
// the process and to its group.
const Echo = time.Second

// WatchSignals begins to wait for signals. Until [Watcher.Training] is called there is nothing to save, and the first one ends
// the program.
func WatchSignals(grace time.Duration) *Watcher { return WatchSignalsFor(grace, Requeue) }

// WatchSignalsFor is WatchSignals for a program that has a way of its own to be run again.
func WatchSignalsFor(grace time.Duration, requeue func(context.Context)) *Watcher {
	w := &Watcher{grace: grace, signals: make(chan os.Signal, 8), stopped: make(chan struct{}), Requeue: requeue}
	for s := range SignalNames {
		if !signal.Ignored(s) { // as under nohup
			signal.Notify(w.signals, s)
		}
	}
	go w.wait()
	return w
}

// Training is a context that ends with the first signal, its cause an *Interruption. A second SIGINT, SIGTERM or SIGHUP ends
// the program at once, and so does the time that saving may take. What is on the disk is whole then, too.
func (w *Watcher) Training(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.cancel = cancel
	return ctx
}

// Rest says that there is nothing to save any more, for now.
func (w *Watcher) Rest() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.cancel = nil
}

// Stop gives the signals their usual effect again.
func (w *Watcher) Stop() {
	w.once.Do(func() {
		signal.Stop(w.signals)
		close(w.stopped)
	})
}

func (w *Watcher) wait() {
	var first time.Time // of the signals that may not come twice
	var late <-chan time.Time
	for {
		select {
		case <-w.stopped:
			return
		case <-late:
			fmt.Fprintf(os.Stderr, "joule: what was trained could not be saved within %s (--grace): the last checkpoint is what there is\n", w.grace)
			os.Exit(ExitUnsaved)
		case s := <-w.signals:
			why := &Interruption{s, s == syscall.SIGUSR1 || s == syscall.SIGUSR2}
			if late == nil {
				w.Begin(why)
				late = time.After(w.grace)
			}
			if why.Requeue {
				continue
			}
			if first.IsZero() {
				first = time.Now()
			} else if time.Since(first) > Echo {
				fmt.Fprintf(os.Stderr, "joule: %s again: stopped at once, the last checkpoint is what there is\n", SignalNames[s])
				os.Exit(ExitUnsaved)
			}
		}
	}
}

// Begin begins to stop.
func (w *Watcher) Begin(why *Interruption) {
	w.mutex.Lock()
	cancel := w.cancel
	w.mutex.Unlock()
	if cancel == nil {
		if why.Requeue {
			w.Requeue(context.Background())
		}
		fmt.Fprintf(os.Stderr, "joule: %v before the first step\n", why)
		os.Exit(why.Code())
	}
	slog.Info("stopping: the steps at hand are finished and saved; another signal stops at once", "signal", SignalNames[why.Signal])
	cancel(why)
}

// requeueTime is how long the scheduler may take to answer.
const requeueTime = 10 * time.Second

// Requeue asks the scheduler that runs this program to run it again. Only Slurm can be asked; others go by the exit code.
func Requeue(ctx context.Context) {
	job := os.Getenv("SLURM_JOB_ID")
	if array := os.Getenv("SLURM_ARRAY_JOB_ID"); array != "" {
		job = array + "_" + os.Getenv("SLURM_ARRAY_TASK_ID")
	}
	if job == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, requeueTime)
	defer cancel()
	text, err := exec.CommandContext(ctx, "scontrol", "requeue", job).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		err = errors.New("there is no scontrol")
	}
	if err != nil {
		slog.Warn("the job could not be requeued", "job", job, "error", err, "output", string(text))
		return
	}
	slog.Info("the job is requeued", "job", job)
}
