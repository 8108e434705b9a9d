package main

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"

	"joule/checkpoints"
	"joule/internal/random"
	"joule/rundir"
	"joule/trainers"
)

// restore puts every run's checkpoint into the trainer, and returns for each run the time that it was trained before. Nothing
// on the disk has changed when it fails.
func (r *resumption) restore(trainer *trainers.Trainer, members []*member) (err error) {
	type damaged struct {
		folder checkpoints.Folder
		entry  checkpoints.Entry
	}
	var aside []damaged
	for i, run := range r.runs {
		folder := run.Checkpoints()
		entries, err := folder.List()
		if err != nil {
			return err
		}
		entries, later, err := r.wanted(folder, entries)
		if err != nil {
			return err
		}
		if p, paramErr := run.Parameters(); len(entries)+len(later) == 0 && paramErr == nil && r.fromStep < 0 {
			return fmt.Errorf("%s: has parameters of step %d and no checkpoint to go on from; --from-step 0 starts from the beginning, and replaces them", run.Dir(), p.Step)
		}
		for _, e := range later {
			aside = append(aside, damaged{folder, e})
		}
		for k, e := range slices.Backward(entries) {
			c, err := folder.Load(e)
			if err != nil && r.fallBack {
				slog.Warn("a checkpoint cannot be used, and is set aside for the one before", "error", err)
				aside = append(aside, damaged{folder, e})
				continue
			}
			if err != nil {
				return fmt.Errorf("%w%s", err, r.alternatives(folder, entries[:k]))
			}
			if err := fits(c, folder.Path(e), members[i]); err != nil {
				return err
			}
			if err := trainer.Restore(i, snapshotOf(c, i)); err != nil {
				return fmt.Errorf("%s: %w", folder.Path(e), err)
			}
			members[i].before = c.Seconds
			if own := c.Criterion; own != nil && own.Metric == members[i].config.Train.KeepBest {
				members[i].criterion, members[i].savedCriterion = own.Value, own.Value
			}
			break
		}
	}
	for _, d := range aside {
		path, err := d.folder.SetAside(d.entry)
		if err != nil {
			return err
		}
		slog.Info("set aside", "checkpoint", path)
	}
	return nil
}

// wanted are the checkpoints to choose from, and those that are later than the one that was asked for.
func (r *resumption) wanted(folder checkpoints.Folder, entries []checkpoints.Entry) (choice, later []checkpoints.Entry, err error) {
	if r.fromStep < 0 {
		return entries, nil, nil
	}
	for i, e := range entries {
		if e.Step > r.fromStep {
			choice, later = entries[:i], entries[i:]
			break
		}
		choice = entries[:i+1]
	}
	if r.fromStep > 0 && (len(choice) == 0 || choice[len(choice)-1].Step != r.fromStep) {
		var steps []string
		for _, e := range entries {
			steps = append(steps, fmt.Sprint(e.Step))
		}
		return nil, nil, coded(exitUsage, fmt.Errorf("--from-step %d: %s has no checkpoint of that step; there are %s",
			r.fromStep, folder.Path(checkpoints.Entry{}), strings.Join(steps, ", ")))
	}
	return choice, later, nil
}

// alternatives says which checkpoint can be used in place of a bad one.
func (r *resumption) alternatives(folder checkpoints.Folder, entries []checkpoints.Entry) string {
	for _, e := range slices.Backward(entries) {
		if _, err := folder.Load(e); err == nil {
			return fmt.Sprintf("; the newest good one is of step %d: --from-step %d takes it, and so does --resume=auto", e.Step, e.Step)
		}
	}
	return "; there is no good one before it: --from-step 0 starts from the beginning"
}

// fits reports a checkpoint that is further on than the run is to go, or of other data, another seed or other random numbers than the run.
func fits(c checkpoints.Checkpoint, path string, m *member) error {
	switch {
	case c.Step > m.config.Train.Steps:
		return coded(exitUsage, fmt.Errorf("train.steps is %d, and the run has made %d already (%s)", m.config.Train.Steps, c.Step, path))
	case c.Data != m.checksum:
		return fmt.Errorf("%s: the training data are no longer those that the run was trained on (their checksum was %.80q and is %s)", path, c.Data, m.checksum)
	case c.Seed != m.config.Seed:
		return fmt.Errorf("%s: is of seed %d, and the run of seed %d", path, c.Seed, m.config.Seed)
	case c.Random != random.Generator:
		return fmt.Errorf("%s: its random numbers are those of %.80q, and this version of joule has %s: use joule %.80q", path, c.Random, random.Generator, c.Joule)
	}
	return nil
}

