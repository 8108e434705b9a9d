package main

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

// interruption is why a training was stopped from outside, as the cause of its context.
type interruption struct {
	signal  os.Signal
	requeue bool // it is to be started again
}

func (i *interruption) Error() string { return "stopped by " + signalNames[i.signal] }

// code is the exit code of a training that was stopped and saved.
func (i *interruption) code() int {
	if i.requeue {
		return exitRequeue
	}
	return exitInterrupted
}

// signalNames are the signals that end a training. By SIGUSR1 and SIGUSR2 a scheduler warns of the end: the training is
// then to be started again.
var signalNames = map[os.Signal]string{
	syscall.SIGINT: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP", syscall.SIGUSR1: "SIGUSR1", syscall.SIGUSR2: "SIGUSR2",
}

// watcher waits for the signals that end a training.
type watcher struct {
	grace   time.Duration
	signals chan os.Signal
	stopped chan struct{}
	once    sync.Once
	// requeue asks the scheduler to run the program again.
	requeue func(context.Context)

	mutex  sync.Mutex
	cancel context.CancelCauseFunc // nil until there is something to save
}

// echo is how long a signal may come again without meaning that the program is to end at once: some wrappers send it to
// the process and to its group.
const echo = time.Second

// watchSignals begins to wait for signals. Until [watcher.training] is called there is nothing to save, and the first one ends
// the program.
func watchSignals(grace time.Duration) *watcher { return watchSignalsFor(grace, requeue) }

// watchSignalsFor is watchSignals for a program that has a way of its own to be run again.
func watchSignalsFor(grace time.Duration, requeue func(context.Context)) *watcher {
	w := &watcher{grace: grace, signals: make(chan os.Signal, 8), stopped: make(chan struct{}), requeue: requeue}
	for s := range signalNames {
		if !signal.Ignored(s) { // as under nohup
			signal.Notify(w.signals, s)
		}
	}
	go w.wait()
	return w
}

// training is a context that ends with the first signal, its cause an *interruption. A second SIGINT, SIGTERM or SIGHUP ends
// the program at once, and so does the time that saving may take. What is on the disk is whole then, too.
func (w *watcher) training(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.cancel = cancel
	return ctx
}

// rest says that there is nothing to save any more, for now.
func (w *watcher) rest() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.cancel = nil
}

// stop gives the signals their usual effect again.
func (w *watcher) stop() {
	w.once.Do(func() {
		signal.Stop(w.signals)
		close(w.stopped)
	})
}

func (w *watcher) wait() {
	var first time.Time // of the signals that may not come twice
	var late <-chan time.Time
	for {
		select {
		case <-w.stopped:
			return
		case <-late:
			fmt.Fprintf(os.Stderr, "joule: what was trained could not be saved within %s (--grace): the last checkpoint is what there is\n", w.grace)
			os.Exit(exitUnsaved)
		case s := <-w.signals:
			why := &interruption{s, s == syscall.SIGUSR1 || s == syscall.SIGUSR2}
			if late == nil {
				w.begin(why)
				late = time.After(w.grace)
			}
			if why.requeue {
				continue
			}
			if first.IsZero() {
				first = time.Now()
			} else if time.Since(first) > echo {
				fmt.Fprintf(os.Stderr, "joule: %s again: stopped at once, the last checkpoint is what there is\n", signalNames[s])
				os.Exit(exitUnsaved)
			}
		}
	}
}

// begin begins to stop.
func (w *watcher) begin(why *interruption) {
	w.mutex.Lock()
	cancel := w.cancel
	w.mutex.Unlock()
	if cancel == nil {
		if why.requeue {
			w.requeue(context.Background())
		}
		fmt.Fprintf(os.Stderr, "joule: %v before the first step\n", why)
		os.Exit(why.code())
	}
	slog.Info("stopping: the steps at hand are finished and saved; another signal stops at once", "signal", signalNames[why.signal])
	cancel(why)
}

// requeueTime is how long the scheduler may take to answer.
const requeueTime = 10 * time.Second

// requeue asks the scheduler that runs this program to run it again. Only Slurm can be asked; others go by the exit code.
func requeue(ctx context.Context) {
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
