// Package results keeps what the runs of a suite have come to: a row a run.
//
// While a suite goes on, rows are appended to a [Journal], a line each, so that whatever is finished survives whatever
// happens. From it [WriteCSV] and [WriteParquet] make the tables that others read, and [Read] takes any of the three.
package results

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"
)

// The files of a suite's directory that hold its results.
const (
	JournalFile = "journal.jsonl"
	CSVFile     = "results.csv"
	ParquetFile = "results.parquet"
	// RunsFolder holds the run directories, by the names of the runs.
	RunsFolder = "runs"
	// TaskFile is in the run directory of a suite's run, and says which it is: the key of its row among others.
	TaskFile = "task.json"
)

// Status says how a run of a suite ended.
type Status string

// The ways for a run to end.
const (
	Completed Status = "completed" // trained and measured
	Diverged  Status = "diverged"  // a step was not finite, or out of its bounds
	Refused   Status = "refused"   // these settings do not go together, such as a method that needs a score on data without one
	Failed    Status = "failed"    // an error, of training or of measuring
	Crashed   Status = "crashed"   // the process died
	TimedOut  Status = "timed_out" // it took longer than it may, or said nothing for too long
)

// Statuses are all of them, the good one first.
var Statuses = []Status{Completed, Diverged, Refused, Failed, Crashed, TimedOut}

// Setting is a key of the grid and the value that a run has there, as short text.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Row is what a run has come to.
type Row struct {
	// Key changes with the settings of the run and with what is measured of it.
	Key    string `json:"key"`
	Status Status `json:"status"`
	// Run is the name of the run in its suite, and that of its directory in [RunsFolder]: the values of its axes and its seed,
	// as in mle/rings/seed-0.
	Run   string `json:"run"`
	Suite string `json:"suite"`
	// Axes are the settings by which runs of the suite differ beside their seeds, in the order of the suite.
	Axes []Setting `json:"axes"`
	Seed int64     `json:"seed"`
	// Method, Data and Model are kinds; of a file its name is the data.
	Method string `json:"method"`
	Data   string `json:"data"`
	Model  string `json:"model"`
	Dim    int    `json:"dim,omitempty"`
	// Reason says why the run is not completed.
	Reason string `json:"reason,omitempty"`
	// Metrics are the figures of the run by the names of [Figures], all finite; what cannot be had is not there.
	Metrics map[string]float64 `json:"metrics,omitempty"`
	// Warnings say what makes figures doubtful.
	Warnings []string `json:"warnings,omitempty"`
	// Replicas is the number of runs that were trained in one program, this one among them.
	Replicas int       `json:"replicas,omitempty"`
	Started  time.Time `json:"started,omitzero"`
	// What the figures depend on beside the settings.
	Joule   string `json:"joule"`
	Go      string `json:"go,omitempty"`
	GoMLX   string `json:"gomlx,omitempty"`
	Backend string `json:"backend,omitempty"`
	Device  string `json:"device,omitempty"`
	CPU     string `json:"cpu,omitempty"`
	CPUs    int    `json:"cpus,omitempty"`
	// Config is the resolved config, as YAML.
	Config string `json:"config,omitempty"`
}

// Cell is the name of what the row has in common with those of other seeds: the values of its axes.
func (r *Row) Cell() string {
	values := make([]string, len(r.Axes))
	for i, a := range r.Axes {
		values[i] = a.Value
	}
	return strings.Join(values, "/")
}

// Axis is the value that the run has on an axis of the grid, or of method, data, model, seed, suite, backend or dim; false: it
// has none of that name.
func (r *Row) Axis(key string) (string, bool) {
	for _, a := range r.Axes {
		if a.Key == key {
			return a.Value, true
		}
	}
	switch key {
	case "method":
		return r.Method, true
	case "data":
		return r.Data, true
	case "model":
		return r.Model, true
	case "suite":
		return r.Suite, true
	case "backend":
		return r.Backend, true
	case "seed":
		return fmt.Sprint(r.Seed), true
	case "dim":
		return fmt.Sprint(r.Dim), true
	}
	return "", false
}

// Metric is a figure of the run; false: it could not be had, or the run has failed before.
func (r *Row) Metric(name string) (float64, bool) {
	x, ok := r.Metrics[name]
	return x, ok
}

// Put sets a figure, unless it is not finite.
func (r *Row) Put(name string, x float64) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return
	}
	if r.Metrics == nil {
		r.Metrics = map[string]float64{}
	}
	r.Metrics[name] = x
}

// Compare orders rows as they are shown: by the suite's cells in the order in which they first occur is up to the caller; this
// is by suite, name of the cell and seed.
func Compare(a, b *Row) int {
	return cmp.Or(cmp.Compare(a.Suite, b.Suite), cmp.Compare(a.Cell(), b.Cell()), cmp.Compare(a.Seed, b.Seed))
}
