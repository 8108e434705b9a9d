package training

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"

	"joule/checkpoints"
	"joule/cmd/internal/cli"
	"joule/internal/random"
	"joule/rundir"
	"joule/trainers"
)

// unused is a checkpoint that is not gone on from, although it is the newest.
type unused struct {
	folder checkpoints.Folder
	entry  checkpoints.Entry
}

// restore puts every run's checkpoint into the trainer. Nothing on the disk has changed when it fails.
func (r *Resumption) restore(trainer *trainers.Trainer, members []*Member) error {
	var aside []unused
	for i := range r.runs {
		own, err := r.restoreOne(trainer, i, members[i])
		if err != nil {
			return err
		}
		aside = append(aside, own...)
	}
	for _, u := range aside {
		path, err := u.folder.SetAside(u.entry)
		if err != nil {
			return err
		}
		slog.Info("set aside", "checkpoint", path)
	}
	return nil
}

// restoreOne restores one run, and returns the checkpoints that are to be set aside for that.
func (r *Resumption) restoreOne(trainer *trainers.Trainer, i int, m *Member) (aside []unused, err error) {
	run := r.runs[i]
	folder := run.Checkpoints()
	all, err := folder.List()
	if err != nil {
		return nil, err
	}
	entries, later, err := r.wanted(folder, all)
	if err != nil {
		return nil, err
	}
	if p, err := run.Parameters(); len(all) == 0 && err == nil && r.fromStep < 0 {
		return nil, fmt.Errorf("%s: has parameters of step %d and no checkpoint to go on from; --from-step 0 starts from the beginning, and replaces them", run.Dir(), p.Step)
	}
	for _, e := range later {
		aside = append(aside, unused{folder, e})
	}
	for k, e := range slices.Backward(entries) {
		c, err := folder.Load(e)
		if _, isDamaged := errors.AsType[*checkpoints.DamagedError](err); isDamaged && r.fallBack && k > 0 {
			slog.Warn("a checkpoint is damaged, and is set aside for the one before", "error", err)
			aside = append(aside, unused{folder, e})
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%w%s", err, r.alternatives(folder, entries[:k], err))
		}
		if err := fits(c, folder.Path(e), m); err != nil {
			return nil, err
		}
		if err := trainer.Restore(i, snapshotOf(c, i)); err != nil {
			return nil, fmt.Errorf("%s: %w", folder.Path(e), err)
		}
		if to := c.RollbackTo; to != nil && *to > 0 && *to != c.Step {
			if err := r.restoreRollback(trainer, i, folder, entries[:k], *to); err != nil {
				return nil, err
			}
		}
		m.Before, m.saved = c.Seconds, savedOf(trainer, i)
		if own := c.Criterion; own != nil && own.Metric == m.Config.Train.KeepBest {
			m.criterion, m.savedCriterion = own.Value, own.Value
		}
		break
	}
	return aside, nil
}

// restoreRollback loads what a rollback goes back to.
func (r *Resumption) restoreRollback(trainer *trainers.Trainer, i int, folder checkpoints.Folder, entries []checkpoints.Entry, step int) error {
	for _, e := range slices.Backward(entries) {
		if e.Step == step {
			c, err := folder.Load(e)
			if err != nil {
				return fmt.Errorf("a rollback goes back to %w", err)
			}
			trainer.SetRollback(i, snapshotOf(c, i))
			return nil
		}
	}
	slog.Warn("the checkpoint that a rollback would go back to is gone: it will go back to the one that the run goes on from", "step", step)
	return nil
}

// wanted are the checkpoints to choose from, and those that are later than the one that was asked for.
func (r *Resumption) wanted(folder checkpoints.Folder, entries []checkpoints.Entry) (choice, later []checkpoints.Entry, err error) {
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
		return nil, nil, cli.Coded(cli.ExitUsage, fmt.Errorf("--from-step %d: %s has no checkpoint of that step; there are %s",
			r.fromStep, folder.Path(checkpoints.Entry{}), strings.Join(steps, ", ")))
	}
	return choice, later, nil
}

// alternatives says which checkpoint can be used in place of a bad one.
func (r *Resumption) alternatives(folder checkpoints.Folder, entries []checkpoints.Entry, bad error) string {
	if _, isDamaged := errors.AsType[*checkpoints.DamagedError](bad); !isDamaged {
		return "" // it may be as good as new tomorrow
	}
	for _, e := range slices.Backward(entries) {
		if _, err := folder.Load(e); err == nil {
			return fmt.Sprintf("; the newest good one is of step %d: --from-step %d takes it, and so does --resume=auto", e.Step, e.Step)
		}
	}
	return "; there is no good one before it: --from-step 0 starts from the beginning"
}

