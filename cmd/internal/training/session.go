package training

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"joule/backends"
	"joule/checkpoints"
	"joule/cmd/internal/cli"
	"joule/datasets"
	"joule/internal/debugdir"
	"joule/rundir"
	"joule/trainers"
)

// session is a training in this process: of one run, or of several at once.
type session struct {
	trainer  *trainers.Trainer
	runs     []*Member
	recorder *rundir.Recorder
	progress Progress
	startup  float64 // seconds from the start of the program
	begun    time.Time
	debug    *debugdir.Dir
	look     func(step int, elapsed float64) (took time.Duration, err error) // nil: nobody looks
	board    *board
}

// steps trains all the runs, logs and saves, and writes how each ended. look, unless it is nil, is called whenever something is
// logged, with the step and the seconds of training until then in this process; board is told of everything.
func steps(ctx context.Context, trainer *trainers.Trainer, runs []*Member, progress Progress, board *board, look func(step int, elapsed float64) (time.Duration, error)) error {
	loop := runs[0].Config.Train
	dirs := make([]*rundir.Run, len(runs))
	for i, r := range runs {
		dirs[i] = r.Dir
	}
	keep := checkpoints.Keep{Last: loop.KeepLast, Every: loop.KeepEvery, Best: loop.KeepBest}
	s := &session{trainer: trainer, runs: runs, progress: progress, startup: time.Since(programStart).Seconds(), begun: time.Now(), look: look, board: board, debug: cli.DebugDir(ctx)}
	s.recorder = rundir.NewRecorder(dirs, keep, func(err error) { slog.Warn(cli.OneLine(err)) })
	progress.Start(trainer.Step(), loop.Steps)
	err := trainer.Run(ctx, trainers.Hooks{Logged: s.logged, Evaluated: s.evaluated, Incident: s.incident, Checkpoint: s.save})
	progress.Stop()
	made, took := trainer.StepTime()
	s.debug.Add("steps", made, took)
	stopped, _ := errors.AsType[*cli.Interruption](context.Cause(ctx))
	if !errors.Is(err, context.Canceled) {
		stopped = nil
	}
	return s.end(err, stopped)
}

// logged adds what a report says to the metrics of each run that it is about.
func (s *session) logged(report trainers.Report) error {
	defer s.debug.Begin("logging")()
	s.progress.Report(report)
	for i, values := range report.Values {
		if values == nil {
			continue
		}
		r := rundir.Record{Step: int64(report.Step), Values: map[string]float64{}}
		if !math.IsNaN(report.StepsPerSecond) {
			r.Values["steps_per_second"] = report.StepsPerSecond
		}
		for k, name := range report.Names {
			r.Values[name] = values[k]
			if name == s.runs[i].Config.Train.KeepBest {
				s.runs[i].criterion = values[k]
			}
		}
		s.record(i, r)
	}
	if s.look == nil {
		return nil
	}
	took, err := s.look(report.Step, time.Since(s.begun).Seconds())
	s.begun = s.begun.Add(took) // it is no training
	return err
}

// record adds a record to the metrics of a run.
func (s *session) record(i int, r rundir.Record) {
	s.recorder.Append(i, r)
	s.board.append(i, r)
}

// evaluated adds a look at the criterion of early stopping to the metrics of each run that it is about.
func (s *session) evaluated(look trainers.Evaluation) error {
	s.progress.Evaluated(look)
	for k, i := range look.Replicas {
		s.record(i, rundir.Record{Step: int64(look.Step), Values: map[string]float64{look.Metric: look.Values[k]}})
		if look.Metric == s.runs[i].Config.Train.KeepBest {
			s.runs[i].criterion = look.Values[k]
		}
		if best := s.trainer.Best(i); s.trainer.StoppedEarly(i) {
			slog.Info("stopped early", "seed", s.runs[i].Config.Seed, "step", look.Step, "best_step", best.Step, best.Metric, fmt.Sprintf("%.4g", best.Value))
		}
	}
	return nil
}

// incident tells of a sick step.
func (s *session) incident(incident trainers.Incident) {
	run := s.runs[incident.Replica]
	if incident.Action == trainers.Rollback {
		s.recorder.Truncate(incident.Replica, int64(incident.To))
		s.board.truncate(incident.Replica, int64(incident.To))
		run.criterion = run.savedCriterion
	}
	if incident.Action != trainers.Stop {
		slog.Warn(incident.String(), "seed", run.Config.Seed, "likely", incident.Cause)
		return
	}
	_ = s.save([]int{incident.Replica}) // the others may go on for long; the end tries it again
	for i := range s.runs {
		if s.trainer.Diverged(i) == nil {
			slog.Warn("a run diverged; the others go on", "seed", run.Config.Seed, "step", incident.Step)
			return
		}
	}
}

