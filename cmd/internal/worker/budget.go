package worker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"joule/bench"
	"joule/cmd/internal/training"
	"joule/configs"
	"joule/suites"
	"joule/trainers"
)

// spend sets the number of steps of a config by what its run may take; a budget of steps is in the config already.
func (w *Worker) spend(budget suites.Budget, config *configs.Config) error {
	if budget.GradientEvaluations > 0 {
		set, err := config.LoadData()
		if err != nil {
			return err
		}
		cost, err := trainers.CostPerStep(config.Model, config.Method, set.Train.Dim, config.Train)
		if err != nil {
			return err
		}
		if cost.Total() > budget.GradientEvaluations {
			return fmt.Errorf("a step takes %.4g gradient evaluations, and the budget of the run is %.4g", cost.Total(), budget.GradientEvaluations)
		}
		config.Train.Steps = int(min(budget.GradientEvaluations/cost.Total(), math.MaxInt32))
	}
	if budget.Seconds > 0 {
		w.beat(bench.Beat{Phase: "timing"})
		rate, err := w.StepsPerSecond(config, budget.Seconds)
		if err != nil {
			return err
		}
		config.Train.Steps = int(max(1, min(rate*budget.Seconds, math.MaxInt32)))
	}
	return nil
}

// A trial takes a share of the time that there is, within bounds.
const (
	trialShare = 0.1
	trialLeast = time.Second
	trialMost  = 20 * time.Second
)

// StepsPerSecond makes some steps of a run, which are thrown away, and tells how fast it goes once it is compiled.
func (w *Worker) StepsPerSecond(config *configs.Config, seconds float64) (float64, error) {
	own := *config
	runs, err := training.ReplicasOf(&own)
	if err != nil {
		return 0, err
	}
	backend, err := training.OpenBackend(w.open, &own, runs[0].Set.Train.Dim)
	if err != nil {
		return 0, err
	}
	own.Train.Steps = math.MaxInt32 // that it does not end before its time
	trainer, err := trainers.New(backend.Backend, trainers.Spec{
		Model: own.Model, Method: own.Method, Optimizer: own.Optimizer, Loop: own.Train, Data: runs[0].Set, Seed: runs[0].Config.Seed,
	})
	if err != nil {
		return 0, err
	}
	defer trainer.Close()
	length := min(max(time.Duration(seconds*trialShare*float64(time.Second)), trialLeast), trialMost)
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	begun := time.Now()
	if err := trainer.Run(ctx, trainers.Hooks{}); !errors.Is(err, context.DeadlineExceeded) {
		return 0, fmt.Errorf("while it was timed: %w", err)
	}
	return float64(trainer.Step()) / time.Since(begun).Seconds(), nil
}
