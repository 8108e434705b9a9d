// Package bench is joule bench, which makes the runs of a suite.
package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"joule/backends"
	"joule/bench"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/suiterun"
	"joule/cmd/internal/tables"
	"joule/cmd/internal/worker"
	"joule/launch"
	"joule/results"
	"joule/rundir"
	"joule/suites"
	"joule/watch"
)

// options are the flags of joule bench.
type options struct {
	out, backend  string
	sets          []string
	jobs          int
	dryRun, retry bool
	grace         time.Duration
	metrics       cli.MetricsAddress
	devices       string
	gpus          []string // that workers are placed on; none: they see what this process sees
}

// New is the command bench.
func New() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "bench [SUITE]",
		Short: "Train a grid of runs, measure each, and compare methods",
		Long: `bench makes the runs of a suite, measures each and writes a table with a row a run. SUITE is a file, or the name of a suite
that comes with joule (joule bench list).

The directory of the suite holds results.csv and results.parquet, the run directories in runs/, and a journal of what is done:
the same command goes on where it was stopped, and repeats nothing that is done. A run that fails, crashes, hangs or diverges is a
row with its reason; --retry tries again those that failed, crashed or hung.

Runs are made in processes of their own, several at a time (--jobs). Those of a cell, which differ in their seeds alone, are
trained at once in one program where they are small. On GPUs each worker is given one, in turn (--devices), by CUDA_VISIBLE_DEVICES.

The path of the directory is printed on standard output. SIGINT, SIGTERM and SIGHUP save what is being trained and exit with 130,
SIGUSR1 and SIGUSR2 with 75. The exit code is 0 where all runs have a row, whatever is in it.`,
		Example: `  joule bench quick
  joule bench toy2d --dry-run
  joule bench my.yaml --jobs 4 --out bench/my --set seeds=3
  joule bench gpu-scale --backend xla:cuda --devices 0,2
  joule bench table bench/quick --metric kl`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return o.run(cmd, args[0])
		},
	}
	cmd.Flags().StringVar(&o.out, "out", "", "directory of the suite (default: bench/NAME)")
	cmd.Flags().StringArrayVar(&o.sets, "set", nil, "change a key of the suite, such as seeds=2; repeatable")
	cmd.Flags().IntVar(&o.jobs, "jobs", 0, "workers at a time (default: one a core, and with xla:cuda one a GPU)")
	cmd.Flags().StringVar(&o.devices, "devices", "", "GPUs to place workers on, in turn: all, how many, or a list such as 0,2 (default with xla:cuda: all)")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "list the runs and what they are likely to take, and make none")
	cmd.Flags().BoolVar(&o.retry, "retry", false, "make runs again that failed, crashed or hung")
	cmd.Flags().DurationVar(&o.grace, "grace", 30*time.Second, "the most that saving may take after a signal")
	cli.BackendFlag(cmd, &o.backend, "those of the configs")
	o.metrics.Flag(cmd)
	cmd.AddCommand(newList(), newShow(), newValidate(), tables.NewTable(), tables.NewCompare(), tables.NewRank(), worker.New())
	return cmd
}

