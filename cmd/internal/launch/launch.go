// Package launch is joule launch, which hands runs to a scheduler.
package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/internal/strictyaml"
	"joule/launch"
)

// options are the flags of joule launch.
type options struct {
	out, on, profile, backend string
	sets                      []string
	dryRun, retry             bool
	grace                     time.Duration
}

// New is the command launch.
func New() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "launch [SUITE|CONFIG]",
		Short: "Give the runs of a suite, or the run of a config, to a scheduler",
		Long: `launch cuts a suite into tasks and hands them to a scheduler: to this machine (--on local), where they run while the command
does, to Slurm (--on slurm), as an array of jobs, or to Kubernetes (--on kubernetes), as an indexed job. A config is one task, its
run directory DIR/run. What tasks need, and how a site wants to be asked for it, is in a profile (--profile), a YAML file.

The directory holds all there is, so that the same command again hands in what has no result yet and is neither waiting nor running.
A task that is told to end, by preemption or by the end of its time, saves; started again it goes on, bit for bit. joule launch
collect makes of a suite the directory that joule bench would have made.

The path of the directory is printed on standard output. The exit code is 0 where everything was handed in, and, with local,
where every run has ended.`,
		Example: `  joule launch quick --out bench/quick
  joule launch toy2d --on slurm --profile cluster.yaml --dry-run
  joule launch my.yaml --on slurm --profile cluster.yaml --out runs/my --set train.steps=100000
  joule launch toy2d --on kubernetes --profile cluster.yaml --out /scratch/toy2d`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return o.run(cmd, args[0])
		},
	}
	cmd.Flags().StringVar(&o.out, "out", "", "launch directory (default: bench/NAME of a suite, runs/NAME of a config)")
	cmd.Flags().StringVar(&o.on, "on", "", "scheduler: "+strings.Join(slices.Sorted(maps.Keys(launch.Kinds)), ", ")+" (default: the last one of the directory, or else "+launch.Default+")")
	cmd.Flags().StringVar(&o.profile, "profile", "", "file that says what tasks need (default: that of the last launch)")
	cmd.Flags().StringArrayVar(&o.sets, "set", nil, "change a key of the suite or config; repeatable")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would be handed in, and write nothing")
	cmd.Flags().BoolVar(&o.retry, "retry", false, "make runs again that failed, crashed or hung")
	cmd.Flags().DurationVar(&o.grace, "grace", 30*time.Second, "with local, the most that saving may take after a signal")
	cli.BackendFlag(cmd, &o.backend, "those of the configs")
	cmd.AddCommand(newStatus(), newLogs(), newCancel(), newCollect(), newTask())
	return cmd
}

// run is the command.
func (o options) run(cmd *cobra.Command, name string) error {
	if o.grace <= 0 {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--grace %s: want more than 0", o.grace))
	}
	what, err := o.load(name)
	if err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	if o.out == "" {
		o.out = what.folder()
	}
	d, err := launch.OpenOrNew(o.out)
	if err != nil {
		return err
	}
	if err := isFor(d, what, o.out); err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	schedulers, err := o.schedulers(d)
	if err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	scheduler, err := schedulers.of(schedulers.name)
	if err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	if o.dryRun {
		return o.show(cmd, d, what, schedulers, scheduler)
	}
	if err := scheduler.Check(cmd.Context(), d); err != nil {
		return err
	}
	signals := cli.WatchSignals(o.grace + 10*time.Second)
	defer signals.Stop()
	jobs, err := o.submit(cmd.Context(), d, what, schedulers, scheduler)
	if err != nil {
		return err
	}
	ctx := signals.Training(cmd.Context())
	attendant, attends := scheduler.(launch.Attendant)
	if attends && len(jobs) > 0 {
		err = o.attend(ctx, d, attendant, jobs)
		signals.Stop()
		if stopped, ok := errors.AsType[*cli.Interruption](context.Cause(ctx)); ok && err != nil {
			if stopped.Requeue {
				cli.Requeue(context.WithoutCancel(ctx))
			}
			return cli.Coded(stopped.Code(), fmt.Errorf("%w; the same command goes on", stopped))
		}
		if err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), o.out); err != nil || !attends {
		return err
	}
	return judge(d)
}

