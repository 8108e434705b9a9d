package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/gomlx/compute"
	"github.com/spf13/cobra"

	"joule/backends"
	"joule/configs"
	"joule/datasets"
	"joule/rundir"
	"joule/trainers"
)

// trainOptions are the flags of joule train.
type trainOptions struct {
	out, backend string
	sets         []string
	seed         int64
	noFigures    bool
	resume       string
	fromStep     int
	grace        time.Duration
	locked       bool // the run directory was there, and is locked
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

The path of each run directory is printed on standard output. SIGINT and SIGTERM finish the steps at hand, of about a second,
save, and exit with 130; SIGUSR1 and SIGUSR2 do the same, have Slurm requeue the job, and exit with 75. A second signal ends
at once.`,
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
	return cmd
}

// run is the command.
func (o trainOptions) run(cmd *cobra.Command, args []string) (dirs []string, err error) {
	if err := o.check(cmd, args); err != nil {
		return nil, coded(exitUsage, err)
	}
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
	dir := o.out
	if o.resume != "" && o.resume != resumeAuto {
		dir = o.resume
	}
	var from *resumption
	if o.resume != "" {
		if _, err := os.Stat(dir); err == nil { // before anything in it is read
			release, err := rundir.Lock(dir)
			if err != nil {
				return nil, err
			}
			defer release()
			o.locked = true
		}
		if from, err = findResumption(dir, o); err != nil && o.resume == resumeAuto {
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
	return train(cmd.Context(), config, o, from, progressFor(cmd))
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

// train makes a run, or several at once, or goes on with them, and returns their directories, as far as they were made.
// The error is that of the training.
func train(ctx context.Context, config *configs.Config, o trainOptions, from *resumption, progress progress) (dirs []string, err error) {
	runs, err := replicasOf(config)
	if err != nil {
		return nil, err
	}
	var backend *backends.Backend
	if from == nil {
		backend, err = openForTraining(config, runs[0].set.Train.Dim)
	} else {
		backend, err = openAsBefore(from, config, runs[0].set.Train.Dim)
	}
	if err != nil {
		return nil, err
	}
	defer backend.Close()
	spec := trainers.Spec{
		Model: config.Model, Method: config.Method, Optimizer: config.Optimizer, Loop: config.Train, Data: runs[0].set, Seed: runs[0].config.Seed,
	}
	for _, r := range runs[1:] {
		spec.Replicas = append(spec.Replicas, trainers.Replica{Data: r.set, Seed: r.config.Seed})
	}
	start := time.Now()
	trainer, err := trainers.New(backend.Backend, spec)
	if err != nil {
		return nil, err
	}
	defer trainer.Close()
	for _, r := range runs {
		r.config.Backend, r.config.Train.Devices = config.Backend, config.Train.Devices
		r.environment = environmentOf(backend, r.config.Seed, start)
		if len(runs) > 1 {
			r.environment.Replicas = len(runs)
		}
	}
	if from == nil {
		if err := makeDirectories(runs, o.out, config.Name, start); err != nil {
			return nil, err
		}
		if !o.locked {
			release, err := rundir.Lock(groupDir(runs))
			if err != nil {
				return nil, err
			}
			defer release()
		}
	} else if isDone, err := from.prepare(trainer, runs, start); err != nil {
		return nil, err
	} else if isDone {
		return directories(from.runs), nil
	}
	for _, r := range runs {
		dirs = append(dirs, r.dir.Dir())
		if err := describe(r.dir, r.config, r.set, r.environment); err != nil {
			return dirs, err
		}
	}
	ctx, stop := untilSignal(ctx, o.grace) // not before: until here there is nothing to save
	defer stop()
	err = steps(ctx, trainer, runs, progress)
	if code := exitCode(err); code == exitRequeue {
		requeue(context.WithoutCancel(ctx))
		return dirs, err
	} else if o.noFigures || code != exitOK && code != exitDiverged {
		return dirs, err
	}
	for i, r := range runs {
		if trainer.Diverged(i) == nil {
			err = errors.Join(err, drawRun(r.dir, r.config, r.set, backend))
		}
	}
	return dirs, err
}

func directories(runs []*rundir.Run) (dirs []string) {
	for _, run := range runs {
		dirs = append(dirs, run.Dir())
	}
	return dirs
}

// openForTraining opens the backend of a config, and puts into the config what was chosen: the plugin's path and the number
// of devices.
func openForTraining(config *configs.Config, dim int) (*backends.Backend, error) {
	plan := trainers.PlanFor(config.Model, config.Method, dim, config.Train, runtime.GOMAXPROCS(0))
	backend, err := openBackend(config.Backend, backends.Options{Devices: plan.Devices, Threads: plan.Threads})
	if err != nil {
		return nil, err
	}
	if config.Backend != "auto" {
		config.Backend = backend.Spec // with the absolute path of a plugin
	}
	if config.Train.Devices == 0 {
		config.Train.Devices = 1
		if backend.IsCPU() {
			config.Train.Devices = min(plan.Devices, backend.Devices)
		}
	}
	return backend, nil
}

// describeData is what a run keeps of its data, in the units of the source.
func describeData(set *datasets.Set) rundir.Dataset {
	low, high := set.Transform.Undo(set.Train).Range()
	if set.Test.N > 0 {
		testLow, testHigh := set.Transform.Undo(set.Test).Range()
		for k := range low {
			low[k], high[k] = min(low[k], testLow[k]), max(high[k], testHigh[k])
		}
	}
	return rundir.Dataset{
		Columns: set.Columns, Standardizer: (*rundir.Standardizer)(set.Transform),
		Train: set.Train.N, Test: set.Test.N, Min: low, Max: high,
	}
}

// describe writes what a run directory holds from the start.
func describe(run *rundir.Run, config *configs.Config, set *datasets.Set, environment rundir.Environment) error {
	text, err := config.Encode()
	if err != nil {
		return err
	}
	return errors.Join(
		run.WriteConfig(text),
		run.WriteEnvironment(environment),
		run.WriteDataset(describeData(set)))
}

func environmentOf(backend *backends.Backend, seed int64, start time.Time) rundir.Environment {
	s := backends.ThisSystem()
	devices := make([]string, backend.Devices)
	for i := range devices {
		devices[i] = backend.Backend.DeviceDescription(compute.DeviceNum(i))
	}
	return rundir.Environment{
		Joule: version, Go: s.Go, Modules: s.Modules, OS: s.OS, Arch: s.Arch, CPU: s.CPU, CPUs: s.Cores,
		Backend: rundir.Backend{
			Spec: backend.Spec, Description: backend.Backend.Description(), Plugin: backend.Plugin, PluginAPI: backend.API, Devices: devices,
		},
		Seed: seed, Started: start,
	}
}

// drawRun draws the figures of a run that was just trained.
func drawRun(run *rundir.Run, config *configs.Config, set *datasets.Set, backend *backends.Backend) error {
	dataset, err := run.Dataset()
	if err != nil {
		return err
	}
	t := &trained{dir: run, config: config, dataset: dataset}
	if err := t.load(backend); err != nil {
		return err
	}
	_, err = t.measureOn(set).draw(t.inRun("png"))
	return err
}
