package rundir

import (
	"fmt"
	"os"

	"joule/checkpoints"
	"joule/internal/atomicfile"
)

// Status says how a run ended.
type Status string

const (
	Completed   Status = "completed"   // all steps were made, or it stopped early as it should
	Failed      Status = "failed"      // an error stopped it
	Interrupted Status = "interrupted" // a signal stopped it, and its state was saved
)

// EarlyStopping is why a run stopped whose criterion got no better.
const EarlyStopping = "early_stopping"

// Result is the end of a run. A run without one is still going on, or was killed.
type Result struct {
	Status         Status  `json:"status"`
	Step           int64   `json:"step"`                        // steps made
	Seconds        float64 `json:"seconds"`                     // wall time of training, compilation included
	CompileSeconds float64 `json:"compile_seconds"`             // wall time of compilation
	StartupSeconds float64 `json:"startup_seconds,omitempty"`   // from the start of the program to the first step
	PeakMemory     int64   `json:"peak_memory_bytes,omitempty"` // the most that the program held; 0 where the system does not tell
	// Stopped says why it was completed before its last step: EarlyStopping, or nothing.
	Stopped string `json:"stopped,omitempty"`
	// Best is where the criterion of early stopping was best, which is where the parameters are from.
	Best *checkpoints.Best `json:"best,omitempty"`
	// Incidents are the sick steps of the run, and what was done about each.
	Incidents []checkpoints.Incident `json:"incidents,omitempty"`
	Error     string                 `json:"error,omitempty"` // why it failed
}

func (r *Result) check() error {
	switch r.Status {
	case Completed, Failed, Interrupted:
	default:
		return fmt.Errorf("status: %.40q is not completed, failed or interrupted", r.Status)
	}
	if r.Stopped != "" && r.Stopped != EarlyStopping {
		return fmt.Errorf("stopped: %.40q is not %s", r.Stopped, EarlyStopping)
	}
	if r.Step < 0 {
		return fmt.Errorf("step: %d is negative", r.Step)
	}
	return nil
}

// WriteResult writes the end of the run.
func (r *Run) WriteResult(result Result) error {
	return r.writeJSON(resultFile, &result, struct {
		Format int `json:"format"`
		Result
	}{format, result})
}

// Result reads the end of the run. The error is [io/fs.ErrNotExist] where it has not ended.
func (r *Run) Result() (Result, error) {
	var result Result
	err := r.readJSON(resultFile, &result)
	return result, err
}

// RemoveResult takes the end of a run away, which is about to go on.
func (r *Run) RemoveResult() error {
	err := r.inside(func(root *os.Root) error {
		if err := root.Remove(resultFile); err != nil {
			return err
		}
		return atomicfile.SyncDir(root, ".")
	})
	if err != nil && !os.IsNotExist(err) {
		return atomicfile.Error("remove", r.path(resultFile), err)
	}
	return nil
}
