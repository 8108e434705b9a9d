// Package checkpoints keeps the states of a training run on disk, so that it can go on from them bit for bit.
// docs/checkpoint.md specifies the files.
//
// A checkpoint is a folder that appears under its name in one step, after everything in it is on the disk, and is never
// changed afterwards. Everything in it is covered by checksums. Errors name the file and the cause.
package checkpoints

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"joule/internal/safetensors"
)

// format is the version of the files that this package writes, and the newest that it reads.
const format = 1

// Checkpoint is the state of a run after a step, and what it belongs to.
type Checkpoint struct {
	Step int `json:"step"` // steps done
	// Summed is the number of those steps since the last log, of which the tensor log.sums has the sums.
	Summed int `json:"summed"`
	// Rate is what the scheduled learning rate is multiplied by: below 1 after a rollback.
	Rate float64 `json:"rate"`
	// Incidents are the sick steps that the run was helped out of.
	Incidents []Incident `json:"incidents,omitempty"`
	// Seed and Random say where random numbers come from: the seed, by way of the generator of that name, and the step.
	Seed   int64  `json:"seed"`
	Random string `json:"random"`
	// RollbackTo is the step of the checkpoint that a rollback from here goes back to, 0 being the start; nil: this one.
	RollbackTo *int `json:"rollback_to,omitempty"`
	// Data is a checksum of the training points, and Config of the settings that may not change when the run goes on.
	Data   string `json:"data"`
	Config string `json:"config"`
	// Joule and Backend are the version of the program and what it computed on.
	Joule   string `json:"joule"`
	Backend string `json:"backend"`
	// Seconds is the time spent training so far.
	Seconds float64   `json:"seconds"`
	Written time.Time `json:"written"`
	// Criterion is the metric by which the best checkpoint is kept, as last logged; nil: none is asked for.
	Criterion *Criterion `json:"criterion,omitempty"`
	// Best is what early stopping goes by; nil: there is no such thing, or not yet.
	Best *Best `json:"best,omitempty"`
	// Tensors are the state.
	Tensors []safetensors.Tensor `json:"-"`
}

// Criterion is a metric and its value. Lower is better.
type Criterion struct {
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
}

// Best is the best value of the criterion of early stopping so far. Lower is better.
type Best struct {
	Criterion
	Step  int `json:"step"`  // at which it was so
	Since int `json:"since"` // the number of looks since then
}

// Incident is a sick step of training, whose update was not applied, and what was done about it.
type Incident struct {
	Step     int    `json:"step"`
	Quantity string `json:"quantity"` // what was out of its bounds
	Value    Number `json:"value"`
	Action   string `json:"action"` // stop, skip or rollback
	// To is the step that a rollback went back to, and Rate what it multiplied the learning rate by from there.
	To   int     `json:"to,omitzero"`
	Rate float64 `json:"rate,omitzero"`
}

// Number is a number that may be NaN or infinite, for which JSON has none: it is then one of the strings "NaN", "Infinity"
// and "-Infinity".
type Number float64

// MarshalJSON implements [json.Marshaler].
func (n Number) MarshalJSON() ([]byte, error) {
	switch x := float64(n); {
	case math.IsNaN(x):
		return []byte(`"NaN"`), nil
	case math.IsInf(x, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(x, -1):
		return []byte(`"-Infinity"`), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON implements [json.Unmarshaler].
func (n *Number) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `"NaN"`:
		*n = Number(math.NaN())
	case `"Infinity"`:
		*n = Number(math.Inf(1))
	case `"-Infinity"`:
		*n = Number(math.Inf(-1))
	default:
		return json.Unmarshal(text, (*float64)(n))
	}
	return nil
}

// check reports what no run can leave.
func (c *Checkpoint) check() error {
	switch {
	case c.Step < 0:
		return fmt.Errorf("step: %d is negative", c.Step)
	case c.Summed < 0 || c.Summed > c.Step:
		return fmt.Errorf("summed: %d is not within 0 and the step, %d", c.Summed, c.Step)
	case !(c.Rate > 0) || c.Rate > 1:
		return fmt.Errorf("rate: %v is not above 0 and at most 1", c.Rate)
	case !(c.Seconds >= 0) || math.IsInf(c.Seconds, 0):
		return fmt.Errorf("seconds: %v is not a time", c.Seconds)
	case c.RollbackTo != nil && (*c.RollbackTo < 0 || *c.RollbackTo > c.Step):
		return fmt.Errorf("rollback_to: %d is not within 0 and the step, %d", *c.RollbackTo, c.Step)
	case c.Criterion != nil && (math.IsNaN(c.Criterion.Value) || math.IsInf(c.Criterion.Value, 0)):
		return fmt.Errorf("criterion: %v is not finite", c.Criterion.Value)
	case c.Best != nil && (math.IsNaN(c.Best.Value) || math.IsInf(c.Best.Value, 0)):
		return fmt.Errorf("best: %v is not finite", c.Best.Value)
	case c.Best != nil && (c.Best.Step < 0 || c.Best.Step > c.Step || c.Best.Since < 0):
		return fmt.Errorf("best: step %d and %d looks since then are not within 0 and the step, %d", c.Best.Step, c.Best.Since, c.Step)
	}
	return nil
}

// checkFinite refuses to keep a state that training cannot go on from.
func checkFinite(tensors []safetensors.Tensor) error {
	for _, t := range tensors {
		values, err := safetensors.Floats(t)
		if err != nil {
			return err
		}
		for i, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("tensor %s: value %d is %v; only finite states are kept", t.Name, i, v)
			}
		}
	}
	return nil
}

// manifest is the text of manifest.json. Its last member is a checksum of all the bytes before that.
type manifest struct {
	Format int `json:"format"`
	Checkpoint
	State file `json:"state"`
}

// file is what a manifest says of the file with the tensors.
type file struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// How a manifest ends: the checksum stands between these.
const (
	beforeSum = ",\n  \"sha256\": \""
	afterSum  = "\"\n}\n"
)

func (m manifest) encode() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	text = append(bytes.TrimSuffix(text, []byte("\n}")), beforeSum...)
	return append(append(text, sumOf(text)...), afterSum...), nil
}

// versionError is the format of a checkpoint that another version of joule has written. It is not damaged.
type versionError int

func (e versionError) Error() string {
	return fmt.Sprintf("has format %d, and this version of joule reads format %d: use the joule that wrote it, or a newer one", int(e), format)
}

// decodeManifest reads the text of a manifest, every byte of which is checked.
func decodeManifest(text []byte) (m manifest, err error) {
	at := len(text) - len(afterSum) - sumLength
	if at < len(beforeSum) || string(text[at-len(beforeSum):at]) != beforeSum || string(text[at+sumLength:]) != afterSum {
		return m, fmt.Errorf("does not end with a checksum: it is cut off or damaged")
	}
	if found, want := sumOf(text[:at]), string(text[at:at+sumLength]); found != want {
		return m, fmt.Errorf("its checksum is %s and should be %.80q: it is damaged", found, want)
	}
	var header struct{ Format int }
	if err := json.Unmarshal(text, &header); err != nil {
		return m, err
	}
	if header.Format != format {
		return m, versionError(header.Format)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, err
	}
	return m, m.check()
}
