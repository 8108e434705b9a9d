package backends

import (
	"debug/elf"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"joule/internal/hostile"
)

// aLibrary returns an ELF file of this machine that is no plugin: the test binary.
func aLibrary(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("plugins are read as ELF files on Linux only")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestPluginDir(t *testing.T) {
	t.Setenv("HOME", "/home/ada")
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv(EnvPluginDir, "")
	for _, step := range []struct{ env, value, want string }{
		{"HOME", "/home/ada", "/home/ada/.local/share/joule/plugins"},
		{"XDG_DATA_HOME", "/data", "/data/joule/plugins"},
		{"XDG_DATA_HOME", "relative", "/home/ada/.local/share/joule/plugins"},
		{EnvPluginDir, "/plugins", "/plugins"},
	} {
		t.Setenv(step.env, step.value)
		if got, err := PluginDir(); err != nil || got != step.want {
			t.Errorf("with %s=%s: %q, %v, want %q", step.env, step.value, got, err, step.want)
		}
	}
}

// Joule's own folder goes before the search path, the unversioned name before the versioned one, and a link and its
// target are one plugin.
func TestFindPluginsOrder(t *testing.T) {
	dir := emptyMachine(t)
	other := t.TempDir()
	t.Setenv(envSearch, other+":"+filepath.Join(other, "missing"))
	write(t, filepath.Join(other, "pjrt_c_api_cpu_v0.98.0_plugin.so"), "")
	write(t, filepath.Join(other, "pjrt_c_api_cpu_v0.83.1_plugin.so"), "")
	if err := os.Symlink("pjrt_c_api_cpu_v0.98.0_plugin.so", filepath.Join(other, cpuPluginName)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(other, "pjrt_plugin_cpu.so"), "")
	write(t, filepath.Join(other, "pjrt_c_api_cuda_plugin.so"), "")
	write(t, filepath.Join(dir, cpuPluginName), "")
	write(t, filepath.Join(dir, cpuPluginName+".tmp"), "")
	want := []string{
		filepath.Join(dir, cpuPluginName),
		filepath.Join(other, cpuPluginName),
		filepath.Join(other, "pjrt_c_api_cpu_v0.83.1_plugin.so"),
		filepath.Join(other, "pjrt_plugin_cpu.so"),
	}
	if got := findPlugins("cpu"); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := findPlugins("cuda"); !slices.Equal(got, []string{filepath.Join(other, "pjrt_c_api_cuda_plugin.so")}) {
		t.Errorf("cuda: %q", got)
	}
}

func TestCheckPluginOfOtherMachine(t *testing.T) {
	library := aLibrary(t)
	foreign := filepath.Join(t.TempDir(), "foreign.so")
	copyFile(t, foreign, library)
	file, err := os.OpenFile(foreign, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte{byte(elf.EM_RISCV), 0}, 18); err != nil { // e_machine
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	want := "built for EM_RISCV: this machine needs a plugin for " + machines[runtime.GOARCH].String()
	if err := checkPlugin(foreign); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Loading a file whose segments end beyond it would kill the process, so it has to be seen before.
func TestCheckPluginCutShort(t *testing.T) {
	library := aLibrary(t)
	info, err := os.Stat(library)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{0, 3, 60, 4096, info.Size() / 2, info.Size() - 1} {
		short := filepath.Join(t.TempDir(), "short.so")
		copyFile(t, short, library)
		if err := os.Truncate(short, size); err != nil {
			t.Fatal(err)
		}
		if err := checkPlugin(short); err == nil || strings.Contains(err.Error(), short) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func FuzzCheckPlugin(f *testing.F) {
	f.Add([]byte("not a library"))
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	f.Add(tinyPlugin("malloc", "GetPjrtApi"))
	f.Add(tinyPlugin("GetPjrtApi2"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "plugin.so")
		hostile.Bounded(t, data, bound, func() {
			if err := plugin(t, path, data); err != nil {
				hostile.CheckError(t, data, path, err)
			}
		})
	})
}
