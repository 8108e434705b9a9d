package watching

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/watch"
	"joule/watch/mlflow"
	"joule/watch/tracked"
)

// mlflowFlags are the flags of joule mlflow.
type mlflowFlags struct {
	to, experiment, backend    string
	follow, noFigures, noModel bool
	interval                   time.Duration
}

// NewMLflow is the command mlflow.
func NewMLflow() *cobra.Command {
	o := mlflowFlags{}
	cmd := &cobra.Command{
		Use:   "mlflow DIR... --to URI",
		Short: "Tell an MLflow server of runs and suites",
		Long: `mlflow makes runs of an MLflow server out of runs and suites, and prints their addresses: the config as parameters, all that was
logged and how good the model is as metrics, the data set, and config, figures and parameters of the model as artifacts. A suite is a
run with its runs below it. DIR is a run, a suite, or a directory that holds some.

The same command again adds what is new and changes nothing else, so it may be stopped and started at any time. --follow goes on while
runs are trained, until all have ended; they do not wait for the server, which may be away for a while.

The environment says what it says to MLflow's own client: MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME stand in for --to and
--experiment, and MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, are sent along.`,
		Example: `  joule mlflow runs/dsm runs/nce --to http://127.0.0.1:5000
  joule mlflow bench/quick --to http://127.0.0.1:5000 --experiment quick --follow`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error { return o.run(cmd, dirs) },
	}
	cmd.Flags().StringVar(&o.to, "to", "", "address of the server (default $MLFLOW_TRACKING_URI)")
	cmd.Flags().StringVar(&o.experiment, "experiment", "", "experiment, which is made where it is not there (default $MLFLOW_EXPERIMENT_NAME, or joule)")
	cmd.Flags().BoolVar(&o.follow, "follow", false, "go on until all runs and suites have ended")
	cmd.Flags().DurationVar(&o.interval, "interval", 5*time.Second, "time between two looks of --follow")
	cmd.Flags().BoolVar(&o.noFigures, "no-figures", false, "neither draw nor measure: what is on the disk alone, which takes no backend")
	cmd.Flags().BoolVar(&o.noModel, "no-model", false, "leave the parameters of the models out")
	cli.BackendFlag(cmd, &o.backend, "that of the first run's config")
	return cmd
}

// run is the command.
func (o mlflowFlags) run(cmd *cobra.Command, dirs []string) error {
	if o.interval < 100*time.Millisecond {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--interval %s: want 100ms or more", o.interval))
	}
	if o.to == "" {
		o.to = os.Getenv(mlflow.URIVariable)
	}
	if o.to == "" {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--to is missing, and $%s not set: want the address of an MLflow server, such as http://127.0.0.1:5000; usage: %s",
			mlflow.URIVariable, cmd.UseLine()))
	}
	for _, name := range []string{os.Getenv(mlflow.ExperimentVariable), "joule"} {
		if o.experiment == "" {
			o.experiment = name
		}
	}
	if err := watch.CheckPaths(dirs); err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	server, err := mlflow.Open(o.to, cli.Version)
	if err != nil {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--to: %w", err))
	}
	finder := tracked.NewFinder(dirs...)
	found, err := finder.Find()
	if err != nil {
		return err
	}
	if len(found.Runs)+len(found.Suites) == 0 {
		return fmt.Errorf("no runs in %s", strings.Join(dirs, ", "))
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second one ends it at once
	experiment, err := server.Experiment(ctx, o.experiment)
	if err == nil {
		teller := &mlflowTeller{mlflowFlags: o, experiment: experiment, painter: &painter{backend: o.backend}, out: cmd.OutOrStdout(),
			told: map[string]string{}, printed: map[string]bool{}, warned: map[string]bool{}}
		defer teller.painter.close()
		if o.follow {
			err = teller.goOn(ctx, finder, found)
		} else {
			err = teller.tell(ctx, found)
		}
	}
	if ctx.Err() != nil && err != nil {
		return cli.Coded(cli.ExitInterrupted, errors.New("stopped by a signal; the same command goes on"))
	}
	return err
}

// The longest pause between two looks, whatever they take; and how long the server may be away when all runs have ended.
const (
	longestLook = time.Minute
	lastTries   = 10 * time.Minute
)

// goOn tells what is new until everything has ended. Where the server is away it tries again; what is wrong in another way, such as a
// token that is no longer good, is an error.
func (m *mlflowTeller) goOn(ctx context.Context, finder *tracked.Finder, found *tracked.Found) error {
	isAway, ended := false, time.Time{}
	for {
		err := m.tell(ctx, found)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case mlflow.IsTemporary(err):
			if !isAway {
				slog.Warn("the server is away; it is tried again, and nothing is lost", "cause", cli.OneLine(err))
			}
		case m.isFatal(err):
			return err
		default:
			if isAway {
				slog.Info("the server is there again")
			}
			if err != nil {
				m.warn("", cli.OneLine(err))
			}
		}
		isAway = mlflow.IsTemporary(err)
		if isEnded(found) {
			if ended.IsZero() {
				ended = time.Now()
			}
			if !isAway || time.Since(ended) > lastTries {
				return err
			}
		} else {
			ended = time.Time{}
		}
		// Looking takes a tenth of a core at most.
		pause := time.NewTimer(min(max(9*m.read, m.interval), longestLook))
		select {
		case <-ctx.Done():
			pause.Stop()
			return context.Cause(ctx)
		case <-pause.C:
		}
		begun := time.Now()
		now, err := finder.Find()
		m.read = time.Since(begun)
		if err != nil {
			m.warn("", cli.OneLine(err)) // a table is being written, say
			continue
		}
		found = now
	}
}

// isEnded says whether nothing is trained any more.
func isEnded(found *tracked.Found) bool {
	for _, run := range found.Runs {
		if run.State() == watch.Running {
			return false
		}
	}
	for _, suite := range found.Suites {
		if suite.IsRunning || suite.Running > 0 {
			return false
		}
	}
	return true
}
