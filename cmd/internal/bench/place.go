package bench

import (
	"log/slog"
	"strings"
	"time"

	"joule/bench"
	"joule/results"
	"joule/suites"
)

// place finds the GPUs that workers are placed on: those that are asked for, or all where the suite is for GPUs.
func (o *options) place(suite *suites.Suite, cells []*suites.Cell, how bench.Options) error {
	if o.devices != "" {
		if err := bench.CheckPlaceable(suite, cells, how); err != nil {
			return err
		}
		var err error
		if o.gpus, err = bench.ChooseGPUs(bench.VisibleGPUs(), o.devices); err != nil {
			return err
		}
	} else if are, err := bench.AreCUDA(suite, cells, how); err != nil {
		return err
	} else if are {
		o.gpus = bench.VisibleGPUs()
	}
	if len(o.gpus) > 0 {
		if o.jobs == 0 {
			o.jobs = len(o.gpus)
		}
		slog.Info("workers are placed on GPUs", "gpus", strings.Join(o.gpus, ","), "jobs", o.jobs)
	}
	return nil
}

// writePlan says in the directory of a suite what there is to do, for those who watch.
func (o options) writePlan(dir string, suite *suites.Suite, plan *bench.Plan) error {
	now := time.Now()
	created, err := results.Begun(dir)
	if err != nil || created.IsZero() {
		created = now
	}
	return results.WritePlan(dir, results.Plan{Suite: suite.Name, Created: created, Started: now, Done: plan.Done + len(plan.Refused),
		Jobs: o.workers(len(plan.Tasks)), Keys: plan.Keys})
}
