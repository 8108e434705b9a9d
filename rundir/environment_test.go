package rundir

import (
	"math"
	"reflect"
	"testing"
	"time"
)

func TestEnvironmentRoundTrip(t *testing.T) {
	run := newRun(t)
	want := Environment{
		Joule: "v0.1.0", Go: "go1.26", Modules: map[string]string{"example.org/m": "v1.2.3"},
		OS: "linux", Arch: "amd64", CPU: "A processor", CPUs: 2,
		Backend: Backend{Spec: "xla:cpu", Description: "CPU", Plugin: "/lib/plugin.so", PluginAPI: "0.77", Devices: []string{"cpu 0"}},
		Seed:    math.MinInt64, Started: start,
	}
	for range 2 {
		if err := run.WriteEnvironment(want); err != nil {
			t.Fatal(err)
		}
		got, err := run.Environment()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
		want.Finish(start.Add(1500 * time.Millisecond))
		if want.Seconds != 1.5 {
			t.Errorf("%v seconds, want 1.5", want.Seconds)
		}
	}
}

func TestATimeThatIsNone(t *testing.T) {
	run := newRun(t)
	put(t, run, environmentFile, "{\"format\": 1, \"started\": \"yester\x7fday\"}")
	want := run.path(environmentFile) + `: "yester\x7fday" is not a time such as 2026-03-04T05:06:07Z`
	if _, err := run.Environment(); message(err) != want {
		t.Errorf("error %v; want %s", err, want)
	}
}
