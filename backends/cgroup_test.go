package backends

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMemoryLimit(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"no groups":                  {nil, 0},
		"version 2":                  {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "1000\n"}, 1000},
		"version 2, the one above":   {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "700\n"}, 700},
		"version 2, the least":       {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "500\n", "sys/fs/cgroup/a/memory.max": "700\n"}, 500},
		"version 2, in a container":  {map[string]string{"proc/self/cgroup": "0::/outside/x\n", "sys/fs/cgroup/memory.max": "300\n"}, 300},
		"version 2, none":            {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0},
		"version 1":                  {map[string]string{"proc/self/cgroup": "9:cpu,cpuacct:/c\n4:memory:/m\n0::/\n", "sys/fs/cgroup/memory/m/memory.limit_in_bytes": "400\n", "sys/fs/cgroup/cpu,cpuacct/c/memory.max": "1\n"}, 400},
		"version 1, in a container":  {map[string]string{"proc/self/cgroup": "4:memory:/outside\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "600\n"}, 600},
		"version 1, with no bound":   {map[string]string{"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 9223372036854771712},
		"what is no line of a group": {map[string]string{"proc/self/cgroup": "nonsense\n", "sys/fs/cgroup/memory.max": "1\n"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for path, text := range c.files {
				path = filepath.Join(root, path)
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if got := MemoryLimit(root); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}