// save hands the states of some of the runs to the disk, where they are not there yet.
func (s *session) save(replicas []int) error {
	replicas = slices.DeleteFunc(slices.Clone(replicas), func(i int) bool { return s.runs[i].saved == savedOf(s.trainer, i) })
	defer s.debug.Begin("copying checkpoints to the host")()
	snapshots, err := s.trainer.Snapshots(replicas)
	if err != nil {
		return err
	}
	for k, i := range replicas {
		s.runs[i].savedCriterion, s.runs[i].saved = s.runs[i].criterion, savedOf(s.trainer, i)
		save := saveOf(snapshots[k], s.runs[i], time.Since(s.begun).Seconds())
		s.recorder.Save(i, save)
		s.board.save(i, save.Parameters.Step, save.Parameters.Tensors)
	}
	return nil
}

// end saves what is not saved yet, writes how each run ended after Run returned err, and says it. stopped is the signal that
// ended it, if one did.
func (s *session) end(err error, stopped *cli.Interruption) error {
	var saveErr error
	if err != nil { // whatever it is, what was trained until then is worth keeping
		saveErr = s.save(s.trainer.All())
	}
	unsaved := s.recorder.Close() // why what was trained is not on the disk
	for i := range unsaved {
		unsaved[i] = errors.Join(saveErr, unsaved[i])
	}
	result := rundir.Result{CompileSeconds: s.trainer.CompileTime().Seconds(), StartupSeconds: s.startup, PeakMemory: backends.PeakMemory()}
	var unwritten []error
	for i, r := range s.runs {
		r.Environment.Finish(time.Now())
		result.Seconds = r.Before + time.Since(s.begun).Seconds() + result.CompileSeconds
		s.judge(i, &result, err, unsaved[i], stopped)
		unwritten = append(unwritten, r.Dir.WriteEnvironment(r.Environment), r.Dir.WriteResult(result))
		s.board.end(i, result)
	}
	if saveErr == nil {
		saveErr = errors.Join(unsaved...)
	}
	saveErr = errors.Join(append(unwritten, saveErr)...)
	if saveErr == nil {
		s.say(err, result)
	}
	_, diverged := errors.AsType[*trainers.DivergedError](err)
	_, changed := errors.AsType[*datasets.ChangedError](err)
	switch {
	case changed && s.trainer.Step() > 0:
		err = fmt.Errorf("%w; once it is as it was, joule train --resume %s goes on from step %d", err, groupDir(s.runs), s.trainer.Step())
	case stopped != nil:
		err = cli.Coded(stopped.Code(), fmt.Errorf("%w after step %d of %d; joule train --resume %s goes on", stopped,
			s.trainer.Step(), s.runs[0].Config.Train.Steps, groupDir(s.runs)))
	case diverged && len(s.runs) > 1:
		err = severalDiverged(s.trainer, s.runs)
	}
	if saveErr != nil {
		return cli.Coded(cli.ExitUnsaved, errors.Join(err, saveErr))
	}
	return err
}

// judge says in the result how a run ended.
func (s *session) judge(i int, result *rundir.Result, err, unsaved error, stopped *cli.Interruption) {
	result.Step = int64(s.trainer.StepOf(i))
	result.Status, result.Error, result.Incidents = rundir.Completed, "", incidentsOf(s.trainer.Incidents(i))
	result.Stopped, result.Best = "", bestOf(s.trainer.Best(i))
	isDone := s.runs[i].saved.step == s.runs[i].Config.Train.Steps
	if s.trainer.StoppedEarly(i) && s.runs[i].saved.step == s.trainer.StepOf(i) && !isDone {
		isDone, result.Stopped = true, rundir.EarlyStopping
	}
	switch own := s.trainer.Diverged(i); {
	case own != nil:
		result.Status, result.Error = rundir.Failed, errors.Join(own, unsaved).Error()
	case unsaved != nil:
		result.Status, result.Error = rundir.Failed, unsaved.Error()
	case !isDone && stopped != nil:
		result.Status = rundir.Interrupted
	case !isDone:
		result.Status, result.Error = rundir.Failed, err.Error()
	}
}

// say logs how the training went, all of which is on the disk; the result is that of any of the runs.
func (s *session) say(err error, result rundir.Result) {
	message := "trained"
	if err != nil {
		message = "saved what was trained"
	}
	slog.Info(message, "steps", s.trainer.Step(), "runs", len(s.runs), "seconds", cli.Round(result.Seconds),
		"to_first_step", cli.Round(result.StartupSeconds), "compile_seconds", cli.Round(result.CompileSeconds),
		"peak_memory_mib", result.PeakMemory>>20, "run", groupDir(s.runs))
}

// severalDiverged says in one line which of several runs have diverged; result.json of each says the rest.
func severalDiverged(trainer *trainers.Trainer, runs []*Member) error {
	var which []string
	for i, r := range runs {
		if own := trainer.Diverged(i); own != nil {
			which = append(which, fmt.Sprintf("seed %d at step %d", r.Config.Seed, own.Step))
		}
	}
	return cli.Coded(cli.ExitDiverged, fmt.Errorf("%d of %d runs diverged (%s); result.json of each says what usually cures it", len(which), len(runs), strings.Join(which, ", ")))
}

// Progress shows how far a training is, on standard error.
type Progress interface {
	Start(step, steps int)
	Report(trainers.Report)
	Evaluated(trainers.Evaluation)
	Stop()
}