// run is the command.
func (o options) run(cmd *cobra.Command, name string) error {
	if o.jobs < 0 {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--jobs %d: want 1 or more, or 0 for one a core", o.jobs))
	}
	if o.grace <= 0 {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--grace %s: want more than 0", o.grace))
	}
	suite, err := suites.Load(name, o.sets)
	if err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	cells, err := suite.Cells()
	if err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	if o.out == "" {
		o.out = filepath.Join("bench", suite.Name)
	}
	dir, err := filepath.Abs(o.out)
	if err != nil {
		return err
	}
	how := bench.Options{Dir: dir, Backend: o.backend, Version: cli.Version, Retry: o.retry}
	if err := o.place(suite, cells, how); err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	if o.dryRun {
		return o.list(cmd, suite, cells)
	}
	unlisten, err := o.metrics.Listen(watch.New(o.out).Look, true)
	if err != nil {
		return err
	}
	defer unlisten()
	signals := cli.WatchSignals(o.grace + 10*time.Second) // by then the workers have saved, or were killed
	defer signals.Stop()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	release, err := rundir.Lock(dir)
	if err != nil {
		return err
	}
	defer release()
	journal, err := results.OpenJournal(filepath.Join(dir, results.JournalFile))
	if err != nil {
		return err
	}
	defer journal.Close()
	if launched, err := launch.Open(dir); err == nil {
		if _, err := launched.Collect(journal); err != nil {
			return err
		}
	}
	plan, err := bench.NewPlan(suite, cells, journal, how)
	if err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	if err := suiterun.WriteText(filepath.Join(dir, "suite.yaml"), suite.Text); err != nil {
		return err
	}
	if err := o.writePlan(dir, suite, plan); err != nil {
		return err
	}
	slog.Info("suite "+suite.Name, "cells", len(cells), "runs", len(plan.Keys), "done", plan.Done, "refused", len(plan.Refused), "directory", o.out)
	ctx := signals.Training(cmd.Context())
	begun := time.Now()
	spent := &spending{}
	err = o.execute(ctx, cmd, plan, journal, how, spent)
	if spent.runs > 0 {
		jobs := float64(o.workers(len(plan.Tasks)))
		slog.Info("made", "runs", spent.runs, "not_completed", spent.runs-spent.completed, "seconds", cli.Round(time.Since(begun).Seconds()), "workers", jobs,
			"training", cli.Round(spent.training), "compiling", cli.Round(spent.compiling), "measuring", cli.Round(spent.measuring),
			"other_ms_a_run", cli.Round(1000*(jobs*time.Since(begun).Seconds()-spent.training-spent.compiling-spent.measuring)/float64(spent.runs)))
	}
	tables := &suiterun.Tables{Dir: dir, Journal: journal, Keys: plan.Keys}
	if written := tables.Write(); err == nil {
		err = written
	}
	signals.Stop()
	stopped, _ := errors.AsType[*cli.Interruption](context.Cause(ctx))
	if stopped != nil && stopped.Requeue {
		cli.Requeue(context.WithoutCancel(ctx))
	}
	if unusable := (*bench.UnusableError)(nil); errors.As(err, &unusable) {
		return cli.Coded(unusable.Code, err)
	}
	if errors.Is(err, context.Canceled) && stopped != nil {
		return cli.Coded(stopped.Code(), fmt.Errorf("%w; the same command goes on", stopped))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), o.out)
	return err
}

// spending is what runs have taken, in seconds of their workers.
type spending struct {
	runs, completed                int
	training, compiling, measuring float64
}

func (s *spending) add(rows []*results.Row) {
	for _, r := range rows {
		s.runs++
		if r.Status == results.Completed {
			s.completed++
		}
		s.training += r.Metrics["seconds"]
		s.compiling += r.Metrics["compile_seconds"]
		s.measuring += r.Metrics["measure_seconds"]
	}
}

// workers is how many there are for so many tasks.
func (o options) workers(tasks int) int {
	jobs := o.jobs
	if jobs == 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	return max(min(jobs, tasks), 1)
}

// execute makes the runs of a plan.
func (o options) execute(ctx context.Context, cmd *cobra.Command, plan *bench.Plan, journal *results.Journal, how bench.Options, spent *spending) error {
	jobs := o.workers(len(plan.Tasks))
	start, err := suiterun.WorkerCommand(o.backend, o.grace)
	if err != nil {
		return err
	}
	threads := max(runtime.GOMAXPROCS(0)/jobs, 1)
	shown := suiterun.ProgressFor(cmd, plan)
	defer shown.Stop()
	tables := &suiterun.Tables{Dir: how.Dir, Journal: journal, Keys: plan.Keys, Last: time.Now()}
	runner := &bench.Runner{
		Plan: plan, Journal: journal, Options: how, Jobs: jobs, Grace: o.grace, MostMemory: backends.ThisSystem().Memory / int64(2*jobs),
		Command: func(number int) *exec.Cmd {
			worker := start()
			worker.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", threads))
			bench.Place(worker, number, o.gpus)
			return worker
		},
		Beat: shown.Beat,
		Finished: func(worker int, t *bench.Task, rows []*results.Row) {
			shown.Finished(worker, t, rows)
			spent.add(rows)
			tables.Now()
		},
	}
	return runner.Run(ctx)
}
