package backends

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// TestMain lets the test binary be the program that List asks for a probe.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == ProbeArgs[0] && os.Args[2] == ProbeArgs[1] {
		if err := json.NewEncoder(os.Stdout).Encode(Probe(os.Args[3])); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	// No test downloads anything: every request is refused.
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"} {
		if err := os.Setenv(name, "http://127.0.0.1:1"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// emptyMachine hides every plugin and GPU of this machine, and returns the folder that plugins are installed in.
func emptyMachine(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv(EnvPluginDir, dir)
	t.Setenv(EnvCPUPlugin, "")
	t.Setenv(envSearch, "")
	withNVIDIA(t, filepath.Join(dir, "no-such-device"))
	return dir
}

// withNVIDIA makes the file the only sign of an NVIDIA driver.
func withNVIDIA(t *testing.T, file string) {
	saved := nvidiaFiles
	nvidiaFiles = []string{file}
	t.Cleanup(func() { nvidiaFiles = saved })
}

// needXLA skips a test of what a build with noxla does not have.
func needXLA(t *testing.T) {
	t.Helper()
	if !withXLA {
		t.Skip("built without XLA")
	}
}

// cpuPluginHere returns this machine's XLA CPU plugin. Without one the test is skipped, or fails where
// $JOULE_REQUIRE_XLA says that there has to be one.
func cpuPluginHere(t *testing.T) string {
	t.Helper()
	needXLA(t)
	path, err := cpuPlugin()
	if err != nil && os.Getenv("JOULE_REQUIRE_XLA") != "" {
		t.Fatal(err)
	} else if err != nil {
		t.Skip(err)
	}
	return path
}

// sumToTen computes 1 + 2 + … + 10 on the backend.
func sumToTen(t *testing.T, b *Backend) {
	t.Helper()
	x := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	got, err := graph.CallOnce(b.Backend, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(x) }, x)
	if err != nil {
		t.Fatal(err)
	}
	if got.Value() != float32(55) {
		t.Errorf("1 + … + 10 on %s is %v", b.Spec, got.Value())
	}
}

func TestCheckSpec(t *testing.T) {
	for _, spec := range []string{"auto", "go", "xla:cpu", "xla:cuda", "xla:/opt/plugin.so", "xla:plugin.so", "xla:./plugin"} {
		if err := CheckSpec(spec); err != nil {
			t.Errorf("CheckSpec(%q) = %v", spec, err)
		}
	}
	forms := "one of auto, go, xla:cpu, xla:cuda or xla:PATH (PATH of an XLA plugin, a .so file)"
	for spec, want := range map[string]string{
		"":         `backend "" is not known: it is ` + forms,
		"xla":      `backend "xla" is not known: it is ` + forms,
		"xla:":     `backend "xla:" is not known: it is ` + forms,
		"xla:tpu":  `backend "xla:tpu" is not known: it is ` + forms,
		"GO":       `backend "GO" is not known: it is ` + forms,
		"cuda":     `backend "cuda" is not known: did you mean "xla:cuda"? It is ` + forms,
		"xla:cpu ": `backend "xla:cpu " is not known: it is ` + forms,
	} {
		if err := CheckSpec(spec); err == nil || err.Error() != want {
			t.Errorf("CheckSpec(%q) = %v, want %s", spec, err, want)
		}
		if _, err := Open(spec, Options{}); err == nil || err.Error() != want {
			t.Errorf("Open(%q): %v, want %s", spec, err, want)
		}
	}
}

func TestOpenGo(t *testing.T) {
	b, err := Open("go", Options{})
	if err != nil {
		t.Fatal(err)
	}
	sumToTen(t, b)
	if got := b.Describe(); got != "backend go" {
		t.Errorf("Describe() = %q", got)
	}
}

