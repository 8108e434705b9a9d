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

	"joule/backends"
	"joule/checkpoints"
	"joule/configs"
	"joule/datasets"
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
	checksum    string  // of the training points
	before      float64 // seconds that it was trained in earlier processes
	criterion   float64 // the last value of what the best checkpoint is kept by; NaN: there is none yet
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
		runs[i] = &member{config: &own, set: set, checksum: set.Train.Checksum(), criterion: math.NaN()}
	}
	return runs, locate(config)
}

// locate makes the path of a config's data absolute.
func locate(config *configs.Config) error {
	if located, ok := config.Data.(interface{ Locate(dir string) error }); ok {
		return located.Locate(config.Dir)
	}
	return nil
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
func steps(ctx context.Context, trainer *trainers.Trainer, runs []*member, progress progress) error {
	startup, begun := time.Since(programStart).Seconds(), time.Now()
	loop := runs[0].config.Train
	dirs := make([]*rundir.Run, len(runs))
	for i, r := range runs {
		dirs[i] = r.dir
	}
	keep := checkpoints.Keep{Last: loop.KeepLast, Every: loop.KeepEvery, Best: loop.KeepBest != ""}
	recorder := rundir.NewRecorder(dirs, keep, func(err error) { slog.Warn(oneLine(err)) })
	for i := range runs {
		recorder.Truncate(i, int64(trainer.StepOf(i))) // a killed run has logged more than it has saved
	}
	save := func(replicas []int) error {
		saves, err := savesOf(trainer, runs, replicas, time.Since(begun).Seconds())
		if err != nil {
			return err
		}
		for k, i := range replicas {
			recorder.Save(i, saves[k])
		}
		return nil
	}
	progress.start(trainer.Step(), loop.Steps)
	err := trainer.Run(ctx, trainers.Hooks{
		Logged: func(report trainers.Report) error {
			progress.report(report)
			record(recorder, runs, report)
			return nil
		},
		Incident: func(incident trainers.Incident) {
			if incident.Action == trainers.Rollback {
				recorder.Truncate(incident.Replica, int64(incident.To))
			}
			switch seed := runs[incident.Replica].config.Seed; {
			case incident.Action != trainers.Stop:
				slog.Warn(incident.String(), "seed", seed, "likely", incident.Cause)
			case anyGoesOn(trainer):
				slog.Warn("a run diverged; the others go on", "seed", seed, "step", incident.Step)
			}
		},
		Checkpoint: save,
	})
	progress.stop()

	stopped, _ := context.Cause(ctx).(*interruption)
	if stopped == nil || !errors.Is(err, context.Canceled) {
		stopped = nil
	}
	var saveErr error
	if err != nil { // whatever it is, what was trained until then is worth keeping
		saveErr = save(unsavedReplicas(trainer, runs))
	}
	unsaved := recorder.Close() // why what was trained is not on the disk
	for i := range unsaved {
		unsaved[i] = errors.Join(saveErr, unsaved[i])
	}
	result := rundir.Result{CompileSeconds: trainer.CompileTime().Seconds(), StartupSeconds: startup, PeakMemory: backends.PeakMemory()}
	var unwritten []error
	for i, r := range runs {
		r.environment.Finish(time.Now())
		result.Step, result.Seconds = int64(trainer.StepOf(i)), r.before+time.Since(begun).Seconds()+result.CompileSeconds
		result.Status, result.Error, result.Incidents = rundir.Completed, "", incidentsOf(trainer.Incidents(i))
		switch own := trainer.Diverged(i); {
		case own != nil:
			result.Status, result.Error = rundir.Failed, errors.Join(own, unsaved[i]).Error()
		case unsaved[i] != nil:
			result.Status, result.Error = rundir.Failed, unsaved[i].Error()
		case stopped != nil:
			result.Status = rundir.Interrupted
		case trainer.StepOf(i) < loop.Steps:
			result.Status, result.Error = rundir.Failed, err.Error()
		}
		unwritten = append(unwritten, r.dir.WriteEnvironment(r.environment), r.dir.WriteResult(result))
	}
	if saveErr == nil {
		saveErr = errors.Join(unsaved...)
	}
	saveErr = errors.Join(append(unwritten, saveErr)...)
	_, diverged := errors.AsType[*trainers.DivergedError](err)
	switch {
	case saveErr != nil:
	case err == nil:
		logEnd("trained", trainer, runs, result)
	default:
		logEnd("saved what was trained", trainer, runs, result)
	}
	switch {
	case stopped != nil:
		err = coded(stopped.code(), fmt.Errorf("%w after step %d of %d; joule train --resume %s goes on", stopped, trainer.Step(), loop.Steps, groupDir(runs)))
	case diverged && len(runs) > 1:
		err = severalDiverged(trainer, runs)
	}
	if saveErr != nil {
		return coded(exitUnsaved, errors.Join(err, saveErr))
	}
	return err
}

// anyGoesOn reports whether some run has not been stopped.
func anyGoesOn(trainer *trainers.Trainer) bool {
	for i := range trainer.Replicas() {
		if trainer.Diverged(i) == nil {
			return true
		}
	}
	return false
}

// unsavedReplicas are the runs whose state is not among those that were given to be saved when they ended.
func unsavedReplicas(trainer *trainers.Trainer, runs []*member) (replicas []int) {
	for i, r := range runs {
		if trainer.StepOf(i) < r.config.Train.Steps {
			replicas = append(replicas, i)
		}
	}
	return replicas
}

// savesOf is what is to be saved of some of the runs, after so many seconds of training.
func savesOf(trainer *trainers.Trainer, runs []*member, replicas []int, seconds float64) ([]rundir.Save, error) {
	snapshots, err := trainer.Snapshots(replicas)
	if err != nil {
		return nil, err
	}
	saves := make([]rundir.Save, len(replicas))
	for k, i := range replicas {
		saves[k] = saveOf(snapshots[k], runs[i], seconds)
	}
	return saves, nil
}

// groupDir is the directory that names the runs together.
func groupDir(runs []*member) string {
	if len(runs) > 1 {
		return filepath.Dir(runs[0].dir.Dir())
	}
	return runs[0].dir.Dir()
}

// oneLine writes an error, which may be several, in one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

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
	slog.Info(message, "steps", trainer.Step(), "runs", len(runs), "seconds", round(result.Seconds),
		"to_first_step", round(result.StartupSeconds), "compile_seconds", round(result.CompileSeconds),
		"peak_memory_mib", result.PeakMemory>>20, "run", groupDir(runs))
}

// record adds what a report says to the metrics of each run that it is about.
func record(recorder *rundir.Recorder, runs []*member, report trainers.Report) {
	for i, values := range report.Values {
		if values == nil {
			continue
		}
		r := rundir.Record{Step: int64(report.Step), Values: map[string]float64{"steps_per_second": report.StepsPerSecond}}
		for k, name := range report.Names {
			r.Values[name] = values[k]
			if name == runs[i].config.Train.KeepBest {
				runs[i].criterion = values[k]
			}
		}
		recorder.Append(i, r)
	}
}

func round(seconds float64) float64 { return float64(int(seconds*100+0.5)) / 100 }
