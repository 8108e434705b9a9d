package worker

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"joule/backends"
	"joule/bench"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/measured"
	"joule/cmd/internal/trained"
	"joule/cmd/internal/training"
	"joule/datasets"
	"joule/metrics"
	"joule/results"
	"joule/rundir"
	"joule/suites"
	"joule/trainers"
)

// measureRun fills the row of a run that has ended.
func (w *Worker) measureRun(task *bench.Task, row *results.Row, r *training.Member, backend *backends.Backend) {
	fail := func(status results.Status, err error) {
		row.Status, row.Reason = status, cli.OneLine(err)
	}
	result, resultErr := r.Dir.Result()
	if resultErr != nil {
		fail(results.Failed, resultErr)
		return
	}
	describeRow(row, r, backend, result)
	if result.Status != rundir.Completed {
		row.Status, row.Reason = results.Failed, cli.FirstOf(result.Error, 2000)
		if n := len(result.Incidents); n > 0 && result.Incidents[n-1].Action == trainers.Stop {
			row.Status = results.Diverged
		}
		return
	}
	begun := time.Now()
	dataset, err := r.Dir.Dataset()
	if err != nil {
		fail(results.Failed, err)
		return
	}
	t := &trained.Run{Dir: r.Dir, Config: r.Config, Dataset: dataset}
	if err := t.Load(backend); err != nil {
		fail(results.Failed, err)
		return
	}
	defer t.Model.Close()
	if t.Source() != "" {
		row.Data = t.DataName()
	}
	if err := w.measureTrained(task, row, r, t); err != nil {
		fail(results.Failed, err)
		return
	}
	row.Status = results.Completed
	row.Put("measure_seconds", time.Since(begun).Seconds())
	row.Put("peak_memory", float64(backends.PeakMemory())/(1<<20))
}

// describeRow notes what a run was made with and what it took.
func describeRow(row *results.Row, r *training.Member, backend *backends.Backend, result rundir.Result) {
	e := r.Environment
	row.Joule, row.Go, row.GoMLX, row.CPU, row.CPUs = e.Joule, e.Go, e.Modules["gomlx"], e.CPU, e.CPUs
	row.Backend = backend.Spec
	if len(e.Backend.Devices) > 0 {
		row.Device = e.Backend.Devices[0]
	}
	if gpu := bench.PlacedOn(); gpu != "" && backend.Plugin != "" && !backend.IsCPU() { // whose number within this process is always 0
		row.Device += fmt.Sprintf(" (GPU %s)", gpu)
	}
	row.Dim = r.Set.Train.Dim
	if text, err := r.Dir.Config(); err == nil {
		row.Config = string(text)
	}
	n := float64(row.Replicas)
	training := result.Seconds - result.CompileSeconds
	row.Put("steps", float64(result.Step))
	row.Put("seconds", training/n)
	row.Put("compile_seconds", result.CompileSeconds/n)
	row.Put("steps_per_second", n*float64(result.Step)/training)
	row.Put("peak_memory", float64(result.PeakMemory)/(1<<20))
	if cost, err := trainers.CostPerStep(r.Config.Model, r.Config.Method, row.Dim, r.Config.Train); err == nil {
		row.Put("gradient_evaluations", cost.Total()*float64(result.Step))
	}
	if parameters, err := r.Config.Model.Parameters(row.Dim); err == nil {
		size := 0
		for _, p := range parameters {
			size += p.Size()
		}
		row.Put("parameters", float64(size))
	}
}

// measureTrained measures a trained model by what its suite asks for.
func (w *Worker) measureTrained(task *bench.Task, row *results.Row, r *training.Member, t *trained.Run) error {
	how := metrics.Options{Grid: task.Measure.Grid, NoAIS: true}
	if slices.Contains(task.Metrics, "ais_nll") {
		ais := metrics.NewAIS()
		ais.Chains, ais.Steps = task.Measure.AISChains, task.Measure.AISSteps
		how.NoAIS, how.AIS = false, &ais
	}
	m := measured.On(t, r.Set, how)
	if m.Problem != nil {
		return m.Problem
	}
	row.Warnings = m.Evaluation.Warnings()
	measured.PutEvaluation(row, m.Evaluation, task.Metrics)
	if err := w.compare(task, row, m); err != nil {
		row.Warnings = append(row.Warnings, cli.OneLine(err))
	}
	if slices.Contains(task.Metrics, "time_to_target") {
		looks, err := readLooks(r.Dir.Dir())
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(looks, func(l look) bool { return l.KL <= task.Measure.TargetKL }); i >= 0 {
			row.Put("time_to_target", looks[i].Seconds)
			row.Put("steps_to_target", float64(looks[i].Step))
		}
	}
	if row.Dim == 2 && t.Dataset.Image == nil && r.Config.Seed == task.FirstSeed && task.Keep == "runs" {
		if err := m.DrawThumbnails(); err != nil {
			row.Warnings = append(row.Warnings, cli.OneLine(err))
		}
	}
	return nil
}

// compared are the metrics of a suite that compare points, and the figures that each stands for.
var compared = map[string][]string{
	"ksd": {metrics.NameKSD}, "mmd": {metrics.NameMMD}, "sliced_wasserstein": {metrics.NameSlicedWasserstein}, "auroc": {metrics.NameAUROC},
	"modes": {metrics.NameModeCoverage, metrics.NameModeWeightError, metrics.NameStray},
}

// perfects are the figures that say what others would be about for a perfect model.
var perfects = map[string]string{
	metrics.NameKSD: "ksd_floor", metrics.NameMMD: "mmd_floor", metrics.NameSlicedWasserstein: "sliced_wasserstein_floor",
	metrics.NameModeWeightError: "mode_weight_floor", metrics.NameAUROC: "auroc_ceiling",
}

// compare puts the figures into a row that compare held-out points with the model, and with samples of it. The error says why some
// are missing.
func (w *Worker) compare(task *bench.Task, row *results.Row, m *measured.Run) error {
	how := metrics.NewCompareOptions()
	how.Most, how.Seed = task.Measure.Samples, m.Config.Seed
	how.Names = []string{}
	for _, name := range task.Metrics {
		how.Names = append(how.Names, compared[name]...)
	}
	if held, _ := m.Set.HeldOut(); len(how.Names) == 0 || held.N == 0 {
		return nil
	}
	var samples datasets.Points
	var failed error
	if suites.NeedsSamples(task.Metrics) {
		drawn, _, err := m.Sample(task.Measure.Samples, m.Config.Seed)
		if err == nil {
			samples = m.Transform().Apply(drawn)
		} else {
			failed = fmt.Errorf("no samples could be drawn: %w", err)
		}
	}
	c, err := w.panel(m.Backend).Compare(m.Model, m.Set, samples, how)
	if err != nil {
		return errors.Join(failed, err)
	}
	row.Warnings = append(row.Warnings, c.Warnings()...)
	for _, name := range how.Names {
		value, perfect := c.Of(name)
		if value != nil {
			row.Put(name, *value)
		}
		if perfect != nil && perfects[name] != "" {
			row.Put(perfects[name], *perfect)
		}
	}
	return failed
}
