package doctor

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"joule/backends"
)

// The kinds of findings.
const (
	Wrong       = "wrong"       // a backend computes wrong values, or nothing can be written: the machine is not fit for use
	Unavailable = "unavailable" // something that is installed or asked for does not work
	Advice      = "advice"      // all works, and could work better
)

// Finding is one thing that should be otherwise.
type Finding struct {
	Kind string `json:"kind"`
	What string `json:"what"`
	Do   string `json:"do"` // with the command, where there is one
}

// Bounds below which something is mentioned.
const (
	littleDisk   = 1 << 30 // bytes: a run of the shipped configs takes some megabytes, a plugin some hundred
	littleMemory = 1 << 30 // bytes: a process with XLA takes three hundred megabytes
	fewFiles     = 256     // workers of a suite hold some files and pipes each
	cuda13Driver = 580     // the first driver that CUDA 13 runs on, for which "joule backend install cuda" gets the plugin
)

// find says what should be otherwise, the gravest first.
func (r *Report) find() (all []Finding) {
	var wrong, unavailable, advice []Finding
	for _, t := range r.SelfTests {
		if !t.Passed {
			wrong = append(wrong, Finding{Wrong, fmt.Sprintf("the backend %s fails its self-test: %s", t.Spec, t.Message),
				fmt.Sprintf("joule verify --backend %s shows the cases; until it passes, use another backend (--backend go)", t.Spec)})
		}
	}
	for _, d := range r.Disks {
		switch {
		case d.Error != "" && d.What == "runs":
			wrong = append(wrong, Finding{Wrong, fmt.Sprintf("the folder for %s, %s: %s", d.What, d.Path, d.Error), "free space, change its permissions, or write elsewhere (--out)"})
		case d.Error != "":
			advice = append(advice, Finding{Advice, fmt.Sprintf("the folder for %s, %s: %s", d.What, d.Path, d.Error),
				"nothing can be installed there: set " + backends.EnvPluginDir + " to a folder of your own"})
		case d.Free < littleDisk:
			advice = append(advice, Finding{Advice, fmt.Sprintf("%s are left for %s in %s", size(d.Free), d.What, d.Path),
				"free space, or keep fewer checkpoints (--set train.keep_last=1); a full disk does not stop a training, which then has no new checkpoints"})
		}
		if d.What == "runs" && networked[d.FileSystem] {
			advice = append(advice, Finding{Advice, fmt.Sprintf("runs in %s are on %s, a file system of a network", d.Path, d.FileSystem),
				"it works; locks between machines hold only where the server has them, so start each run on one machine at a time"})
		}
	}
	for _, c := range r.Backends {
		if !c.Usable && c.Path != "" {
			unavailable = append(unavailable, Finding{Unavailable, fmt.Sprintf("the plugin of %s does not open: %s", c.Spec, c.Reason), r.cureOf(c)})
		}
	}
	if path := os.Getenv(backends.EnvCPUPlugin); path != "" && backends.HasXLA {
		for _, c := range r.Backends {
			if c.Spec == "xla:cpu" && !c.Usable && c.Path == "" {
				unavailable = append(unavailable, Finding{Unavailable, c.Reason, "correct " + backends.EnvCPUPlugin + ", or unset it"})
			}
		}
	}
	advice = append(advice, r.onBackends()...)
	advice = append(advice, r.onLimits()...)
	gpu, faults := r.onGPUs()
	return append(append(append(wrong, unavailable...), faults...), append(advice, gpu...)...)
}

// networked are file systems whose locks depend on a server.
var networked = map[string]bool{"nfs": true, "nfs4": true, "cifs": true, "smb3": true, "fuse.sshfs": true}

// cureOf says what to do about a plugin that does not open.
func (r *Report) cureOf(c backends.Candidate) string {
	if c.Spec == "xla:cpu" && os.Getenv(backends.EnvCPUPlugin) == "" || c.Spec == "xla:cuda" {
		platform := strings.TrimPrefix(c.Spec, "xla:")
		return fmt.Sprintf("delete %s and get another one with \"joule backend install %s\"; one that works speaks PJRT %s or near it", c.Path, platform, backends.HeaderAPI)
	}
	return fmt.Sprintf("delete it, or get one that speaks PJRT %s or near it: \"joule backend install cpu\"", backends.HeaderAPI)
}

