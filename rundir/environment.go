package rundir

import (
	"errors"
	"fmt"
	"time"
)

// Environment is what a run's numbers depend on beside its config.
type Environment struct {
	Joule   string            `json:"joule"`   // version of joule
	Go      string            `json:"go"`      // version of Go that compiled it
	Modules map[string]string `json:"modules"` // version of each module it was built with
	OS      string            `json:"os"`      // as GOOS
	Arch    string            `json:"arch"`    // as GOARCH
	CPU     string            `json:"cpu"`     // model; empty where the system does not tell
	CPUs    int               `json:"cpus"`    // logical processors that the process may use
	Backend Backend           `json:"backend"`
	Seed    int64             `json:"seed"`
	// Replicas is the number of runs that were trained in one program, whose times and memory the run reports; 0: it was alone.
	Replicas int       `json:"replicas,omitzero"`
	Started  time.Time `json:"started"`
	// Resumed are the times at which the run went on after an end, and from which step.
	Resumed []Resumption `json:"resumed,omitempty"`
	// Finished and Seconds, the wall time between, are zero until training ends.
	Finished time.Time `json:"finished,omitzero"`
	Seconds  float64   `json:"seconds,omitzero"`
}

// Resumption is a time at which a run went on.
type Resumption struct {
	At   time.Time `json:"at"`
	Step int64     `json:"step"`
}

// Backend is what computed a run.
type Backend struct {
	Spec        string   `json:"spec"`                 // as the config names it after "auto" was resolved, such as xla:cpu
	Description string   `json:"description"`          // the backend's own words
	Plugin      string   `json:"plugin,omitempty"`     // path of the PJRT plugin
	PluginAPI   string   `json:"plugin_api,omitempty"` // version of the PJRT API that the plugin speaks
	Devices     []string `json:"devices"`              // description of each device in use
}

// Finish sets the end of the run.
func (e *Environment) Finish(now time.Time) {
	e.Finished, e.Seconds = now, now.Sub(e.Started).Seconds()
}

func (e *Environment) check() error {
	for _, t := range []time.Time{e.Started, e.Finished} {
		if _, err := t.MarshalJSON(); err != nil {
			return fmt.Errorf("a time that cannot be: %w", err)
		}
	}
	if e.Started.IsZero() {
		return errors.New("started: the time is missing")
	}
	return nil
}

// WriteEnvironment writes the environment: at the start, and once more when the run is finished.
func (r *Run) WriteEnvironment(e Environment) error {
	return r.writeJSON(environmentFile, &e, struct {
		Format int `json:"format"`
		Environment
	}{format, e})
}

// Environment reads the environment.
func (r *Run) Environment() (Environment, error) {
	var e Environment
	err := r.readJSON(environmentFile, &e)
	return e, err
}
