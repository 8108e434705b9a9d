// Package doctor looks at the program and the machine that it runs on, and says what is wrong and what to do about it: processor,
// memory, GPUs and their driver, limits, disks, environment variables, backends and their self-tests.
//
// Nothing is changed, and nothing is downloaded.
package doctor

import (
	"context"
	"path/filepath"

	"joule/backends"
)

// SelfTest is how the reference cases came out on a backend.
type SelfTest struct {
	Spec    string `json:"spec"`
	Passed  bool   `json:"passed"`
	Message string `json:"message,omitempty"` // why it did not pass
}

// Report is what was found.
type Report struct {
	Version   string               `json:"version"` // of joule
	System    backends.System      `json:"system"`
	PJRT      string               `json:"pjrt,omitempty"` // version of the interface that go-xla is made for; empty without XLA
	Limits    Limits               `json:"limits"`
	Disks     []Disk               `json:"disks"`
	GPUs      []GPU                `json:"gpus"`
	SMI       string               `json:"nvidia_smi,omitempty"`  // what is wrong with nvidia-smi
	UnknownID string               `json:"unknown_gpu,omitempty"` // an entry of CUDA_VISIBLE_DEVICES that names no GPU
	Variables []Variable           `json:"environment"`
	Backends  []backends.Candidate `json:"backends"`
	SelfTests []SelfTest           `json:"self_tests"`
	Findings  []Finding            `json:"findings"`
}

// Examination says where to look.
type Examination struct {
	// Version is that of joule.
	Version string
	// Root is where the files of the system are looked for: "/" but in tests.
	Root string
	// Runs is the folder that runs are written to.
	Runs string
	// List finds the backends: backends.List but in tests.
	List func(ctx context.Context) []backends.Candidate
	// Verify computes the reference cases on a backend; its message says why they are wrong.
	Verify func(ctx context.Context, spec string) (message string, err error)
}

// Run examines the machine. It takes some seconds, most of them for the self-tests; only ctx ends it before.
func (e Examination) Run(ctx context.Context) (*Report, error) {
	runs, err := filepath.Abs(e.Runs)
	if err != nil {
		return nil, err
	}
	r := &Report{
		Version: e.Version, System: backends.ThisSystem(), Limits: findLimits(e.Root), Variables: findVariables(),
		Disks: []Disk{findDisk(e.Root, "runs", runs)}, GPUs: []GPU{}, SelfTests: []SelfTest{}, Findings: []Finding{},
	}
	if backends.HasXLA {
		r.PJRT = backends.HeaderAPI
		if dir, err := backends.PluginDir(); err == nil {
			r.Disks = append(r.Disks, findDisk(e.Root, "plugins", dir))
		} else {
			r.Disks = append(r.Disks, Disk{What: "plugins", Error: err.Error()})
		}
	}
	gpus, smi := findGPUs(ctx, e.Root)
	r.GPUs, r.SMI = append(r.GPUs, gpus...), smi
	visible, isSet := lookUp(r.Variables, "CUDA_VISIBLE_DEVICES")
	r.UnknownID = markVisible(r.GPUs, visible, isSet)
	r.Backends = e.List(ctx)
	for _, c := range r.Backends {
		if !c.Usable {
			continue
		}
		test := SelfTest{Spec: c.Spec, Passed: true}
		if message, err := e.Verify(ctx, c.Spec); err != nil {
			test.Passed, test.Message = false, message
		}
		r.SelfTests = append(r.SelfTests, test)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.Findings = append(r.Findings, r.find()...)
	return r, nil
}

func lookUp(variables []Variable, name string) (value string, isSet bool) {
	for _, v := range variables {
		if v.Name == name {
			return v.Value, true
		}
	}
	return "", false
}
