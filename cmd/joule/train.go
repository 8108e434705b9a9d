package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gomlx/compute"
	"github.com/spf13/cobra"

	"joule/backends"
	"joule/configs"
	"joule/datasets"
	"joule/internal/safetensors"
	"joule/models"
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

The path of the run directory is printed on standard output. SIGINT and SIGTERM finish the current block of steps, save,
and exit with 130; a second one ends at once.`,
		Example: `  joule train two-gaussians/dsm --out runs/dsm
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
			dir, err := train(cmd.Context(), config, o, progressFor(cmd))
			if dir != "" {
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

// train makes a run and returns its directory, which is empty when none was made. The error is that of the training.
func train(ctx context.Context, config *configs.Config, o trainOptions, progress progress) (dir string, err error) {
	set, err := config.Data.Load(datasets.Env{Dir: config.Dir, Seed: config.Seed})
	if err != nil {
		return "", err
	}
	if located, ok := config.Data.(interface{ Locate(dir string) error }); ok {
		if err := located.Locate(config.Dir); err != nil {
			return "", err
		}
	}
	backend, err := openBackend(config.Backend, backends.Options{Threads: trainers.Threads(config.Model, set.Train.Dim, config.Train.BatchSize)})
	if err != nil {
		return "", err
	}
	defer backend.Close()
	if config.Backend != "auto" {
		config.Backend = backend.Spec // with the absolute path of a plugin
	}

	start := time.Now()
	trainer, err := trainers.New(backend.Backend, trainers.Spec{
		Model: config.Model, Method: config.Method, Optimizer: config.Optimizer, Loop: config.Train, Data: set, Seed: config.Seed,
	})
	if err != nil {
		return "", err
	}
	defer trainer.Close()
	run, err := rundir.Create(o.out, config.Name, start)
	if err != nil {
		return "", err
	}
	environment := environmentOf(backend, config.Seed, start)
	if err := describe(run, config, set, environment); err != nil {
		return run.Dir(), err
	}
	ctx, stop := untilSignal(ctx) // not before: until here there is nothing to save
	defer stop()
	result, trainErr := steps(ctx, trainer, run, config.Train.Steps, progress)
	environment.Finish(time.Now())
	result.Seconds = environment.Seconds
	if err := errors.Join(run.WriteEnvironment(environment), run.WriteResult(result)); err != nil {
		return run.Dir(), errors.Join(trainErr, err)
	}
	if trainErr != nil {
		return run.Dir(), trainErr
	}
	slog.Info("trained", "steps", result.Step, "seconds", round(result.Seconds), "compile_seconds", round(result.CompileSeconds), "run", run.Dir())
	if o.noFigures {
		return run.Dir(), nil
	}
	return run.Dir(), drawRun(run, config, set, backend)
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

// steps makes so many steps, logs and saves. The result is complete but for the time.
func steps(ctx context.Context, trainer *trainers.Trainer, run *rundir.Run, total int, progress progress) (rundir.Result, error) {
	save := func(step int) error {
		values, err := trainer.Parameters()
		if err != nil {
			return err
		}
		return run.WriteParameters(rundir.Parameters{Step: int64(step), Tensors: tensorsOf(values)})
	}
	progress.start(total)
	err := trainer.Run(ctx, trainers.Hooks{
		Logged: func(r trainers.Report) error {
			progress.report(r)
			record := rundir.Record{Step: int64(r.Step), Values: map[string]float64{"steps_per_second": r.StepsPerSecond()}}
			for i, name := range r.Names {
				record.Values[name] = r.Values[i]
			}
			return run.AppendMetrics(record)
		},
		Checkpoint: save,
	})
	progress.stop()
	result := rundir.Result{Status: rundir.Completed, Step: int64(trainer.Step()), CompileSeconds: trainer.CompileTime().Seconds()}
	if err == nil {
		return result, nil
	}
	result.Status, result.Error = rundir.Failed, err.Error()
	_, diverged := errors.AsType[*trainers.DivergedError](err)
	interrupted := errors.Is(err, context.Canceled)
	if interrupted {
		result.Status, result.Error = rundir.Interrupted, ""
		err = coded(exitInterrupted, fmt.Errorf("interrupted after step %d of %d", result.Step, total))
	}
	if diverged || interrupted {
		if saveErr := save(trainer.Step()); saveErr != nil {
			return result, errors.Join(err, saveErr)
		}
		slog.Info("saved what was trained", "step", result.Step, "run", run.Dir())
	}
	return result, err
}

// tensorsOf puts parameters in the form of a file.
func tensorsOf(values []models.Value) []safetensors.Tensor {
	tensors := make([]safetensors.Tensor, len(values))
	for i, v := range values {
		narrow := make([]float32, len(v.Numbers))
		for k, x := range v.Numbers {
			narrow[k] = float32(x)
		}
		tensors[i] = safetensors.New(v.Name, v.Shape, narrow)
	}
	return tensors
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

func round(seconds float64) float64 { return float64(int(seconds*100+0.5)) / 100 }