// fits reports a checkpoint that is further on than the run is to go, or of other data, another seed or other random numbers than the run.
func fits(c checkpoints.Checkpoint, path string, m *Member) error {
	switch {
	case c.Step > m.Config.Train.Steps:
		return cli.Coded(cli.ExitUsage, fmt.Errorf("train.steps is %d, and the run has made %d already (%s)", m.Config.Train.Steps, c.Step, path))
	case c.Data != m.checksum:
		return fmt.Errorf("%s: the training data are no longer those that the run was trained on (their checksum was %.80q and is %s)", path, c.Data, m.checksum)
	case c.Config != m.settings && c.Config != m.formerly:
		return fmt.Errorf("%s: config.yaml is not what the run was trained with: it has been changed since, in more than may change", path)
	case c.Seed != m.Config.Seed:
		return fmt.Errorf("%s: is of seed %d, and the run of seed %d", path, c.Seed, m.Config.Seed)
	case c.Random != random.Generator:
		return fmt.Errorf("%s: its random numbers are those of %.80q, and this version of joule has %s: use joule %.80q", path, c.Random, random.Generator, c.Joule)
	}
	return nil
}

// warnOfChanges says what is no longer as it was, on which the bits of a run can depend.
func (r *Resumption) warnOfChanges(now rundir.Environment) {
	then := r.environment
	for _, c := range []struct {
		what      string
		then, now any
	}{
		{"version of joule", then.Joule, now.Joule}, {"version of Go", then.Go, now.Go}, {"modules", then.Modules, now.Modules},
		{"processor", then.CPU, now.CPU}, {"logical processors", then.CPUs, now.CPUs},
		{"backend", then.Backend.Description, now.Backend.Description}, {"devices", then.Backend.Devices, now.Backend.Devices},
	} {
		if !reflect.DeepEqual(c.then, c.now) {
			slog.Warn("the run goes on elsewhere than it was begun, and its numbers may round differently", "what", c.what, "then", c.then, "now", c.now)
		}
	}
}

// continued is the environment of a run that goes on.
func (r *Resumption) continued(run *rundir.Run, now rundir.Environment, at time.Time, step int) (rundir.Environment, error) {
	first, err := run.Environment()
	if err != nil {
		return now, err
	}
	now.Started, now.Replicas = first.Started, first.Replicas
	now.Resumed = append(first.Resumed, rundir.Resumption{At: at, Step: int64(step)})
	return now, nil
}

// prepare makes a trainer and the run directories ready to go on. isDone says that there is nothing left to train.
func (r *Resumption) prepare(trainer *trainers.Trainer, members []*Member, at time.Time) (isDone bool, err error) {
	if err := r.restore(trainer, members); err != nil {
		return false, err
	}
	total := members[0].Config.Train.Steps
	if r.isComplete(trainer, total) {
		longer := "a larger train.steps makes it longer"
		if trainer.Step() < total {
			longer = "it has stopped early: more train.early_stopping.patience makes it longer"
		}
		slog.Info("the run is complete; "+longer, "steps", trainer.Step(), "of", total, "run", r.dir)
		return true, nil
	}
	if err := r.catchUp(trainer); err != nil {
		return false, err
	}
	r.warnOfChanges(members[0].Environment)
	if o := members[0].Config.Optimizer; o.Schedule == "cosine" && total != r.Config.Train.Steps {
		slog.Warn("the run has another length, and from here on its learning rate follows the schedule of that",
			"schedule", o.Schedule, "steps_then", r.Config.Train.Steps, "steps_now", total)
	}
	slog.Info("going on", "step", trainer.Step(), "of", total, "run", r.dir)
	for i, m := range members {
		m.Dir = r.runs[i]
		if m.Environment, err = r.continued(m.Dir, m.Environment, at, trainer.StepOf(i)); err != nil {
			return false, err
		}
	}
	return false, nil
}

// isComplete reports whether all the runs have made so many steps or stopped early, and have been ended after that. A kill
// after the last checkpoint, or a disk that failed, leaves something to be written.
func (r *Resumption) isComplete(trainer *trainers.Trainer, steps int) bool {
	for i, run := range r.runs {
		step := trainer.StepOf(i)
		if step < steps && !trainer.StoppedEarly(i) {
			return false
		}
		if result, err := run.Result(); err != nil || result.Status != rundir.Completed || result.Step != int64(step) {
			return false
		}
	}
	return true
}

// truncate removes what a killed run has logged after its last checkpoint. Metrics that cannot be read are set aside where a
// damaged checkpoint would be: the run does not depend on them.
func (r *Resumption) truncate(run *rundir.Run, step int64) error {
	err := run.TruncateMetrics(step)
	if _, isSystem := errors.AsType[*fs.PathError](err); err == nil || isSystem {
		return err
	}
	if !r.fallBack {
		return fmt.Errorf("%w; --resume=auto sets these metrics aside and begins new ones", err)
	}
	path, asideErr := run.SetMetricsAside()
	slog.Warn("the metrics cannot be read, and new ones are begun", "error", err, "set_aside", path)
	return asideErr
}

// catchUp writes what a kill, or a disk that failed, has kept from being written after the checkpoints that the runs go on
// from, and clears away what was left half-written.
func (r *Resumption) catchUp(trainer *trainers.Trainer) error {
	for i, run := range r.runs {
		if err := run.RemoveTemporary(); err != nil {
			return err
		}
		run.Checkpoints().RemoveUnfinished()
		step := int64(trainer.StepOf(i))
		if err := r.truncate(run, step); err != nil {
			return err
		}
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
