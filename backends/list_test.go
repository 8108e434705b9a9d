package backends

import (
	"path/filepath"
	"testing"
)

func TestListOnEmptyMachine(t *testing.T) {
	emptyMachine(t)
	cuda, cpu := errNoGPU, errNoCPUPlugin
	if !withXLA {
		cuda, cpu = errNoXLA, errNoXLA
	}
	want := []Candidate{
		{Spec: "xla:cuda", Reason: cuda.Error()},
		{Spec: "xla:cpu", Reason: cpu.Error()},
		{Spec: "go", Usable: true, Devices: 1},
	}
	got := List(t.Context())
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got  %+v\nwant %+v", got[i], want[i])
		}
	}
}

// A plugin whose opening ends the process is a candidate with a reason, as is a file that is none.
func TestListSurvivesBadPlugins(t *testing.T) {
	needXLA(t)
	dir := emptyMachine(t)
	bad, worse := filepath.Join(dir, cpuPluginName), filepath.Join(dir, "pjrt_c_api_cpu_v0_plugin.so")
	write(t, bad, "text")
	copyFile(t, worse, library(t, `abort();`))
	list := List(t.Context())
	want := []Candidate{
		{Spec: "xla:cpu", Path: bad, Reason: bad + ": not a shared library: give the path of an XLA plugin (.so)"},
		{Spec: "xla:" + worse, Path: worse, Reason: "opening it ended the process (exit status 2): SIGABRT: abort"},
	}
	for i := range want {
		if got := list[i+1]; got != want[i] {
			t.Errorf("got  %+v\nwant %+v", got, want[i])
		}
	}
}

func TestListFindsPlugin(t *testing.T) {
	plugin := cpuPluginHere(t)
	emptyMachine(t)
	t.Setenv(EnvCPUPlugin, plugin)
	got := List(t.Context())[1]
	if got.Spec != "xla:cpu" || got.Path != plugin || !got.Usable || got.Reason != "" || got.Devices != 1 || got.APIVersion == "" {
		t.Errorf("got %+v", got)
	}
}
