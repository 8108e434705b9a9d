package launch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"joule/backends"
	"joule/bench"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/suiterun"
	"joule/cmd/internal/train"
	"joule/cmd/internal/training"
	"joule/launch"
	"joule/results"
)

// newTask is the command that schedulers start.
func newTask() *cobra.Command {
	var grace time.Duration
	cmd := &cobra.Command{
		Use:   "task DIR N",
		Short: "Make a task of a launch directory",
		Long: `task makes the runs of task N of a launch directory that have not ended, and goes on with those that were begun. It is what a
scheduler starts, which is asked to start it again where the exit code is 75: then SIGUSR1 or SIGUSR2 has stopped it, and all is saved.`,
		Hidden: true,
		Args:   cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := strconv.Atoi(args[1])
			if err != nil || number < 0 {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("task %q: want a number, 0 or more", args[1]))
			}
			d, err := launch.Open(args[0])
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			task, err := d.Task(number)
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			return runTask(cmd, d, task, grace)
		},
	}
	cmd.Flags().DurationVar(&grace, "grace", 30*time.Second, "the most that saving may take after a signal")
	return cmd
}

// runTask makes a task, and notes in its files that it was tried and how that ended.
func runTask(cmd *cobra.Command, d *launch.Dir, task *launch.Task, grace time.Duration) (err error) {
	notAsking := func(context.Context) {} // whoever started the task goes by its exit code
	patience := grace
	if d.What == launch.OfSuite {
		patience += 10 * time.Second // by then the worker has saved, or was killed
	}
	signals := cli.WatchSignalsFor(patience, notAsking)
	defer signals.Stop()
	// An earlier process of the task, whose machine was lost to the scheduler, may still be saving. If it does not leave, the task is
	// to be tried again later.
	release, err := cli.AwaitLock(task.Lock)
	if err != nil {
		return cli.Coded(cli.ExitRequeue, err)
	}
	defer release()
	host, _ := os.Hostname() // it is for people
	attempt := launch.Attempt{ID: time.Now().UTC(), Host: host, PID: os.Getpid(), Job: cmp.Or(os.Getenv("SLURM_ARRAY_JOB_ID"), os.Getenv("SLURM_JOB_ID"), os.Getenv("JOULE_JOB"))}
	if err := task.Note(attempt); err != nil {
		return err
	}
	defer func() {
		attempt.Ended, attempt.Code = time.Now().UTC(), cli.ExitCode(err)
		if err != nil {
			attempt.Error = cli.FirstOf(err.Error(), 1000)
		}
		if noted := task.Note(attempt); err == nil {
			err = noted
		}
	}()
	slog.Info("task", "number", task.Number, "of", d.Path, "host", host)
	if d.What == launch.OfConfig {
		o := train.Options{Options: training.Options{Out: filepath.Join(d.Path, launch.RunFolder), Signals: signals}, Resume: train.ResumeAuto, FromStep: -1, Grace: grace}
		_, err := o.Run(cmd, []string{task.ConfigPath()})
		return err
	}
	return runSuiteTask(cmd, d, task, signals, grace)
}

// runSuiteTask makes runs of a suite in a worker process, as joule bench does, and keeps their rows with the task.
func runSuiteTask(cmd *cobra.Command, d *launch.Dir, task *launch.Task, signals *cli.Watcher, grace time.Duration) error {
	rows, err := results.OpenJournal(task.RowsPath())
	if err != nil {
		return err
	}
	defer rows.Close()
	known, err := results.ReadJournal(filepath.Join(d.Path, results.JournalFile))
	if err != nil {
		return err
	}
	isDone := func(key string) bool {
		if _, ok := rows.Status(key); ok {
			return true
		}
		status, ok := known.Status(key)
		return ok && !bench.IsWorthRetrying(status)
	}
	plan, err := bench.PlanOf(task.Runs, task.Timeout, isDone)
	if closeErr := known.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	start, err := suiterun.WorkerCommand(task.Backend, grace)
	if err != nil {
		return err
	}
	made := 0
	shown := suiterun.ProgressFor(cmd, plan)
	defer shown.Stop()
	runner := &bench.Runner{
		Plan: plan, Journal: rows, Options: bench.Options{Dir: task.Folder()}, Jobs: 1, Grace: grace, MostMemory: backends.ThisSystem().Memory / 2,
		Command: func(int) *exec.Cmd { return start() },
		Beat:    shown.Beat,
		Finished: func(worker int, t *bench.Task, ended []*results.Row) {
			shown.Finished(worker, t, ended)
			made += len(ended)
		},
	}
	ctx := signals.Training(cmd.Context())
	err = runner.Run(ctx)
	stopped, _ := errors.AsType[*cli.Interruption](context.Cause(ctx))
	if unusable := (*bench.UnusableError)(nil); errors.As(err, &unusable) {
		return cli.Coded(unusable.Code, err)
	}
	left := len(plan.Keys) - plan.Done - made
	switch {
	case err == nil && left == 0:
		return nil
	case stopped != nil: // a worker that could not be started is no other reason
		return cli.Coded(stopped.Code(), fmt.Errorf("%w; %d of %d runs are left", stopped, left, len(plan.Keys)))
	case err == nil: // a signal was for the worker alone
		return cli.Coded(cli.ExitInterrupted, fmt.Errorf("the worker was stopped by a signal; %d of %d runs are left", left, len(plan.Keys)))
	}
	return err
}