// isFor reports a directory that holds something else.
func isFor(d *launch.Dir, what *launched, out string) error {
	if d.Name != "" && (d.What != what.kind || d.Name != what.name) {
		return fmt.Errorf("%s: holds the launch of the %s %s, and not of the %s %s; name another directory with --out", out, d.What, d.Name, what.kind, what.name)
	}
	if _, err := os.Stat(filepath.Join(d.Path, "config.yaml")); err == nil {
		return fmt.Errorf("%s: is a run directory; name another one with --out", out)
	}
	return nil
}

// schedulerSet makes schedulers by name.
type schedulerSet struct {
	name    string // of the one to use
	profile *launch.Profile
	program string
	grace   time.Duration
	made    map[string]launch.Scheduler
}

// schedulers are those that a directory may need.
func (o options) schedulers(d *launch.Dir) (*schedulerSet, error) {
	s := &schedulerSet{name: o.on, grace: o.grace, made: map[string]launch.Scheduler{}}
	if s.name == "" {
		s.name = d.On
	}
	if s.name == "" {
		s.name = launch.Default
	}
	path := o.profile
	if path == "" {
		path = d.ProfilePath()
	}
	var err error
	if s.profile, err = launch.LoadProfile(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("--profile: %w", err)
		}
		return nil, err
	}
	s.program, err = os.Executable()
	return s, err
}

// of makes a scheduler, or takes the one that was made.
func (s *schedulerSet) of(name string) (launch.Scheduler, error) {
	if s.made[name] != nil {
		return s.made[name], nil
	}
	kind := launch.Kinds[name]
	if kind == nil {
		names := slices.Sorted(maps.Keys(launch.Kinds))
		hint := strictyaml.Suggest(name, names, "want one of "+strings.Join(names, ", "))
		return nil, fmt.Errorf("unknown scheduler %.40q; %s", name, hint)
	}
	made := kind(s.profile, s.program)
	if local, ok := made.(*launch.Local); ok && s.grace > 0 {
		local.Grace = s.grace
	}
	s.made[name] = made
	return made, nil
}

// submit hands in what is to be done and is not expected to be, and returns its jobs.
func (o options) submit(ctx context.Context, d *launch.Dir, what *launched, schedulers *schedulerSet, scheduler launch.Scheduler) ([]*launch.Job, error) {
	release, err := d.Make()
	if err != nil {
		return nil, err
	}
	defer release()
	if err := isFor(d, what, o.out); err != nil { // it may have become so
		return nil, cli.Coded(cli.ExitUsage, err)
	}
	work, err := o.plan(ctx, d, what, schedulers)
	if err != nil {
		return nil, err
	}
	d.What, d.Name, d.On, d.Joule = what.kind, what.name, schedulers.name, cli.Version
	if err := errors.Join(d.Save(), d.SaveProfile(schedulers.profile), work.save(d)); err != nil {
		return nil, err
	}
	if len(work.tasks) == 0 {
		slog.Info("nothing to hand in", work.counts()...)
		return nil, nil
	}
	jobs, err := scheduler.Divide(ctx, d, work.tasks)
	if err != nil {
		return nil, err
	}
	for i, j := range jobs {
		if err := d.Note(j); err != nil {
			return nil, err
		}
		if err := scheduler.Submit(ctx, d, j); err != nil {
			if _, isUnsure := errors.AsType[*launch.UnsureError](err); !isUnsure {
				err = errors.Join(err, d.Forget(j))
			}
			if i > 0 {
				err = fmt.Errorf("%w; %d of %d jobs are handed in, and the same command hands in the others", err, i, len(jobs))
			}
			return nil, err
		}
		if err := d.Save(); err != nil {
			return nil, err
		}
		slog.Info("handed in", "job", j.ID, "tasks", j.Tasks.String(), "on", j.On)
	}
	slog.Info(fmt.Sprintf("%s %s on %s", what.kind, what.name, schedulers.name), append(work.counts(), "handed_in", len(work.tasks), "directory", o.out)...)
	return jobs, nil
}
