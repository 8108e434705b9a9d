package main

import (
	"context"
	"errors"
	"fmt"
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
}

func newTrain() *cobra.Command {
	var o trainOptions
	cmd := &cobra.Command{
		Use:   "train CONFIG",
		Short: "Train an energy-based model",
		Long: `train fits the model of a config to its data and leaves a run directory: config, parameters, metrics, environment and
figures. CONFIG is a file, or the name of a config that comes with joule (joule configs list).

With train.replicas=R it trains R runs at once, which differ in their seeds and take turns nowhere: each gets a run directory
seed-N of its own inside the one named by --out.

The path of each run directory is printed on standard output. SIGINT and SIGTERM finish the current block of steps, save,
and exit with 130; a second one ends at once.`,
		Example: `  joule train two-gaussians/dsm --out runs/dsm
  joule train two-gaussians/nce --set train.replicas=8 --out runs/nce
  joule train my.yaml --set method.sigma=0.1 --set train.steps=5000 --seed 1 --backend go`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sets := o.sets
			if cmd.Flags().Changed("seed") {
				if o.seed < 0 {
					return coded(exitUsage, fmt.Errorf("--seed %d: want 0 or more", o.seed))
				}
				sets = append(sets, fmt.Sprintf("seed=%d", o.seed))
			}
			config, err := configs.Load(args[0], sets)
			if err != nil {
				return coded(exitUsage, err)
			}
			if o.backend != "" {
				config.Backend = o.backend
			}
			dirs, err := train(cmd.Context(), config, o, progressFor(cmd))
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
	backendFlag(cmd, &o.backend, "that of the config")
	return cmd
}

// train makes a run, or several at once, and returns their directories, as far as they were made. The error is that of
// the training.
func train(ctx context.Context, config *configs.Config, o trainOptions, progress progress) (dirs []string, err error) {
	runs, err := replicasOf(config)
	if err != nil {
		return nil, err
	}
	backend, err := openForTraining(config, runs[0].set.Train.Dim)
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
	if err := makeDirectories(runs, o.out, config.Name, start); err != nil {
		return nil, err
	}
	for _, r := range runs {
		dirs = append(dirs, r.dir.Dir())
		r.config.Backend, r.config.Train.Devices = config.Backend, config.Train.Devices
		r.environment = environmentOf(backend, r.config.Seed, start)
		if len(runs) > 1 {
			r.environment.Replicas = len(runs)
		}
		if err := describe(r.dir, r.config, r.set, r.environment); err != nil {
			return dirs, err
		}
	}
	ctx, stop := untilSignal(ctx) // not before: until here there is nothing to save
	defer stop()
	err = steps(ctx, trainer, runs, config.Train.Steps, progress)
	if code := exitCode(err); o.noFigures || code != exitOK && code != exitDiverged {
		return dirs, err
	}
	for i, r := range runs {
		if trainer.Diverged(i) == nil {
			err = errors.Join(err, drawRun(r.dir, r.config, r.set, backend))
		}
	}
	return dirs, err
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