// warnOfChanges says what is no longer as it was, on which the bits of a run can depend.
func (r *resumption) warnOfChanges(now rundir.Environment) {
	then := r.environment
	for _, c := range []struct {
		what      string
		then, now any
	}{
		{"version of joule", then.Joule, now.Joule}, {"processor", then.CPU, now.CPU}, {"logical processors", then.CPUs, now.CPUs},
		{"plugin's API", then.Backend.PluginAPI, now.Backend.PluginAPI}, {"devices", then.Backend.Devices, now.Backend.Devices},
	} {
		if !reflect.DeepEqual(c.then, c.now) {
			slog.Warn("the run goes on elsewhere than it was begun, and its numbers may round differently", "what", c.what, "then", c.then, "now", c.now)
		}
	}
}

// continued is the environment of a run that goes on.
func (r *resumption) continued(run *rundir.Run, now rundir.Environment, at time.Time, step int) (rundir.Environment, error) {
	first, err := run.Environment()
	if err != nil {
		return now, err
	}
	now.Started, now.Replicas = first.Started, first.Replicas
	now.Resumed = append(first.Resumed, rundir.Resumption{At: at, Step: int64(step)})
	return now, nil
}

// prepare makes a trainer and the run directories ready to go on. isDone says that there is nothing left to train.
func (r *resumption) prepare(trainer *trainers.Trainer, members []*member, at time.Time) (isDone bool, err error) {
	if err := r.restore(trainer, members); err != nil {
		return false, err
	}
	total := members[0].config.Train.Steps
	if trainer.Step() == total && r.isComplete(total) {
		slog.Info("the run has made all its steps; a larger train.steps makes it longer", "steps", total, "run", r.dir)
		return true, nil
	}
	if err := r.catchUp(trainer); err != nil {
		return false, err
	}
	r.warnOfChanges(members[0].environment)
	if o := members[0].config.Optimizer; o.Schedule == "cosine" && total != r.config.Train.Steps {
		slog.Warn("the run has another length, and from here on its learning rate follows the schedule of that",
			"schedule", o.Schedule, "steps_then", r.config.Train.Steps, "steps_now", total)
	}
	slog.Info("going on", "step", trainer.Step(), "of", total, "run", r.dir)
	for i, m := range members {
		m.dir = r.runs[i]
		if m.environment, err = r.continued(m.dir, m.environment, at, trainer.StepOf(i)); err != nil {
			return false, err
		}
		if err := m.dir.RemoveResult(); err != nil {
			return false, err
		}
	}
	return false, nil
}

// isComplete reports whether all the runs have been ended after so many steps. A kill after the last checkpoint, or a disk
// that failed, leaves something to be written.
func (r *resumption) isComplete(steps int) bool {
	for _, run := range r.runs {
		if result, err := run.Result(); err != nil || result.Status != rundir.Completed || result.Step != int64(steps) {
			return false
		}
	}
	return true
}

// catchUp writes what a kill, or a disk that failed, has kept from being written after the checkpoints that the runs go on
// from, and clears away what was left half-written.
func (r *resumption) catchUp(trainer *trainers.Trainer) error {
	for i, run := range r.runs {
		if err := errors.Join(run.RemoveTemporary(), run.Checkpoints().RemoveUnfinished()); err != nil {
			return err
		}
		step := int64(trainer.StepOf(i))
		if p, err := run.Parameters(); step == 0 || err == nil && p.Step == step {
			continue
		}
		states, err := trainer.Snapshots([]int{i})
		if err != nil {
			return err
		}
		if err := run.WriteParameters(rundir.Parameters{Step: step, Tensors: trainers.ParameterTensors(states[0].Tensors)}); err != nil {
			return err
		}
	}
	return nil
}
