// Package backends chooses, opens, lists and installs the backends that run Joule's graphs: pure Go, XLA on the CPU,
// XLA on an NVIDIA GPU.
//
// XLA comes as a plugin, one shared library that speaks PJRT and is loaded when a backend is opened. Nothing is ever
// downloaded unasked: InstallCPU and InstallCUDA are the only functions here that use the network.
//
// Built with the tag noxla the package needs no cgo and knows the Go backend alone.
package backends

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/go-logr/logr"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"k8s.io/klog/v2"

	_ "joule/internal/goloop" // which makes the Go backend fast
)

// The libraries below report through klog, straight to standard error, what they also return as errors.
func init() { klog.SetLogger(logr.Discard()) }

// Options are what a backend can be opened with.
type Options struct {
	// Devices is the number of devices an XLA CPU plugin shows; 0 means one, which is the fastest (a second one
	// costs a third of the speed). The other backends have the devices they have.
	Devices int
	// Threads is the number of threads that an XLA CPU plugin computes with; 0 means one for each core. It holds for
	// the process: the plugin reads it once.
	Threads int
	// TF32 lets CUDA multiply float32 matrices with the 10-bit mantissa of TF32. Without it float32 means float32.
	TF32 bool
}

// Backend is an open backend and how it was found.
type Backend struct {
	// Backend is what GoMLX takes.
	Backend compute.Backend
	// Spec is what opens this backend again: go, xla:cpu, xla:cuda or xla:PATH; never auto.
	Spec string
	// Plugin is the path of the XLA plugin; empty for go.
	Plugin string
	// API is the version of PJRT that the plugin speaks, such as "0.115"; empty for go.
	API string
	// Devices is the number of devices.
	Devices int
	// Reason says why auto took this backend, or passed over another one; often empty.
	Reason string
}

// IsCPU reports whether the backend is an XLA plugin for processors, whose devices all share one.
func (b *Backend) IsCPU() bool { return b.Plugin != "" && !isCUDA(b.Plugin) }

// Describe returns one line that says which backend this is and why.
func (b *Backend) Describe() string {
	var notes []string
	if b.Plugin != "" {
		plugin := fmt.Sprintf("PJRT API %s, %d device", b.API, b.Devices)
		if b.Devices != 1 {
			plugin += "s"
		}
		if b.Spec != "xla:"+b.Plugin {
			plugin = b.Plugin + ", " + plugin
		}
		notes = append(notes, plugin)
	}
	if b.Reason != "" {
		notes = append(notes, b.Reason)
	}
	if len(notes) == 0 {
		return "backend " + b.Spec
	}
	return fmt.Sprintf("backend %s (%s)", b.Spec, strings.Join(notes, "; "))
}

// Close releases the backend; what was made on it cannot be used any more.
func (b *Backend) Close() { b.Backend.Finalize() }

const specs = "auto, go, xla:cpu, xla:cuda or xla:PATH (PATH of an XLA plugin, a .so file)"

// CheckSpec reports whether spec has the form of a backend, without looking for it; the error lists the forms.
func CheckSpec(spec string) error {
	switch spec {
	case "auto", "go", "xla:cpu", "xla:cuda":
		return nil
	case "cpu", "cuda":
		return fmt.Errorf("backend %q is not known: did you mean %q? It is one of %s", spec, "xla:"+spec, specs)
	}
	if path, ok := strings.CutPrefix(spec, "xla:"); ok && (strings.ContainsRune(path, filepath.Separator) || strings.HasSuffix(path, ".so")) {
		return nil
	}
	return fmt.Errorf("backend %q is not known: it is one of %s", spec, specs)
}

// Open opens the backend that spec names: auto, go, xla:cpu, xla:cuda or xla:PATH.
//
// auto takes CUDA where it works, else the XLA CPU plugin, else go; it always succeeds, and the Reason of what it
// returns keeps what was wrong with those it passed over.
func Open(spec string, opts Options) (*Backend, error) {
	if err := CheckSpec(spec); err != nil {
		return nil, err
	}
	switch spec {
	case "auto":
		return openAuto(opts)
	case "go":
		return openGo("")
	case "xla:cpu":
		path, err := cpuPlugin()
		if err != nil {
			return nil, fmt.Errorf("backend %s: %w", spec, err)
		}
		return openPlugin(spec, path, opts)
	case "xla:cuda":
		path, err := cudaPlugin()
		if err != nil {
			return nil, fmt.Errorf("backend %s: %w", spec, err)
		}
		return openPlugin(spec, path, opts)
	}
	path, err := filepath.Abs(strings.TrimPrefix(spec, "xla:"))
	if err != nil {
		return nil, fmt.Errorf("backend %s: %w", spec, err)
	}
	return openPlugin("xla:"+path, path, opts)
}

// openAuto tries CUDA only where a GPU and a plugin for it are both in sight: a plugin that is loaded in vain stays
// loaded, and takes seconds.
func openAuto(opts Options) (*Backend, error) {
	if !withXLA {
		return openGo("this joule was built without XLA")
	}
	var failed []string
	if path, err := cudaPlugin(); err == nil {
		b, err := openPlugin("xla:cuda", path, opts)
		if err == nil {
			return b, nil
		}
		failed = append(failed, strings.TrimPrefix(err.Error(), "backend "))
	}
	path, err := cpuPlugin()
	if err == nil {
		var b *Backend
		if b, err = openPlugin("xla:cpu", path, opts); err == nil {
			b.Reason = strings.Join(failed, "; ")
			return b, nil
		}
		failed = append(failed, strings.TrimPrefix(err.Error(), "backend "))
	} else if err == errNoCPUPlugin {
		failed = append(failed, `no XLA plugin found; "joule backend install cpu" gets one`)
	} else {
		failed = append(failed, err.Error())
	}
	return openGo(strings.Join(failed, "; "))
}

func openGo(reason string) (*Backend, error) {
	// One operation at a time: in compute v0.1.3 two batched matrix products at once can wait for one another forever.
	// Nothing is lost by it: operations are parallel within.
	b, err := gobackend.New("ops_sequential")
	if err != nil {
		return nil, fmt.Errorf("backend go: %s", firstLine(err))
	}
	return &Backend{Backend: b, Spec: "go", Devices: b.NumDevices(), Reason: reason}, nil
}

// openPlugin checks the plugin at path and opens it; spec is the backend's name in errors.
func openPlugin(spec, path string, opts Options) (*Backend, error) {
	name := "backend " + spec
	if spec != "xla:"+path {
		name += ": " + path
	}
	switch err := checkPlugin(path); {
	case opts.Devices < 0:
		return nil, fmt.Errorf("%s: %d devices: the number of devices must be positive, or 0 for one", name, opts.Devices)
	case !withXLA:
		return nil, fmt.Errorf("backend %s: %w", spec, errNoXLA)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case isCUDA(path) && !HasNVIDIA():
		return nil, fmt.Errorf("%s: %w", name, errNoGPU)
	}
	b, err := openXLA(path, opts)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", name, firstLine(err))
	}
	b.Spec = spec
	return b, nil
}

// firstLine is an error in one line: those of XLA go on with a C++ status, a source location or a stack.
func firstLine(err error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	return strings.TrimRight(line, " :")
}

// say writes one line of progress; nobody is there to be told that it could not be written.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
