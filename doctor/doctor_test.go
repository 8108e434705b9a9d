package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"joule/backends"
)

// tree writes files under a new root.
func tree(t *testing.T, files map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for path, text := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// withSMI puts a program named nvidia-smi into the PATH, or none where script is empty.
func withSMI(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte("#!/bin/sh\n"+script), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/bin")
}

var (
	onlyGo = []backends.Candidate{{Spec: "xla:cuda", Reason: "none"}, {Spec: "xla:cpu", Reason: "no plugin"}, {Spec: "go", Usable: true, Devices: 1}}
	twoGPU = "echo '0, NVIDIA H200, GPU-aaaa-1, 143771, 143000, 580.95.05'\necho '1, NVIDIA H200, GPU-bbbb-2, 143771, [N/A], 580.95.05'\n"
)

// examine runs the examination with the variables of the environment cleared.
func examine(t *testing.T, root string, list []backends.Candidate, verify error) *Report {
	t.Helper()
	for _, name := range variables {
		if value, isSet := os.LookupEnv(name); isSet && !strings.HasPrefix(value, "test:") && name != "CUDA_VISIBLE_DEVICES" && name != "JOULE_XLA_CPU_PLUGIN" {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	r, err := Examination{Version: "1", Root: root, Runs: filepath.Join(t.TempDir(), "runs"),
		List:   func(context.Context) []backends.Candidate { return list },
		Verify: func(context.Context, string) (string, error) { return "case dsm is wrong", verify },
	}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// finding is the one that says something, and its absence fails the test.
func (r *Report) finding(t *testing.T, what string) Finding {
	t.Helper()
	for _, f := range r.Findings {
		if strings.Contains(f.What, what) {
			if f.Do == "" {
				t.Errorf("%q does not say what to do", f.What)
			}
			return f
		}
	}
	t.Errorf("nothing says %q: %+v", what, r.Findings)
	return Finding{}
}

func TestGPUsOfSMI(t *testing.T) {
	withSMI(t, twoGPU)
	t.Setenv("CUDA_VISIBLE_DEVICES", "1,7,0")
	r := examine(t, tree(t, nil), onlyGo, nil)
	want := []GPU{
		{0, "NVIDIA H200", "GPU-aaaa-1", 143771 << 20, 143000 << 20, "580.95.05", false},
		{1, "NVIDIA H200", "GPU-bbbb-2", 143771 << 20, 0, "580.95.05", true},
	}
	if !slices.Equal(r.GPUs, want) || r.UnknownID != "7" {
		t.Errorf("got %+v, unknown %q", r.GPUs, r.UnknownID)
	}
	r.finding(t, "CUDA_VISIBLE_DEVICES=1,7,0 leaves 1 of 2 GPUs")
	if backends.HasXLA {
		if f := r.finding(t, "xla:cuda cannot be used"); f.Do != "joule backend install cuda" || f.Kind != Advice {
			t.Errorf("got %+v", f)
		}
	}
}

func TestGPUsOfDriver(t *testing.T) {
	root := tree(t, map[string]string{
		"proc/driver/nvidia/version":                            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 2024\nGCC version: gcc 12.2.0\n",
		"proc/driver/nvidia/gpus/0000:17:00.0/information":      "Model: \t\t NVIDIA A100\nIRQ:   \t\t 61\nGPU UUID: \t GPU-cccc\n",
		"proc/driver/nvidia/gpus/0000:65:00.0/information":      "Model: \t\t NVIDIA L4\n",
		"proc/driver/nvidia/gpus/0000:65:00.0/not-information":  "Model: none\n",
		"proc/driver/nvidia/capabilities/gpus/gpu0/information": "Model: none\n",
	})
	withSMI(t, "")
	t.Setenv("CUDA_VISIBLE_DEVICES", "GPU-cc")
	r := examine(t, root, onlyGo, nil)
	want := []GPU{{0, "NVIDIA A100", "GPU-cccc", 0, 0, "535.183.01", true}, {1, "NVIDIA L4", "", 0, 0, "535.183.01", false}}
	if !slices.Equal(r.GPUs, want) {
		t.Errorf("got %+v", r.GPUs)
	}
	r.finding(t, "the NVIDIA driver is 535.183.01, and CUDA 13 needs 580")

	withSMI(t, "echo 'Failed to initialize NVML: Driver/library version mismatch'; echo more; exit 18")
	r = examine(t, root, onlyGo, nil)
	if f := r.finding(t, "nvidia-smi fails: Failed to initialize NVML: Driver/library version mismatch"); f.Kind != Unavailable {
		t.Errorf("got %+v", f)
	}
	if !slices.Equal(r.GPUs, want) {
		t.Errorf("without nvidia-smi's help there are %+v", r.GPUs)
	}
	withSMI(t, "echo nonsense")
	examine(t, root, onlyGo, nil).finding(t, "nvidia-smi prints what cannot be read")
}

func TestVisible(t *testing.T) {
	for value, want := range map[string]string{"": "00", "-1": "00", "0": "10", "1,0": "11", "0,x,1": "10", "GPU-b": "01", "GPU-z": "00"} {
		gpus := []GPU{{Index: 0, UUID: "GPU-a"}, {Index: 1, UUID: "GPU-b"}}
		markVisible(gpus, value, true)
		got := ""
		for _, g := range gpus {
			got += map[bool]string{true: "1", false: "0"}[g.Visible]
		}
		if got != want {
			t.Errorf("CUDA_VISIBLE_DEVICES=%q shows %s, want %s", value, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	limits := "Limit                     Soft Limit           Hard Limit           Units     \n" +
		"Max file size             1048576              unlimited            bytes     \nMax open files            64                   4096                 files     \n"
	root := tree(t, map[string]string{
		"proc/self/limits": limits, "proc/meminfo": "MemTotal: 9 kB\nMemAvailable:   512000 kB\n",
		"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "max 100000\n", "sys/fs/cgroup/a/cpu.max": "50000 100000\n",
		"sys/fs/cgroup/a/memory.max": "268435456\n",
	})
	withSMI(t, "")
	r := examine(t, root, onlyGo, nil)
	if want := (Limits{Memory: 256 << 20, Available: 500 << 20, CPUs: 0.5, OpenFiles: 64, FileSize: 1 << 20}); r.Limits != want {
		t.Errorf("got %+v, want %+v", r.Limits, want)
	}
	for _, what := range []string{"a control group allows 0.5 processors", "64 files open", "a file may have 1 MiB", "500 MiB of memory are available"} {
		if f := r.finding(t, what); f.Kind != Advice {
			t.Errorf("got %+v", f)
		}
	}
	if got := findLimits(tree(t, map[string]string{
		"proc/self/cgroup": "3:cpu,cpuacct:/c\n", "sys/fs/cgroup/cpu/c/cpu.cfs_quota_us": "150000\n", "sys/fs/cgroup/cpu/c/cpu.cfs_period_us": "100000\n",
		"proc/self/limits": strings.ReplaceAll(limits, "1048576  ", "unlimited"),
	})); got != (Limits{CPUs: 1.5, OpenFiles: 64}) {
		t.Errorf("version 1 gives %+v", got)
	}
	if got := findLimits(tree(t, map[string]string{"proc/self/cgroup": "3:cpu:/c\n", "sys/fs/cgroup/cpu/c/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/c/cpu.cfs_period_us": "100000\n"})); got.CPUs != 0 {
		t.Errorf("no bound gives %+v", got)
	}
}

func TestDisks(t *testing.T) {
	dir := t.TempDir()
	parent := filepath.Dir(dir)
	root := tree(t, map[string]string{"proc/self/mountinfo": "1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:40 / " + parent + " rw,x shared:1 - nfs4 server:/x rw\n" +
		"3 1 0:41 / " + dir + "-other rw - tmpfs tmpfs rw\n"})
	d := findDisk(root, "runs", filepath.Join(dir, "not", "yet"))
	if d.Error != "" || d.FileSystem != "nfs4" || d.Free <= 0 || d.Total < d.Free {
		t.Errorf("got %+v", d)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("it leaves %v, %v", entries, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if d := findDisk(root, "runs", file); !strings.Contains(d.Error, "is not a folder") {
		t.Errorf("got %+v", d)
	}
	if d := findDisk(root, "runs", filepath.Join(file, "x")); d.Error == "" {
		t.Errorf("a folder in a file is %+v", d)
	}
	r := &Report{Disks: []Disk{{What: "runs", Path: "/a", Free: 5 << 20, FileSystem: "nfs"}, {What: "runs", Path: "/b", Error: "cannot be written"}, {What: "plugins", Path: "/c", Error: "cannot be written"}}}
	r.Findings = r.find()
	r.finding(t, "5 MiB are left for runs in /a")
	r.finding(t, "/a are on nfs")
	if r.finding(t, "/b: cannot be written").Kind != Wrong || r.finding(t, "/c: cannot be written").Kind != Advice || r.Findings[0].Kind != Wrong {
		t.Errorf("got %+v", r.Findings)
	}
}

func TestBackends(t *testing.T) {
	withSMI(t, "")
	r := examine(t, tree(t, nil), []backends.Candidate{
		{Spec: "xla:cpu", Path: "/p/bad.so", Reason: "not a shared library"}, {Spec: "xla:/p/old.so", Path: "/p/old.so", Usable: true, APIVersion: "7.1"}, onlyGo[2],
	}, errors.New("exit status 1"))
	if f := r.finding(t, "the backend go fails its self-test: case dsm is wrong"); f.Kind != Wrong {
		t.Errorf("got %+v", f)
	}
	if f := r.finding(t, "xla:cpu does not open: not a shared library"); f.Kind != Unavailable || !strings.Contains(f.Do, "/p/bad.so") || !strings.Contains(f.Do, "joule backend install cpu") {
		t.Errorf("got %+v", f)
	}
	r.finding(t, "speaks PJRT 7.1, and go-xla is made for "+backends.HeaderAPI)
	if len(r.SelfTests) != 2 || r.SelfTests[0].Passed {
		t.Errorf("self-tests are %+v", r.SelfTests)
	}

	healthy := examine(t, tree(t, nil), onlyGo, nil)
	for _, f := range healthy.Findings {
		if f.Kind != Advice {
			t.Errorf("a healthy machine has %+v", f)
		}
	}
	var printed bytes.Buffer
	if err := r.Print(&printed, func(io.Writer, []backends.Candidate) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\ngo         self-test FAILED: case dsm is wrong\n", "\nwrong: the backend", "\n  what to do: joule verify --backend"} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("it does not print %q:\n%s", want, &printed)
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(text, &back); err != nil || len(back.Findings) != len(r.Findings) || !strings.Contains(string(text), `"gpus":[]`) {
		t.Errorf("%v: %s", err, text)
	}
}

func TestVariables(t *testing.T) {
	withSMI(t, "")
	t.Setenv("XLA_FLAGS", "test:flags")
	t.Setenv("JOULE_SECRET", "test:secret")
	r := examine(t, tree(t, nil), onlyGo, nil)
	if value, isSet := lookUp(r.Variables, "XLA_FLAGS"); !isSet || value != "test:flags" {
		t.Errorf("variables are %+v", r.Variables)
	}
	if _, isSet := lookUp(r.Variables, "JOULE_SECRET"); isSet {
		t.Error("a variable is told that does not matter")
	}
	if f := r.finding(t, "XLA_FLAGS is set"); f.Kind != Advice {
		t.Errorf("got %+v", f)
	}
}
