package training

import (
	"math"
	"time"

	"joule/checkpoints"
	"joule/internal/random"
	"joule/rundir"
	"joule/trainers"
)

// saveOf is what is kept of a run's state, after so many seconds of training in this process.
func saveOf(s trainers.Snapshot, run *Member, seconds float64) rundir.Save {
	c := checkpoints.Checkpoint{
		Step: s.Step, Summed: s.Summed, Rate: s.Rate, Incidents: incidentsOf(s.Incidents),
		Seed: run.Config.Seed, Random: random.Generator, Data: run.checksum, Config: run.settings,
		Joule: run.Environment.Joule, Backend: run.Environment.Backend.Spec,
		Seconds: run.Before + seconds, Written: time.Now(), Tensors: s.Tensors,
	}
	if s.RollbackTo >= 0 {
		c.RollbackTo = &s.RollbackTo
	}
	if name := run.Config.Train.KeepBest; name != "" && !math.IsNaN(run.criterion) && !math.IsInf(run.criterion, 0) {
		c.Criterion = &checkpoints.Criterion{Metric: name, Value: run.criterion}
	}
	c.Best = bestOf(s.Best)
	return rundir.Save{Checkpoint: c, Parameters: rundir.Parameters{Step: int64(s.Step), Tensors: trainers.ParameterTensors(s.Tensors)}}
}

// bestOf is the form in which the best of early stopping is kept.
func bestOf(b *trainers.Best) *checkpoints.Best {
	if b == nil {
		return nil
	}
	return &checkpoints.Best{Criterion: checkpoints.Criterion{Metric: b.Metric, Value: b.Value}, Step: b.Step, Since: b.Since}
}

// snapshotOf is the state that a checkpoint keeps, for a replica of a trainer.
func snapshotOf(c checkpoints.Checkpoint, replica int) trainers.Snapshot {
	s := trainers.Snapshot{Step: c.Step, Summed: c.Summed, Rate: c.Rate, Tensors: c.Tensors, RollbackTo: -1}
	if c.RollbackTo != nil {
		s.RollbackTo = *c.RollbackTo
	}
	if b := c.Best; b != nil {
		s.Best = &trainers.Best{Metric: b.Metric, Value: b.Value, Step: b.Step, Since: b.Since}
	}
	for _, i := range c.Incidents {
		s.Incidents = append(s.Incidents, trainers.Incident{
			Replica: replica, Step: i.Step, Quantity: i.Quantity, Value: float64(i.Value), Action: i.Action, To: i.To, Rate: i.Rate,
		})
	}
	return s
}

// savedOf is what a run of a trainer would be saved as.
func savedOf(trainer *trainers.Trainer, i int) saved {
	return saved{trainer.StepOf(i), len(trainer.Helped(i)), trainer.Rate(i)}
}

// incidentsOf is the form in which incidents are kept.
func incidentsOf(incidents []trainers.Incident) (kept []checkpoints.Incident) {
	for _, i := range incidents {
		kept = append(kept, checkpoints.Incident{
			Step: i.Step, Quantity: i.Quantity, Value: checkpoints.Number(i.Value), Action: i.Action, To: i.To, Rate: i.Rate,
		})
	}
	return kept
}
