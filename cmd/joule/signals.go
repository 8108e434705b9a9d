package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// interruption is why a training was stopped from outside, as the cause of its context.
type interruption struct {
	signal  os.Signal
	requeue bool // it is to be started again
}

func (i *interruption) Error() string { return "stopped by " + signalName(i.signal) }

// code is the exit code of a training that was stopped and saved.
func (i *interruption) code() int {
	if i.requeue {
		return exitRequeue
	}
	return exitInterrupted
}

func signalName(s os.Signal) string {
	for name, known := range map[string]os.Signal{"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM, "SIGUSR1": syscall.SIGUSR1, "SIGUSR2": syscall.SIGUSR2} {
		if s == known {
			return name
		}
	}
	return s.String()
}

// untilSignal is a context that ends with the first signal, for a training that has something to save; its cause is then an
// *interruption. SIGUSR1 and SIGUSR2, by which a scheduler warns of the end, ask for the training to be started again. A
// second signal ends the program at once, and so does the time that saving may take. What is on the disk is whole then, too.
func untilSignal(parent context.Context, grace time.Duration) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals, stopped := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		var first *interruption
		var late <-chan time.Time
		for {
			select {
			case <-stopped:
				return
			case <-late:
				fmt.Fprintf(os.Stderr, "joule: what was trained could not be saved within %s (--grace): the last checkpoint is what there is\n", grace)
				os.Exit(exitUnsaved)
			case s := <-signals:
				if first != nil {
					fmt.Fprintf(os.Stderr, "joule: %s after %s: stopped at once\n", signalName(s), signalName(first.signal))
					os.Exit(first.code())
				}
				first = &interruption{s, s == syscall.SIGUSR1 || s == syscall.SIGUSR2}
				slog.Info("stopping: the steps at hand are finished and saved; another signal stops at once", "signal", signalName(s))
				late = time.After(grace)
				cancel(first)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(stopped)
		cancel(nil)
	}
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
