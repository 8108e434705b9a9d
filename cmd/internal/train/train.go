// Package train is joule train: its flags, and how it shows how far it is.
package train

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/training"
	"joule/configs"
	"joule/rundir"
)

// ResumeAuto is the value of --resume that goes on with what --out names if there is something, and else starts it.
const ResumeAuto = "auto"

// Options are the flags of joule train.
type Options struct {
	training.Options
	backend  string
	sets     []string
	seed     int64
	Resume   string
	FromStep int
	Grace    time.Duration
	metrics  cli.MetricsAddress
}

// New is the command train.
func New() *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "train [CONFIG]",
		Short: "Train an energy-based model",
		Long: `train fits the model of a config to its data and leaves a run directory: config, parameters, metrics, environment,
checkpoints and figures. CONFIG is a file, or the name of a config that comes with joule (joule configs list).

With train.replicas=R it trains R runs at once, which differ in their seeds and take turns nowhere: each gets a run directory
seed-N of its own inside the one named by --out.

--resume RUN goes on with a run, or several, from the newest checkpoint, as if they had never been interrupted: bit for bit
on the same backend. A larger train.steps makes a finished run longer. --resume=auto goes on with what --out names, or starts
it where there is nothing yet, and takes the newest good checkpoint: the command to give to a scheduler.

The path of each run directory is printed on standard output. SIGINT, SIGTERM and SIGHUP finish the steps at hand, of about
a second, save, and exit with 130; SIGUSR1 and SIGUSR2 do the same, have Slurm requeue the job, and exit with 75. A second
one, a second later, ends at once.`,
		Example: `  joule train two-gaussians/dsm --out runs/dsm
  joule train --resume runs/dsm --set train.steps=20000
  joule train my.yaml --set method.sigma=0.1 --seed 1 --backend go --out runs/my --resume=auto`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dirs, err := o.Run(cmd, args)
			for _, dir := range dirs {
				fmt.Fprintln(cmd.OutOrStdout(), dir)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&o.Out, "out", "", "run directory to make; must not exist, or be empty (default: runs/NAME-TIME)")
	cmd.Flags().StringArrayVar(&o.sets, "set", nil, "change a key of the config, such as method.sigma=0.1; repeatable")
	cmd.Flags().Int64Var(&o.seed, "seed", 0, "seed of the run (default: that of the config)")
	cmd.Flags().BoolVar(&o.NoFigures, "no-figures", false, "draw no figures at the end")
	cmd.Flags().StringVar(&o.Resume, "resume", "", "run directory to go on with, or auto: the one of --out if it exists")
	cmd.Flags().IntVar(&o.FromStep, "from-step", -1, "go on from the checkpoint of this step, 0 being the start; later ones are set aside")
	cmd.Flags().DurationVar(&o.Grace, "grace", 30*time.Second, "the most that saving may take after a signal")
	cli.BackendFlag(cmd, &o.backend, "that of the config")
	o.metrics.Flag(cmd)
	cmd.Flags().StringVar(&o.Tensorboard, "tensorboard", "", "log directory to write event files for TensorBoard into while training")
	return cmd
}

// Run is the command.
func (o Options) Run(cmd *cobra.Command, args []string) (dirs []string, err error) {
	if err := o.check(cmd, args); err != nil {
		return nil, cli.Coded(cli.ExitUsage, err)
	}
	if err := o.CheckBoard(o.Resume != ""); err != nil {
		return nil, err
	}
	if o.Signals == nil {
		o.Signals = cli.WatchSignals(o.Grace)
	}
	defer o.Signals.Stop()
	sets := o.sets
	if cmd.Flags().Changed("seed") {
		sets = append(sets, fmt.Sprintf("seed=%d", o.seed))
	}
	var config *configs.Config
	if len(args) == 1 {
		if config, err = configs.Load(args[0], sets); err != nil {
			return nil, cli.Coded(cli.ExitUsage, err)
		}
	}
	var stop func()
	if stop, o.Begun, err = o.metrics.ListenForRuns(); err != nil {
		return nil, err
	}
	defer stop()
	dir := o.Out
	if o.Resume != "" && o.Resume != ResumeAuto {
		dir = o.Resume
	}
	var from *training.Resumption
	if o.Resume != "" {
		if rundir.IsLockable(dir) { // before anything in it is read
			release, err := rundir.Lock(dir)
			if err != nil {
				return nil, err
			}
			defer release()
			o.Locked = true
		}
		if from, err = training.FindResumption(dir, o.FromStep, o.Resume == ResumeAuto); err != nil && o.Resume == ResumeAuto {
			if isClear, clearErr := rundir.ClearUnstarted(dir); isClear || clearErr != nil {
				from, err = nil, clearErr
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if from != nil {
		if config, err = from.Changed(config, sets, o.backend); err != nil {
			return nil, err
		}
	} else if o.backend != "" {
		config.Backend = o.backend
	}
	return training.Train(cmd.Context(), config, o.Options, from, progressFor(cmd))
}

// check reports flags and arguments that do not go together.
func (o Options) check(cmd *cobra.Command, args []string) error {
	changed := cmd.Flags().Changed
	switch {
	case changed("seed") && o.seed < 0:
		return fmt.Errorf("--seed %d: want 0 or more", o.seed)
	case changed("from-step") && o.FromStep < 0:
		return fmt.Errorf("--from-step %d: want 0 or more", o.FromStep)
	case changed("from-step") && o.Resume == "":
		return errors.New("--from-step needs --resume RUN")
	case o.Grace <= 0:
		return fmt.Errorf("--grace %s: want more than 0", o.Grace)
	case o.Resume == ResumeAuto && (o.Out == "" || len(args) == 0):
		return errors.New("--resume=auto needs a CONFIG and --out, so that the next time it finds what it began")
	case o.Resume != "" && o.Resume != ResumeAuto && o.Out != "":
		return fmt.Errorf("--resume %s goes on in that directory: leave out --out", o.Resume)
	case changed("resume") && o.Resume == "":
		return errors.New("--resume: want a run directory, or auto")
	case o.Resume == "" && len(args) == 0:
		return errors.New("a CONFIG is missing; usage: joule train [CONFIG] [flags]")
	}
	return nil
}
