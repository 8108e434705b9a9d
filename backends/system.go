package backends

import (
	"bufio"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/cpu"
)

// System describes the program and the machine that it runs on, as far as they bear on results and speed.
type System struct {
	Go      string            `json:"go"` // version of Go the program was built with
	OS      string            `json:"os"`
	Arch    string            `json:"arch"`
	XLA     bool              `json:"xla"`               // built with XLA
	Modules map[string]string `json:"modules,omitempty"` // versions of the GoMLX modules
	CPU     string            `json:"cpu,omitempty"`     // model, where the system tells
	Vectors []string          `json:"vectors,omitempty"` // vector instructions
	Cores   int               `json:"cores"`             // that the program may use
	Memory  int64             `json:"memory,omitempty"`  // bytes that the program may use, 0 where the system does not tell
	NVIDIA  string            `json:"nvidia,omitempty"`  // the driver, empty without one
}

// moduleVersions returns the versions of the GoMLX modules in this program, by the last part of their names.
func moduleVersions() map[string]string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	modules := map[string]string{}
	for _, m := range info.Deps {
		if strings.HasPrefix(m.Path, "github.com/gomlx/") {
			modules[strings.TrimPrefix(m.Path, "github.com/gomlx/")] = m.Version
		}
	}
	return modules
}

// ThisSystem returns the description of this program and machine.
func ThisSystem() System {
	return System{
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, XLA: withXLA, Modules: moduleVersions(),
		CPU: field("/proc/cpuinfo", "model name"), Vectors: vectors(), Cores: runtime.GOMAXPROCS(0),
		Memory: usableMemory(), NVIDIA: nvidiaDriver(),
	}
}

// usableMemory is that of the machine, or of a container that has less.
func usableMemory() int64 {
	total := MemoryField("/proc/meminfo", "MemTotal")
	if limit := MemoryLimit("/"); limit > 0 && (total == 0 || limit < total) {
		return limit
	}
	return total
}

// PeakMemory is the largest amount of memory that the program has held so far, in bytes; 0 where the system does not tell.
func PeakMemory() int64 { return MemoryField("/proc/self/status", "VmHWM") }

// ResetPeakMemory makes PeakMemory count anew from what the program holds now, where the system can do that.
func ResetPeakMemory() {
	const ofPeaks = "5"
	_ = os.WriteFile("/proc/self/clear_refs", []byte(ofPeaks), 0) // without it the peak is that of all before, too
}

// ResidentMemory is the amount of memory that the program holds, in bytes; 0 where the system does not tell.
func ResidentMemory() int64 { return MemoryField("/proc/self/status", "VmRSS") }

// MemoryField is a field of a file of the kernel that counts memory, such as MemAvailable of /proc/meminfo, in bytes; 0 where there is none.
func MemoryField(path, name string) int64 {
	kib, err := strconv.ParseInt(strings.TrimSuffix(field(path, name), " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}

// field returns the value of the first line "name : value" of a file, empty if there is none.
func field(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func vectors() []string {
	var has []string
	for _, v := range []struct {
		name string
		has  bool
	}{
		{"avx", cpu.X86.HasAVX}, {"avx2", cpu.X86.HasAVX2}, {"fma", cpu.X86.HasFMA},
		{"avx512f", cpu.X86.HasAVX512F}, {"avx512bf16", cpu.X86.HasAVX512BF16}, {"amx", cpu.X86.HasAMXTile},
		{"neon", cpu.ARM64.HasASIMD}, {"sve", cpu.ARM64.HasSVE},
	} {
		if v.has {
			has = append(has, v.name)
		}
	}
	return has
}

// nvidiaFiles exist where an NVIDIA driver has found a GPU: its control device, its version, and the device that the
// Windows Subsystem for Linux has instead.
var nvidiaFiles = []string{"/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/dxg"}

// HasNVIDIA reports whether this machine seems to have an NVIDIA GPU with its driver. It asks the file system only.
func HasNVIDIA() bool {
	for _, path := range nvidiaFiles {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}

// nvidiaDriver returns the driver's description of itself, empty without a driver.
func nvidiaDriver() string {
	if version := field("/proc/driver/nvidia/version", "NVRM version"); version != "" {
		return version
	}
	if HasNVIDIA() {
		return "version unknown"
	}
	return ""
}
