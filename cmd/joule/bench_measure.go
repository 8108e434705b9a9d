package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"joule/backends"
	"joule/bench"
	"joule/datasets"
	"joule/metrics"
	"joule/plots"
	"joule/results"
	"joule/rundir"
	"joule/suites"
	"joule/trainers"
)

// measureRun fills the row of a run that has ended.
func (w *benchWorker) measureRun(task *bench.Task, row *results.Row, r *member, backend *backends.Backend) {
	fail := func(status results.Status, err error) {
		row.Status, row.Reason = status, oneLine(err)
	}
	result, resultErr := r.dir.Result()
	if resultErr != nil {
		fail(results.Failed, resultErr)
		return
	}
	describeRow(row, r, backend, result)
	if result.Status != rundir.Completed {
		row.Status, row.Reason = results.Failed, firstOf(result.Error, 2000)
		if n := len(result.Incidents); n > 0 && result.Incidents[n-1].Action == trainers.Stop {
			row.Status = results.Diverged
		}
		return
	}
	begun := time.Now()
	dataset, err := r.dir.Dataset()
	if err != nil {
		fail(results.Failed, err)
		return
	}
	t := &trained{dir: r.dir, config: r.config, dataset: dataset}
	if err := t.load(backend); err != nil {
		fail(results.Failed, err)
		return
	}
	defer t.model.Close()
	if t.source() != "" {
		row.Data = t.dataName()
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
func describeRow(row *results.Row, r *member, backend *backends.Backend, result rundir.Result) {
	e := r.environment
	row.Joule, row.Go, row.GoMLX, row.CPU, row.CPUs = e.Joule, e.Go, e.Modules["gomlx"], e.CPU, e.CPUs
	row.Backend = backend.Spec
	if len(e.Backend.Devices) > 0 {
		row.Device = e.Backend.Devices[0]
	}
	if gpu := bench.PlacedOn(); gpu != "" && backend.Plugin != "" && !backend.IsCPU() { // whose number within this process is always 0
		row.Device += fmt.Sprintf(" (GPU %s)", gpu)
	}
	row.Dim = r.set.Train.Dim
	if text, err := r.dir.Config(); err == nil {
		row.Config = string(text)
	}
	n := float64(row.Replicas)
	training := result.Seconds - result.CompileSeconds
	row.Put("steps", float64(result.Step))
	row.Put("seconds", training/n)
	row.Put("compile_seconds", result.CompileSeconds/n)
	row.Put("steps_per_second", n*float64(result.Step)/training)
	row.Put("peak_memory", float64(result.PeakMemory)/(1<<20))
	if cost, err := trainers.CostPerStep(r.config.Model, r.config.Method, row.Dim, r.config.Train); err == nil {
		row.Put("gradient_evaluations", cost.Total()*float64(result.Step))
	}
	if parameters, err := r.config.Model.Parameters(row.Dim); err == nil {
		size := 0
		for _, p := range parameters {
			size += p.Size()
		}
		row.Put("parameters", float64(size))
	}
}

// measureTrained measures a trained model by what its suite asks for.
func (w *benchWorker) measureTrained(task *bench.Task, row *results.Row, r *member, t *trained) error {
	how := metrics.Options{Grid: task.Measure.Grid, NoAIS: true}
	if slices.Contains(task.Metrics, "ais_nll") {
		ais := metrics.NewAIS()
		ais.Chains, ais.Steps = task.Measure.AISChains, task.Measure.AISSteps
		how.NoAIS, how.AIS = false, &ais
	}
	m := t.measureOn(r.set, how)
	if m.problem != nil {
		return m.problem
	}
	row.Warnings = m.evaluation.Warnings()
	putEvaluation(row, m.evaluation, task.Metrics)
	if err := w.compare(task, row, m); err != nil {
		row.Warnings = append(row.Warnings, oneLine(err))
	}
	if slices.Contains(task.Metrics, "time_to_target") {
		looks, err := readLooks(r.dir.Dir())
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(looks, func(l look) bool { return l.KL <= task.Measure.TargetKL }); i >= 0 {
			row.Put("time_to_target", looks[i].Seconds)
			row.Put("steps_to_target", float64(looks[i].Step))
		}
	}
	if row.Dim == 2 && t.dataset.Image == nil && r.config.Seed == task.FirstSeed && task.Keep == "runs" {
		if err := m.drawThumbnails(); err != nil {
			row.Warnings = append(row.Warnings, oneLine(err))
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
func (w *benchWorker) compare(task *bench.Task, row *results.Row, m *measured) error {
	how := metrics.NewCompareOptions()
	how.Most, how.Seed = task.Measure.Samples, m.config.Seed
	how.Names = []string{}
	for _, name := range task.Metrics {
		how.Names = append(how.Names, compared[name]...)
	}
	if held, _ := m.set.HeldOut(); len(how.Names) == 0 || held.N == 0 {
		return nil
	}
	var samples datasets.Points
	var failed error
	if suites.NeedsSamples(task.Metrics) {
		drawn, _, err := m.sample(task.Measure.Samples, m.config.Seed)
		if err == nil {
			samples = m.transform().Apply(drawn)
		} else {
			failed = fmt.Errorf("no samples could be drawn: %w", err)
		}
	}
	c, err := w.panel(m.backend).Compare(m.model, m.set, samples, how)
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

// putEvaluation puts those figures of an evaluation into a row that were asked for.
func putEvaluation(row *results.Row, e *metrics.Evaluation, asked []string) {
	put := func(metric, name string, x *float64) {
		if x != nil && slices.Contains(asked, metric) {
			row.Put(name, *x)
		}
	}
	put("kl", "kl", e.KL)
	put("fisher", "fisher", e.Fisher)
	if e.LogZ != nil && !e.IsBound() {
		put("test_nll", "test_nll", e.TestNLL)
		put("kl", "border_mass", e.BorderMass)
	}
	if e.Entropy != nil {
		row.Put("entropy", *e.Entropy)
	}
	if e.AIS != nil && e.AIS.IsTrusted() {
		gap := e.AIS.Upper - e.AIS.Lower
		put("ais_nll", "ais_gap", &gap)
		if e.IsBound() {
			put("ais_nll", "ais_nll", e.TestNLL)
		} else if e.TestNLL != nil && e.LogZ != nil {
			nll := *e.TestNLL - *e.LogZ + e.AIS.Lower
			put("ais_nll", "ais_nll", &nll)
		}
	}
	if e.TestNLL != nil && e.Entropy != nil && (slices.Contains(asked, "test_nll") || slices.Contains(asked, "ais_nll")) {
		row.Put("nll_excess", *e.TestNLL-*e.Entropy)
	}
	if e.TestClasses != nil {
		put("accuracy", "accuracy", &e.TestClasses.Accuracy)
	}
}

// The size of the thumbnails of a suite's runs in cells, and how many nats their colours reach over.
const (
	thumbnailCells = 128
	thumbnailSpan  = 8
)

// drawThumbnails draws the energy, and that of the true density, for the report on a suite.
func (m *measured) drawThumbnails() error {
	low, high := m.frame()
	margin := figureMargin / 2
	field := plots.Field{NX: thumbnailCells, NY: thumbnailCells}
	field.XMin, field.XMax = low[0]-margin*(high[0]-low[0]), high[0]+margin*(high[0]-low[0])
	field.YMin, field.YMax = low[1]-margin*(high[1]-low[1]), high[1]+margin*(high[1]-low[1])
	points := m.transform().Apply(cellsOf(field))
	save := func(name string) error {
		path, err := m.dir.FigurePath(name)
		if err == nil {
			err = plots.EnergyThumbnail{Energy: field, Span: thumbnailSpan}.Save(path)
		}
		return err
	}
	var err error
	if field.Values, err = m.model.Energies(points.Values); err != nil {
		return err
	}
	if err := save("map.png"); err != nil || m.set.Density == nil {
		return err
	}
	if field.Values, err = metrics.LogDensities(m.backend.Backend, m.set.Density, points); err != nil {
		return err
	}
	for i := range field.Values {
		field.Values[i] = -field.Values[i]
	}
	return save("truth.png")
}
