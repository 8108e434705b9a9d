package rundir

import (
	"os"
	"regexp"
	"testing"
)

// The examples of docs/run-directory.md are files that this package reads.
func TestExamplesOfTheSpecification(t *testing.T) {
	page, err := os.ReadFile("../docs/run-directory.md")
	if err != nil {
		t.Fatal(err)
	}
	run := newRun(t)
	examples := regexp.MustCompile("(?s)\n## `([a-z.]+)`\n[^#]*?```json\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	for _, example := range examples {
		put(t, run, example[1], example[2])
	}
	if e, err := run.Environment(); err != nil || e.Seconds != e.Finished.Sub(e.Started).Seconds() || e.Backend.Spec != "xla:cpu" || len(e.Modules) != 3 {
		t.Errorf("environment %+v, %v", e, err)
	}
	if d, err := run.Dataset(); err != nil || d.Train+d.Test != 272 || d.Standardizer == nil {
		t.Errorf("dataset %+v, %v", d, err)
	}
	if m, err := run.Metrics(); err != nil || len(m.Records) != 3 || m.Torn != 0 {
		t.Errorf("metrics %+v, %v", m, err)
	}
	if r, err := run.Result(); err != nil || r.Status != Completed || r.CompileSeconds == 0 {
		t.Errorf("result %+v, %v", r, err)
	}
}
