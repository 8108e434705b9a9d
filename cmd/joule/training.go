package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/gomlx/compute/dtypes"

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
	if n := int64(config.Train.Replicas); config.Seed > math.MaxInt64-n+1 {
		return nil, coded(exitUsage, fmt.Errorf("seed %d leaves no seeds for %d replicas (train.replicas): the largest is %d", config.Seed, n, int64(math.MaxInt64)))
	}
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
	members := make([]string, len(runs))
	for i, r := range runs {
		members[i] = fmt.Sprintf("seed-%d", r.config.Seed)
	}
	made, err := rundir.CreateGroup(dir, name, start, members)
	for i := range made {
		runs[i].dir = made[i]
	}
	return err
}

// steps trains all the runs, logs and saves, and writes how each ended.
func steps(ctx context.Context, trainer *trainers.Trainer, runs []*member, total int, progress progress) error {
	startup := time.Since(programStart).Seconds()
	progress.start(total)
	err := trainer.Run(ctx, trainers.Hooks{
		Logged: func(report trainers.Report) error {
			progress.report(report)
			return appendMetrics(trainer, runs, report)
		},
		Checkpoint: func(int) error { return errors.Join(saveParameters(trainer, runs)...) },
	})
	progress.stop()

	interrupted := errors.Is(err, context.Canceled)
	_, diverged := errors.AsType[*trainers.DivergedError](err)
	unsaved := make([]error, len(runs)) // why what was trained is not saved
	if interrupted || diverged {
		unsaved = saveParameters(trainer, runs)
	}
	result := rundir.Result{CompileSeconds: trainer.CompileTime().Seconds(), StartupSeconds: startup, PeakMemory: backends.PeakMemory()}
	var unwritten []error
	for i, r := range runs {
		r.environment.Finish(time.Now())
		result.Step, result.Seconds = int64(trainer.StepOf(i)), r.environment.Seconds
		result.Status, result.Error = rundir.Completed, ""
		switch own := trainer.Diverged(i); {
		case own != nil:
			result.Status, result.Error = rundir.Failed, errors.Join(own, unsaved[i]).Error()
		case unsaved[i] != nil:
			result.Status, result.Error = rundir.Failed, unsaved[i].Error()
		case interrupted:
			result.Status = rundir.Interrupted
		case err != nil && !diverged:
			result.Status, result.Error = rundir.Failed, err.Error()
		}
		unwritten = append(unwritten, r.dir.WriteEnvironment(r.environment), r.dir.WriteResult(result))
	}
	saveErr := errors.Join(unsaved...)
	switch {
	case err == nil:
		logEnd("trained", trainer, runs, result)
	case (interrupted || diverged) && saveErr == nil:
		logEnd("saved what was trained", trainer, runs, result)
	}
	switch {
	case interrupted:
		err = coded(exitInterrupted, fmt.Errorf("interrupted after step %d of %d", trainer.Step(), total))
	case diverged && len(runs) > 1:
		err = severalDiverged(trainer, runs)
	}
	return errors.Join(err, saveErr, errors.Join(unwritten...))
}

// severalDiverged says in one line which of several runs have diverged; result.json of each says the rest.
func severalDiverged(trainer *trainers.Trainer, runs []*member) error {
	var which []string
	for i, r := range runs {
		if own := trainer.Diverged(i); own != nil {
			which = append(which, fmt.Sprintf("seed %d at step %d", r.config.Seed, own.Step))
		}
	}
	return coded(exitDiverged, fmt.Errorf("%d of %d runs diverged (%s); result.json of each says what usually cures it", len(which), len(runs), strings.Join(which, ", ")))
}

// logEnd says how the training went; the result is that of any of the runs.
func logEnd(message string, trainer *trainers.Trainer, runs []*member, result rundir.Result) {
	where := runs[0].dir.Dir()
	if len(runs) > 1 {
		where = filepath.Dir(where)
	}
	slog.Info(message, "steps", trainer.Step(), "runs", len(runs), "seconds", round(result.Seconds),
		"to_first_step", round(result.StartupSeconds), "compile_seconds", round(result.CompileSeconds),
		"peak_memory_mib", result.PeakMemory>>20, "run", where)
}

// appendMetrics adds what a block gave to the metrics of each run that is still trained.
func appendMetrics(trainer *trainers.Trainer, runs []*member, report trainers.Report) error {
	var all []error
	for i, values := range report.Values {
		if values == nil {
			if own := trainer.Diverged(i); own.Step > report.Step-report.Count {
				slog.Warn("a run diverged; the others go on", "seed", runs[i].config.Seed, "step", own.Step)
			}
			continue
		}
		record := rundir.Record{Step: int64(report.Step), Values: map[string]float64{"steps_per_second": report.StepsPerSecond()}}
		for k, name := range report.Names {
			record.Values[name] = values[k]
		}
		all = append(all, runs[i].dir.AppendMetrics(record))
	}
	return errors.Join(all...)
}

// saveParameters saves those of every run, and returns an error for each that could not be saved.
func saveParameters(trainer *trainers.Trainer, runs []*member) []error {
	failed := make([]error, len(runs))
	all, err := trainer.AllParameters()
	for i, r := range runs {
		if failed[i] = err; err != nil {
			continue
		}
		tensors := tensorsOf(all[i], r.config.Train.DType() == dtypes.Float64)
		failed[i] = r.dir.WriteParameters(rundir.Parameters{Step: int64(trainer.StepOf(i)), Tensors: tensors})
	}
	return failed
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
