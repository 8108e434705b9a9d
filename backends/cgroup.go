package backends

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// MemoryLimit is the least of the limits that control groups, as those of containers and of jobs of schedulers, set to the memory of
// this process; 0 where none does. Its files are looked for under root.
func MemoryLimit(root string) (least int64) {
	file, err := os.Open(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		// A line is number:controllers:path, without controllers in version 2.
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		mount, name := "sys/fs/cgroup", "memory.max"
		if parts[1] != "" {
			if !slices.Contains(strings.Split(parts[1], ","), "memory") {
				continue
			}
			mount, name = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}
		// Each group above limits, too; within a container the path may be one of outside, and the group itself is the mount.
		for path := filepath.Clean("/" + parts[2]); ; path = filepath.Dir(path) {
			if limit := readLimit(filepath.Join(root, mount, path, name)); limit > 0 && (least == 0 || limit < least) {
				least = limit
			}
			if path == "/" {
				break
			}
		}
	}
	return least
}

// readLimit is the number of a file, 0 where it has none, as "max", or where there is no such file.
func readLimit(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return limit
}