func TestAutoWithoutPlugin(t *testing.T) {
	emptyMachine(t)
	b, err := Open("auto", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `backend go (no XLA plugin found; "joule backend install cpu" gets one)`
	if !withXLA {
		want = "backend go (this joule was built without XLA)"
	}
	if b.Spec != "go" || b.Describe() != want {
		t.Errorf("auto opened %s: %s, want %s", b.Spec, b.Describe(), want)
	}
	sumToTen(t, b)
}

// A plugin that auto has to pass over leaves its reason in the line.
func TestAutoKeepsReasons(t *testing.T) {
	needXLA(t)
	dir := emptyMachine(t)
	cuda, cpu := filepath.Join(dir, "pjrt_c_api_cuda_plugin.so"), filepath.Join(dir, "broken.so")
	write(t, cuda, "not a library")
	write(t, cpu, "not a library either")
	withNVIDIA(t, cuda)
	t.Setenv(EnvCPUPlugin, cpu)
	b, err := Open("auto", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "backend go (xla:cuda: " + cuda + ": not a shared library: give the path of an XLA plugin (.so); " +
		EnvCPUPlugin + ": " + cpu + ": not a shared library: give the path of an XLA plugin (.so))"
	if b.Describe() != want {
		t.Errorf("got  %s\nwant %s", b.Describe(), want)
	}
}

func TestOpenErrors(t *testing.T) {
	needXLA(t)
	dir := emptyMachine(t)
	text, missing, cuda := filepath.Join(dir, "text.so"), filepath.Join(dir, "missing.so"), filepath.Join(dir, "cuda.so")
	write(t, text, "I am text.\n")
	copyFile(t, cuda, aLibrary(t))

	for _, c := range []struct{ env, spec, want string }{
		{"", "xla:" + text, "backend xla:" + text + ": not a shared library: give the path of an XLA plugin (.so)"},
		{"", "xla:" + missing, "backend xla:" + missing + ": no such file: give the path of an XLA plugin (.so)"},
		{"", "xla:" + dir + "/", "backend xla:" + dir + ": not a file: give the path of an XLA plugin (.so)"},
		{"", "xla:" + cuda, "backend xla:" + cuda + ": a shared library but no XLA plugin: it has no function GetPjrtApi"},
		{"", "xla:cpu", `backend xla:cpu: no XLA CPU plugin found: run "joule backend install cpu", point JOULE_XLA_CPU_PLUGIN at one, or use the backend go`},
		{"", "xla:cuda", "backend xla:cuda: no NVIDIA GPU or driver found on this machine: use xla:cpu or go"},
		{text, "xla:cpu", "backend xla:cpu: JOULE_XLA_CPU_PLUGIN: " + text + ": not a shared library: give the path of an XLA plugin (.so)"},
		{missing, "xla:cpu", "backend xla:cpu: JOULE_XLA_CPU_PLUGIN: " + missing + ": no such file: give the path of an XLA plugin (.so)"},
	} {
		t.Setenv(EnvCPUPlugin, c.env)
		if _, err := Open(c.spec, Options{}); err == nil || err.Error() != c.want {
			t.Errorf("Open(%q) with plugin %q:\ngot  %v\nwant %s", c.spec, c.env, err, c.want)
		}
	}

	empty := library(t, "return 0;")
	want := "backend xla:" + empty + ": cannot be opened, damaged or made for another version of PJRT: runtime error: invalid memory address or nil pointer dereference"
	if _, err := Open("xla:"+empty, Options{}); err == nil || err.Error() != want {
		t.Errorf("a plugin without content: %v, want %s", err, want)
	}

	withNVIDIA(t, text)
	want = `backend xla:cuda: no XLA CUDA plugin found: run "joule backend install cuda", or use xla:cpu or go`
	if _, err := Open("xla:cuda", Options{}); err == nil || err.Error() != want {
		t.Errorf("xla:cuda with a driver: %v, want %s", err, want)
	}
}

func TestOpenWithoutXLA(t *testing.T) {
	if withXLA {
		t.Skip("built with XLA")
	}
	for _, spec := range []string{"xla:cpu", "xla:cuda", "xla:/opt/plugin.so"} {
		want := "backend " + spec + ": this joule was built without XLA (tag noxla): use the backend go, or build it without that tag"
		if _, err := Open(spec, Options{}); err == nil || err.Error() != want {
			t.Errorf("Open(%q) = %v, want %s", spec, err, want)
		}
	}
}

func TestOpenXLA(t *testing.T) {
	plugin := cpuPluginHere(t)
	t.Setenv(EnvCPUPlugin, plugin)
	withNVIDIA(t, filepath.Join(t.TempDir(), "none"))
	for spec, want := range map[string]string{"auto": "xla:cpu", "xla:cpu": "xla:cpu", "xla:" + plugin: "xla:" + plugin} {
		b, err := Open(spec, Options{})
		if err != nil {
			t.Fatal(err)
		}
		sumToTen(t, b)
		if b.Spec != want || b.Plugin != plugin || b.Devices != 1 {
			t.Errorf("Open(%q) gave %+v", spec, b)
		}
		line := fmt.Sprintf("backend xla:cpu (%s, PJRT API %s, 1 device)", plugin, b.API)
		if want != "xla:cpu" {
			line = fmt.Sprintf("backend xla:%s (PJRT API %s, 1 device)", plugin, b.API)
		}
		if b.Describe() != line {
			t.Errorf("Describe() = %q, want %q", b.Describe(), line)
		}
		b.Close()
	}
	b, err := Open("xla:cpu", Options{Devices: 2})
	if err != nil {
		t.Fatal(err)
	}
	if b.Devices != 2 || !strings.HasSuffix(b.Describe(), ", 2 devices)") {
		t.Errorf("asked for 2 devices, got %s", b.Describe())
	}
	b.Close()
	if _, err := Open("xla:cpu", Options{Devices: -1}); err == nil ||
		err.Error() != "backend xla:cpu: "+plugin+": -1 devices: the number of devices must be positive, or 0 for one" {
		t.Errorf("-1 devices: %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
