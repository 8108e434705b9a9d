package watching

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/results"
	"joule/watch"
	"joule/watch/tensorboard"
	"joule/watch/tracked"
)

// tensorboardFlags are the flags of joule tensorboard.
type tensorboardFlags struct {
	out, backend string
	noFigures    bool
}

// NewTensorboard is the command tensorboard.
func NewTensorboard() *cobra.Command {
	var o tensorboardFlags
	cmd := &cobra.Command{
		Use:   "tensorboard DIR... --out LOGDIR",
		Short: "Turn runs and suites into event files for TensorBoard",
		Long: `tensorboard writes event files of runs into a log directory, a folder a run, and prints their paths: all that was logged, histograms
of the parameters at the checkpoints that there are, the figures of joule plot, for data in two dimensions the energy at each of
those checkpoints, how good the model is, the config, and hyperparameters. DIR is a run, a suite, or a directory that holds some.

Of a suite the hyperparameters are its axes, and runs that differ in their seeds are one group; figures are those of its rows, and
nothing is computed. The same command again replaces the files of what has changed. joule train --tensorboard LOGDIR writes such
files while it trains.`,
		Example: `  joule tensorboard runs/dsm runs/nce --out logs
  joule tensorboard bench/quick --out logs`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if o.out == "" {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("--out is missing: want a log directory, which is made where it is not there; usage: %s", cmd.UseLine()))
			}
			return o.run(cmd, dirs)
		},
	}
	cmd.Flags().StringVar(&o.out, "out", "", "log directory, to which tensorboard --logdir is then pointed")
	cmd.Flags().BoolVar(&o.noFigures, "no-figures", false, "neither draw nor measure: what is on the disk alone, which takes no backend")
	cli.BackendFlag(cmd, &o.backend, "that of the first run's config")
	return cmd
}

// run is the command.
func (o tensorboardFlags) run(cmd *cobra.Command, dirs []string) error {
	if err := watch.CheckPaths(dirs); err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	all, err := eventfulIn(dirs)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("no runs in %s", strings.Join(dirs, ", "))
	}
	painter := &painter{backend: o.backend}
	defer painter.close()
	written := 0
	for _, t := range all {
		path, problem := o.write(t, painter)
		*t = eventful{} // there may be thousands
		if painter.failed != nil {
			return painter.failed
		}
		if problem != nil {
			err = errors.Join(err, problem)
			continue
		}
		fmt.Fprintln(cmd.OutOrStdout(), path)
		written++
	}
	if written == 0 {
		return err
	}
	path, problem := tensorboard.Describe(o.out, cli.Version, shownMetrics())
	if _, isOther := errors.AsType[*tensorboard.OtherError](problem); isOther {
		slog.Warn("by what the runs differ is left to TensorBoard to find out", "cause", problem)
		return err
	}
	if problem == nil {
		fmt.Fprintln(cmd.OutOrStdout(), path)
	}
	return errors.Join(err, problem)
}

// write makes the event file of a run.
func (o tensorboardFlags) write(t *eventful, painter *painter) (path string, err error) {
	if err := t.read(); err != nil {
		return "", err
	}
	if !o.noFigures && t.Suite == "" {
		if painter.paint(t.Run, t.steps()); painter.failed != nil {
			return "", painter.failed
		}
	}
	return tensorboard.Write(filepath.Join(o.out, t.Name), t.Started, cli.Version, t.events())
}

// shownMetrics are the columns of TensorBoard's table of hyperparameters.
func shownMetrics() (list []tensorboard.Metric) {
	for _, f := range results.Figures {
		list = append(list, tensorboard.Metric{Tag: tracked.ResultTag + f.Name, Title: f.Title, Meaning: f.Meaning})
	}
	list = append(list, tensorboard.Metric{Tag: "loss", Title: "loss", Meaning: "as last logged"})
	for _, name := range []string{"validation_loss", "validation_score_matching", "validation_nll"} {
		list = append(list, tensorboard.Metric{Tag: name, Title: strings.ReplaceAll(name, "_", " "), Meaning: "the criterion of early stopping, as last looked at"})
	}
	return list
}

// eventfulIn finds the runs and suites in directories; runs of suites that have no row yet are left out. Two that would have one name are
// an error.
func eventfulIn(dirs []string) (all []*eventful, err error) {
	found, err := tracked.NewFinder(dirs...).Find()
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	add := func(t *tracked.Run) error {
		if other, taken := names[t.Name]; taken {
			return cli.Coded(cli.ExitUsage, fmt.Errorf("%s and %s: both would be called %s; name the directory that holds them, or choose another --out for one", other, t.Dir, t.Name))
		}
		names[t.Name] = t.Dir
		all = append(all, &eventful{Run: t})
		return nil
	}
	for _, run := range found.Runs {
		if err := add(run); err != nil {
			return nil, err
		}
	}
	for _, suite := range found.Suites {
		for _, run := range suite.Runs {
			if run.Row == nil {
				continue
			}
			if err := add(run); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}