func (r *Report) onBackends() (advice []Finding) {
	usable := 0
	for _, c := range r.Backends {
		if c.Usable {
			usable++
		}
		if major, _, _ := strings.Cut(c.APIVersion, "."); c.APIVersion != "" && major != majorOf(backends.HeaderAPI) {
			advice = append(advice, Finding{Advice, fmt.Sprintf("the plugin of %s speaks PJRT %s, and go-xla is made for %s", c.Spec, c.APIVersion, backends.HeaderAPI),
				"get a plugin of that major version: \"joule backend install cpu\""})
		}
	}
	switch {
	case !backends.HasXLA:
		advice = append(advice, Finding{Advice, "this joule was built without XLA, and has the backend go alone", "\"make build\" builds one with XLA, which is many times faster; it needs a C compiler"})
	case usable == 1:
		advice = append(advice, Finding{Advice, "only the Go backend works here", "\"joule backend install cpu\" gets XLA, which is many times faster"})
	}
	if _, isSet := lookUp(r.Variables, "XLA_DEBUG_OPTIONS"); isSet {
		advice = append(advice, Finding{Advice, "XLA_DEBUG_OPTIONS replaces all of XLA's settings, and programs may not compile", "unset it; XLA_FLAGS changes single settings"})
	}
	if flags, isSet := lookUp(r.Variables, "XLA_FLAGS"); isSet {
		advice = append(advice, Finding{Advice, fmt.Sprintf("XLA_FLAGS is set (%s): joule then leaves out its own flags, which cost nothing and save a tenth of the time of chains", flags),
			"unset it, unless it is there for a purpose"})
	}
	return advice
}

func majorOf(version string) string {
	major, _, _ := strings.Cut(version, ".")
	return major
}

func (r *Report) onLimits() (advice []Finding) {
	l := r.Limits
	if least := r.System.Memory; least > 0 && least < littleMemory {
		advice = append(advice, Finding{Advice, fmt.Sprintf("the program may use %s of memory", size(least)),
			"raise the limit of the container or job; or use the backend go, fewer replicas (train.replicas) and smaller batches (train.batch_size)"})
	} else if l.Available > 0 && l.Available < littleMemory {
		advice = append(advice, Finding{Advice, fmt.Sprintf("%s of memory are available now", size(l.Available)), "end other programs, or use the backend go"})
	}
	if l.CPUs > 0 && l.CPUs < float64(r.System.Cores) {
		advice = append(advice, Finding{Advice, fmt.Sprintf("a control group allows %.3g processors, and the program sees %d", l.CPUs, r.System.Cores),
			fmt.Sprintf("NPROC=%d and GOMAXPROCS=%[1]d keep threads from waiting for one another", max(1, int(l.CPUs)))})
	}
	if l.OpenFiles > 0 && l.OpenFiles < fewFiles {
		advice = append(advice, Finding{Advice, fmt.Sprintf("a process may have %d files open", l.OpenFiles), "ulimit -n 1024, in the shell that starts joule"})
	}
	if l.FileSize > 0 && l.FileSize < littleDisk {
		advice = append(advice, Finding{Advice, fmt.Sprintf("a file may have %s", size(l.FileSize)), "ulimit -f unlimited, in the shell that starts joule"})
	}
	return advice
}

// onGPUs says what is to be done about GPUs, and what of them is broken.
func (r *Report) onGPUs() (advice, faults []Finding) {
	if r.SMI != "" {
		faults = append(faults, Finding{Unavailable, r.SMI, "the driver and its library do not fit, or the driver is not loaded: reboot after an update of the driver, or load it with \"modprobe nvidia\""})
	}
	if len(r.GPUs) == 0 {
		return advice, faults
	}
	visible := 0
	for _, g := range r.GPUs {
		if g.Visible {
			visible++
		}
	}
	if r.UnknownID != "" || visible == 0 {
		value, _ := lookUp(r.Variables, "CUDA_VISIBLE_DEVICES")
		advice = append(advice, Finding{Advice, fmt.Sprintf("CUDA_VISIBLE_DEVICES=%s leaves %d of %d GPUs", value, visible, len(r.GPUs)),
			"unset it, or give numbers or UUIDs of the GPUs above, separated by commas; what follows an entry that names none is ignored"})
	}
	if major, err := strconv.Atoi(majorOf(r.GPUs[0].Driver)); err == nil && major < cuda13Driver {
		advice = append(advice, Finding{Advice, fmt.Sprintf("the NVIDIA driver is %s, and CUDA 13 needs %d or later", r.GPUs[0].Driver, cuda13Driver),
			"update the driver before \"joule backend install cuda\", which gets CUDA 13; or use xla:cpu"})
	}
	if visible == 0 || !backends.HasXLA {
		return advice, faults
	}
	for _, c := range r.Backends {
		if c.Spec == "xla:cuda" && !c.Usable && c.Path == "" {
			advice = append(advice, Finding{Advice, fmt.Sprintf("there are GPUs, and xla:cuda cannot be used: %s", c.Reason), "joule backend install cuda"})
		}
	}
	return advice, faults
}

// size writes bytes for people.
func size(bytes int64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
