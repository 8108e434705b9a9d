package rundir

import (
	"os"
	"reflect"
	"testing"
)

func TestResultRoundTrip(t *testing.T) {
	run := newRun(t)
	want := Result{Status: Failed, Step: 12, Seconds: 3.5, CompileSeconds: 0.25, Error: "loss is NaN at step 12"}
	if err := run.WriteResult(want); err != nil {
		t.Fatal(err)
	}
	if got, err := run.Result(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestResultFileText(t *testing.T) {
	run := newRun(t)
	if err := run.WriteResult(Result{Status: Completed, Step: 20000, Seconds: 61.5, CompileSeconds: 2}); err != nil {
		t.Fatal(err)
	}
	want := `{
  "format": 1,
  "status": "completed",
  "step": 20000,
  "seconds": 61.5,
  "compile_seconds": 2
}
`
	if got, _ := os.ReadFile(run.path(resultFile)); string(got) != want {
		t.Errorf("wrote %s; want %s", got, want)
	}
}
