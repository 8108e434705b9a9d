package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"joule/backends"
	"joule/configs"
	"joule/datasets"
	"joule/internal/safetensors"
	"joule/models"
	"joule/rundir"
	"joule/trainers"
)

// programStart is when the program began, as near as it can tell.
var programStart = time.Now()

// member is one of the runs that are trained at once; often the only one.
type member struct {
	config      *configs.Config
	set         *datasets.Set
	dir         *rundir.Run
	environment rundir.Environment
}

// replicasOf loads the data of all the runs that a config asks for: with its seed, and the seeds after it.
func replicasOf(config *configs.Config) ([]*member, error) {
	runs := make([]*member, config.Train.Replicas)
	for i := range runs {
		own := *config
		own.Seed += int64(i)
		own.Train.Replicas = 1 // each run's directory says how to make it alone
		set, err := own.Data.Load(datasets.Env{Dir: own.Dir, Seed: own.Seed})
		if err != nil {
			return nil, err
		}
		runs[i] = &member{config: &own, set: set}
	}
	if located, ok := config.Data.(interface{ Locate(dir string) error }); ok {
		if err := located.Locate(config.Dir); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// makeDirectories makes the directories of the runs: one run has the one that is named, several have one each inside it.
func makeDirectories(runs []*member, dir, name string, start time.Time) (err error) {
	if len(runs) == 1 {
		runs[0].dir, err = rundir.Create(dir, name, start)
		return err
	}
	group, err := rundir.CreateGroup(dir, name, start)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.dir, err = rundir.Create(filepath.Join(group, fmt.Sprintf("seed-%d", r.config.Seed)), "", start); err != nil {
			return err
		}
	}
	return nil
}

// steps trains all the runs, logs and saves, and writes how each ended.
func steps(ctx context.Context, trainer *trainers.Trainer, runs []*member, total int, progress progress) error {
	startup := time.Since(programStart).Seconds()
	save := func(int) error {
		for i, r := range runs {
			if err := saveParameters(trainer, i, r); err != nil {
				return err
			}
		}
		return nil
	}
	progress.start(total)
	err := trainer.Run(ctx, trainers.Hooks{
		Logged: func(report trainers.Report) error {
			progress.report(report)
			return appendMetrics(runs, report)
		},
		Checkpoint: save,
	})
	progress.stop()

	interrupted := errors.Is(err, context.Canceled)
	_, diverged := errors.AsType[*trainers.DivergedError](err)
	if interrupted || diverged {
		if saveErr := save(0); saveErr != nil {
			err = errors.Join(err, saveErr)
		}
	}
	for i, r := range runs {
		r.environment.Finish(time.Now())
		result := rundir.Result{
			Status: rundir.Completed, Step: int64(trainer.StepOf(i)), Seconds: r.environment.Seconds,
			CompileSeconds: trainer.CompileTime().Seconds(), StartupSeconds: startup, PeakMemory: backends.PeakMemory(),
		}
		switch own := errorOf(err, i); {
		case own == nil:
		case interrupted:
			result.Status = rundir.Interrupted
		default:
			result.Status, result.Error = rundir.Failed, own.Error()
		}
		if writeErr := errors.Join(r.dir.WriteEnvironment(r.environment), r.dir.WriteResult(result)); writeErr != nil {
			return errors.Join(err, writeErr)
		}
		if i == 0 {
			logEnd(trainer, runs, result, err)
		}
	}
	if interrupted {
		return coded(exitInterrupted, fmt.Errorf("interrupted after step %d of %d", trainer.Step(), total))
	}
	if diverged && len(runs) > 1 {
		return severalDiverged(err, runs)
	}
	return err
}

// severalDiverged says in one line which of several runs have diverged; result.json of each says the rest.
func severalDiverged(err error, runs []*member) error {
	var which []string
	for i, r := range runs {
		if own, ok := errors.AsType[*trainers.DivergedError](errorOf(err, i)); ok {
			which = append(which, fmt.Sprintf("seed %d at step %d", r.config.Seed, own.Step))
		}
	}
	return coded(exitDiverged, fmt.Errorf("%d of %d runs diverged (%s); result.json of each says what usually cures it", len(which), len(runs), strings.Join(which, ", ")))
}

// errorOf is the part of a training's error that concerns one run: divergence is a run's own affair.
func errorOf(err error, replica int) error {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, one := range all {
		if diverged, ok := errors.AsType[*trainers.DivergedError](one); !ok || diverged.Replica == replica {
			return one
		}
	}
	return nil
}

// logEnd says how the training went.
func logEnd(trainer *trainers.Trainer, runs []*member, result rundir.Result, err error) {
	message := "trained"
	if err != nil {
		message = "saved what was trained"
	}
	slog.Info(message, "steps", trainer.Step(), "runs", len(runs), "seconds", round(result.Seconds),
		"to_first_step", round(result.StartupSeconds), "compile_seconds", round(result.CompileSeconds),
		"peak_memory_mib", result.PeakMemory>>20, "run", runs[0].dir.Dir())
}

// appendMetrics adds what a block gave to the metrics of each run that is still trained.
func appendMetrics(runs []*member, report trainers.Report) error {
	for i, values := range report.Values {
		if values == nil {
			continue
		}
		record := rundir.Record{Step: int64(report.Step), Values: map[string]float64{"steps_per_second": report.StepsPerSecond()}}
		for k, name := range report.Names {
			record.Values[name] = values[k]
		}
		if err := runs[i].dir.AppendMetrics(record); err != nil {
			return err
		}
	}
	return nil
}

func saveParameters(trainer *trainers.Trainer, replica int, r *member) error {
	values, err := trainer.Parameters(replica)
	if err != nil {
		return err
	}
	tensors := tensorsOf(values, r.config.Train.Precision == "float64")
	return r.dir.WriteParameters(rundir.Parameters{Step: int64(trainer.StepOf(replica)), Tensors: tensors})
}

// tensorsOf puts parameters in the form of a file, in single precision or in double.
func tensorsOf(values []models.Value, double bool) []safetensors.Tensor {
	tensors := make([]safetensors.Tensor, len(values))
	for i, v := range values {
		if double {
			tensors[i] = safetensors.New(v.Name, v.Shape, v.Numbers)
			continue
		}
		narrow := make([]float32, len(v.Numbers))
		for k, x := range v.Numbers {
			narrow[k] = float32(x)
		}
		tensors[i] = safetensors.New(v.Name, v.Shape, narrow)
	}
	return tensors
}

func round(seconds float64) float64 { return float64(int(seconds*100+0.5)) / 100 }
