package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"joule/configs"
	"joule/rundir"
)

// resumeAuto is the value of --resume that goes on with what --out names if there is something, and else starts it.
const resumeAuto = "auto"

// trainOptions are the flags of joule train.
type trainOptions struct {
	options
	backend  string
	sets     []string
	seed     int64
	resume   string
	fromStep int
	grace    time.Duration
	metrics  metricsAddress
}

func newTrain() *cobra.Command {
	var o trainOptions
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
			dirs, err := o.run(cmd, args)
			for _, dir := range dirs {
				fmt.Fprintln(cmd.OutOrStdout(), dir)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&o.out, "out", "", "run directory to make; must not exist, or be empty (default: runs/NAME-TIME)")
	cmd.Flags().StringArrayVar(&o.sets, "set", nil, "change a key of the config, such as method.sigma=0.1; repeatable")
	cmd.Flags().Int64Var(&o.seed, "seed", 0, "seed of the run (default: that of the config)")
	cmd.Flags().BoolVar(&o.noFigures, "no-figures", false, "draw no figures at the end")
	cmd.Flags().StringVar(&o.resume, "resume", "", "run directory to go on with, or auto: the one of --out if it exists")
	cmd.Flags().IntVar(&o.fromStep, "from-step", -1, "go on from the checkpoint of this step, 0 being the start; later ones are set aside")
	cmd.Flags().DurationVar(&o.grace, "grace", 30*time.Second, "the most that saving may take after a signal")
	backendFlag(cmd, &o.backend, "that of the config")
	o.metrics.flag(cmd)
	cmd.Flags().StringVar(&o.tensorboard, "tensorboard", "", "log directory to write event files for TensorBoard into while training")
	return cmd
}

// run is the command.
func (o trainOptions) run(cmd *cobra.Command, args []string) (dirs []string, err error) {
	if err := o.check(cmd, args); err != nil {
		return nil, coded(exitUsage, err)
	}
	if err := o.checkBoard(o.resume != ""); err != nil {
		return nil, err
	}
	if o.signals == nil {
		o.signals = watchSignals(o.grace)
	}
	defer o.signals.stop()
	sets := o.sets
	if cmd.Flags().Changed("seed") {
		sets = append(sets, fmt.Sprintf("seed=%d", o.seed))
	}
	var config *configs.Config
	if len(args) == 1 {
		if config, err = configs.Load(args[0], sets); err != nil {
			return nil, coded(exitUsage, err)
		}
	}
	var stop func()
	if stop, o.begun, err = o.metrics.listenForRuns(); err != nil {
		return nil, err
	}
	defer stop()
	dir := o.out
	if o.resume != "" && o.resume != resumeAuto {
		dir = o.resume
	}
	var from *resumption
	if o.resume != "" {
		if rundir.IsLockable(dir) { // before anything in it is read
			release, err := rundir.Lock(dir)
			if err != nil {
				return nil, err
			}
			defer release()
			o.locked = true
		}
		if from, err = findResumption(dir, o.fromStep, o.resume == resumeAuto); err != nil && o.resume == resumeAuto {
			if isClear, clearErr := rundir.ClearUnstarted(dir); isClear || clearErr != nil {
				from, err = nil, clearErr
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if from != nil {
		if config, err = from.changed(config, sets, o.backend); err != nil {
			return nil, err
		}
	} else if o.backend != "" {
		config.Backend = o.backend
	}
	return train(cmd.Context(), config, o.options, from, progressFor(cmd))
}

// check reports flags and arguments that do not go together.
func (o trainOptions) check(cmd *cobra.Command, args []string) error {
	changed := cmd.Flags().Changed
	switch {
	case changed("seed") && o.seed < 0:
		return fmt.Errorf("--seed %d: want 0 or more", o.seed)
	case changed("from-step") && o.fromStep < 0:
		return fmt.Errorf("--from-step %d: want 0 or more", o.fromStep)
	case changed("from-step") && o.resume == "":
		return errors.New("--from-step needs --resume RUN")
	case o.grace <= 0:
		return fmt.Errorf("--grace %s: want more than 0", o.grace)
	case o.resume == resumeAuto && (o.out == "" || len(args) == 0):
		return errors.New("--resume=auto needs a CONFIG and --out, so that the next time it finds what it began")
	case o.resume != "" && o.resume != resumeAuto && o.out != "":
		return fmt.Errorf("--resume %s goes on in that directory: leave out --out", o.resume)
	case changed("resume") && o.resume == "":
		return errors.New("--resume: want a run directory, or auto")
	case o.resume == "" && len(args) == 0:
		return errors.New("a CONFIG is missing; usage: joule train [CONFIG] [flags]")
	}
	return nil
}
