// Package expose tells Prometheus how runs and suites are getting on.
//
// What it tells is read from the disk when it is asked for, by a [watch.Watcher]: training neither knows of it nor waits for it.
// docs/watching.md lists the metrics.
package expose

import (
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"joule/results"
	"joule/watch"
)

// Source is what there is to tell of.
type Source struct {
	// Look finds out how it is getting on. It must be safe for use by several goroutines.
	Look func() *watch.Snapshot
	// RunningOnly leaves out runs that have ended, of which a suite may have thousands.
	RunningOnly bool
	// Version is that of joule.
	Version string
}

// collector implements [prometheus.Collector].
type collector struct {
	Source
	build                                                    *prometheus.Desc
	step, steps, loss, metric, rate, incidents, checkpoint   *prometheus.Desc
	suiteRuns, suitePlanned, suiteTasks, suiteSecondsOfATask *prometheus.Desc
}

// ofRun are the labels of what is told of a run.
var ofRun = []string{"run", "seed"}

func newCollector(s Source) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("joule_"+name, help, labels, nil)
	}
	run := func(name, help string, more ...string) *prometheus.Desc {
		return desc(name, help, append(slices.Clone(ofRun), more...)...)
	}
	return &collector{
		Source:     s,
		build:      desc("build_info", "Version of joule and of the Go that compiled it; always 1.", "version", "go_version"),
		step:       run("step", "Steps that a run has made, as of its last log or checkpoint."),
		steps:      run("target_steps", "Steps that a run is to make."),
		loss:       run("loss", "Training loss, a mean over the steps of the last log."),
		metric:     run("metric", "Every metric as last logged, by its name in metrics.jsonl.", "name"),
		rate:       run("steps_per_second", "Steps a second, as of the last log."),
		incidents:  run("incidents_total", "Sick steps as of the newest checkpoint, by what was done about them.", "action"),
		checkpoint: run("checkpoint_timestamp_seconds", "When the newest checkpoint was written, in seconds since 1970."),

		suiteRuns:           desc("suite_runs", "Runs of a suite with a row, by how they ended.", "suite", "status"),
		suitePlanned:        desc("suite_runs_planned", "Runs that a suite is to have.", "suite"),
		suiteTasks:          desc("suite_tasks_running", "Tasks of a suite that are being trained or measured, of one run or of several.", "suite"),
		suiteSecondsOfATask: desc("suite_run_seconds", "Seconds that each run of a suite with a row was trained for.", "suite"),
	}
}

// Describe implements [prometheus.Collector].
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.build, c.step, c.steps, c.loss, c.metric, c.rate, c.incidents, c.checkpoint,
		c.suiteRuns, c.suitePlanned, c.suiteTasks, c.suiteSecondsOfATask} {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *collector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, x float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, x, valid(labels)...)
	}
	gauge(c.build, 1, c.Version, runtime.Version())
	s := c.Look()
	for _, r := range s.Runs {
		if !c.RunningOnly || r.State == watch.Running {
			c.run(out, gauge, r)
		}
	}
	for _, suite := range s.Suites {
		c.suite(out, gauge, suite)
	}
}

func (c *collector) run(out chan<- prometheus.Metric, gauge func(*prometheus.Desc, float64, ...string), r *watch.Run) {
	seed := strconv.FormatInt(r.Seed, 10)
	gauge(c.step, float64(r.Step), r.Name, seed)
	if r.Steps > 0 {
		gauge(c.steps, float64(r.Steps), r.Name, seed)
	}
	if r.Loss != nil {
		gauge(c.loss, float64(*r.Loss), r.Name, seed)
	}
	for name, x := range r.Metrics {
		gauge(c.metric, float64(x), r.Name, seed, name)
	}
	if r.StepsPerSecond > 0 {
		gauge(c.rate, r.StepsPerSecond, r.Name, seed)
	}
	for _, action := range []string{"rollback", "skip", "stop"} {
		out <- prometheus.MustNewConstMetric(c.incidents, prometheus.CounterValue, float64(r.Incidents[action]), valid([]string{r.Name, seed, action})...)
	}
	if !r.Checkpoint.IsZero() {
		gauge(c.checkpoint, float64(r.Checkpoint.UnixNano())/float64(time.Second), r.Name, seed)
	}
}

// bounds are those of the histogram of seconds: from a tenth of a second to a day.
var bounds = []float64{0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 43200, 86400}

func (c *collector) suite(out chan<- prometheus.Metric, gauge func(*prometheus.Desc, float64, ...string), s *watch.Suite) {
	for _, status := range results.Statuses {
		gauge(c.suiteRuns, float64(s.Status[string(status)]), s.Name, string(status))
	}
	if s.Planned > 0 {
		gauge(c.suitePlanned, float64(s.Planned), s.Name)
	}
	gauge(c.suiteTasks, float64(s.Tasks), s.Name)
	buckets, sum := make(map[float64]uint64, len(bounds)), 0.0
	for _, bound := range bounds {
		buckets[bound] = 0
	}
	for _, x := range s.Seconds {
		sum += x
		for _, bound := range bounds {
			if x <= bound {
				buckets[bound]++
			}
		}
	}
	out <- prometheus.MustNewConstHistogram(c.suiteSecondsOfATask, uint64(len(s.Seconds)), sum, buckets, valid([]string{s.Name})...)
}

// valid makes labels UTF-8, as they have to be: a path need not be.
func valid(labels []string) []string {
	for i := range labels {
		labels[i] = strings.ToValidUTF8(labels[i], "�")
	}
	return labels
}
