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
	for _, dir := range ControlGroups(root, "memory") {
		for _, name := range []string{"memory.max", "memory.limit_in_bytes"} { // of versions 2 and 1
			if limit := readLimit(filepath.Join(dir, name)); limit > 0 && (least == 0 || limit < least) {
				least = limit
			}
		}
	}
	return least
}

// ControlGroups are the directories of the control groups that this process is in, of version 2 and, of version 1, those of a
// controller, such as "memory" or "cpu". The groups above are among them, since each limits what is below. They are looked for under
// root, and need not be there: within a container the path of a group may be one of outside, and the group itself is the mount.
func ControlGroups(root, controller string) (dirs []string) {
	file, err := os.Open(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return nil
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		// A line is number:controllers:path, without controllers in version 2.
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		mount := "sys/fs/cgroup"
		if parts[1] != "" {
			if !slices.Contains(strings.Split(parts[1], ","), controller) {
				continue
			}
			mount = filepath.Join(mount, controller)
		}
		for path := filepath.Clean("/" + parts[2]); ; path = filepath.Dir(path) {
			dirs = append(dirs, filepath.Join(root, mount, path))
			if path == "/" {
				break
			}
		}
	}
	return dirs
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
