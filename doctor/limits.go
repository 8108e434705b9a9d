package doctor

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"joule/backends"
)

// Limits are what the system lets this process have. 0 stands for no limit, or for one that the system does not tell.
type Limits struct {
	Memory    int64   `json:"memory,omitempty"`     // bytes, of control groups: of a container, or of a scheduler's job
	Available int64   `json:"available,omitempty"`  // bytes of the machine's memory that can be had without swapping
	CPUs      float64 `json:"cpus,omitempty"`       // processors' worth of time, of control groups
	OpenFiles int64   `json:"open_files,omitempty"` // at once
	FileSize  int64   `json:"file_size,omitempty"`  // bytes of a file
}

func findLimits(root string) Limits {
	l := Limits{CPUs: cpuLimit(root)}
	if limit := backends.MemoryLimit(root); limit < 1<<62 { // version 1 has a number for none
		l.Memory = limit
	}
	rows := fileLines(filepath.Join(root, "proc/self/limits"))
	for _, row := range rows {
		// A row is a name, the limit that holds, the one it can be raised to, and a unit.
		for name, to := range map[string]*int64{"Max open files": &l.OpenFiles, "Max file size": &l.FileSize} {
			if rest, found := strings.CutPrefix(row, name); found {
				if words := strings.Fields(rest); len(words) > 0 {
					*to, _ = strconv.ParseInt(words[0], 10, 64) // 0 of "unlimited"
				}
			}
		}
	}
	l.Available = backends.MemoryField(filepath.Join(root, "proc/meminfo"), "MemAvailable")
	return l
}

// fileLines are the lines of a small file, none where there is no such file.
func fileLines(path string) (lines []string) {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	for s := bufio.NewScanner(file); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return lines
}

// cpuLimit is the least of the limits that control groups set to processor time, in processors; 0 where none does.
func cpuLimit(root string) (least float64) {
	for _, dir := range backends.ControlGroups(root, "cpu") {
		if cpus := readQuota(dir); cpus > 0 && (least == 0 || cpus < least) {
			least = cpus
		}
	}
	return least
}

// readQuota is the processor time of a group, in processors; 0: it has no bound.
func readQuota(dir string) float64 {
	text, err := os.ReadFile(filepath.Join(dir, "cpu.max")) // "quota period", or "max period"
	if err != nil {
		quota, _ := os.ReadFile(filepath.Join(dir, "cpu.cfs_quota_us")) // of version 1
		period, _ := os.ReadFile(filepath.Join(dir, "cpu.cfs_period_us"))
		text = slices.Concat(quota, []byte(" "), period)
	}
	words := strings.Fields(string(text))
	if len(words) != 2 {
		return 0
	}
	quota, err1 := strconv.ParseFloat(words[0], 64)
	period, err2 := strconv.ParseFloat(words[1], 64)
	if err1 != nil || err2 != nil || !(quota > 0) || !(period > 0) {
		return 0
	}
	return quota / period
}
