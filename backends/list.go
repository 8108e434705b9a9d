package backends

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Candidate is a backend that this machine has, or could have.
type Candidate struct {
	Spec       string `json:"spec"`
	Path       string `json:"path,omitempty"`        // of the plugin
	Usable     bool   `json:"usable"`                // it was opened
	Reason     string `json:"reason,omitempty"`      // why it is not usable
	Devices    int    `json:"devices"`               // how many it showed
	APIVersion string `json:"api_version,omitempty"` // of PJRT
}

// probeTimeout bounds the opening of one plugin; a GPU's takes seconds.
const probeTimeout = 60 * time.Second

// ProbeArgs are the arguments with which List calls this very program, followed by a spec: the program has to answer
// with the JSON of Probe(spec) on standard output.
var ProbeArgs = []string{"backend", "probe"}

// Probe opens the backend in this process and says how that went.
func Probe(spec string) Candidate {
	b, err := Open(spec, Options{})
	if err != nil {
		return Candidate{Spec: spec, Reason: strings.TrimPrefix(err.Error(), "backend "+spec+": ")}
	}
	defer b.Close()
	return Candidate{Spec: b.Spec, Path: b.Plugin, Usable: true, Devices: b.Devices, APIVersion: b.API}
}

// List returns every backend in sight, best first. Each plugin is opened in a process of its own (see ProbeArgs), since
// a bad one can end the process that loads it, and two copies of XLA in one are not sure to get along.
func List(ctx context.Context) []Candidate {
	var list []Candidate
	for _, platform := range []struct {
		spec string
		best func() (string, error)
		name string
	}{{"xla:cuda", cudaPlugin, "cuda"}, {"xla:cpu", cpuPlugin, "cpu"}} {
		best, err := platform.best()
		if err != nil {
			list = append(list, Candidate{Spec: platform.spec, Reason: err.Error()})
		} else {
			list = append(list, probeApart(ctx, platform.spec, best))
		}
		if !withXLA {
			continue
		}
		for _, path := range findPlugins(platform.name) {
			if path != best {
				list = append(list, probeApart(ctx, "xla:"+path, path))
			}
		}
	}
	return append(list, Probe("go"))
}

// probeApart asks a child process for Probe(spec).
func probeApart(ctx context.Context, spec, path string) Candidate {
	failed := func(format string, args ...any) Candidate {
		return Candidate{Spec: spec, Path: path, Reason: fmt.Sprintf(format, args...)}
	}
	self, err := os.Executable()
	if err != nil {
		return failed("not tried: %v", err)
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var stderr bytes.Buffer
	child := exec.CommandContext(ctx, self, append(ProbeArgs[:len(ProbeArgs):len(ProbeArgs)], spec)...)
	child.Stderr = &stderr
	out, err := child.Output()
	if ctx.Err() != nil {
		return failed("did not open within %v", probeTimeout)
	}
	if err != nil {
		return failed("opening it ended the process (%v): %s", err, firstLine(errors.New(stderr.String())))
	}
	var c Candidate
	if err := json.Unmarshal(out, &c); err != nil {
		return failed("its probe gave no answer: %v", err)
	}
	c.Path = path
	return c
}
