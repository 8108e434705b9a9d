package backends

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Environment variables that say where plugins are.
const (
	// EnvCPUPlugin is the path of the XLA CPU plugin; it goes before every other place.
	EnvCPUPlugin = "JOULE_XLA_CPU_PLUGIN"
	// EnvPluginDir replaces the folder that Joule installs plugins in.
	EnvPluginDir = "JOULE_PLUGIN_DIR"
	// envSearch is go-xla's list of folders; as there, it replaces go-xla's own default places.
	envSearch = "PJRT_PLUGIN_LIBRARY_PATH"
)

var (
	errNoXLA       = errors.New("this joule was built without XLA (tag noxla): use the backend go, or build it without that tag")
	errNoGPU       = errors.New("no NVIDIA GPU or driver found on this machine: use xla:cpu or go")
	errNoCPUPlugin = fmt.Errorf("no XLA CPU plugin found: run \"joule backend install cpu\", point %s at one, or use the backend go", EnvCPUPlugin)
	errNoCUDA      = errors.New(`no XLA CUDA plugin found: run "joule backend install cuda", or use xla:cpu or go`)
)

// PluginDir returns the folder that Joule installs plugins in: $JOULE_PLUGIN_DIR, or joule/plugins in
// $XDG_DATA_HOME or ~/.local/share.
func PluginDir() (string, error) {
	if dir := os.Getenv(EnvPluginDir); dir != "" {
		return filepath.Abs(dir)
	}
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "joule", "plugins"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no folder for plugins: %w: set %s", err, EnvPluginDir)
	}
	return filepath.Join(home, ".local", "share", "joule", "plugins"), nil
}

// searchDirs are the folders that may hold plugins, best first.
func searchDirs() []string {
	var dirs []string
	if dir, err := PluginDir(); err == nil {
		dirs = append(dirs, dir, filepath.Join(dir, cudaSubdir))
	}
	if list, ok := os.LookupEnv(envSearch); ok {
		return append(dirs, filepath.SplitList(list)...)
	}
	lib := []string{"/usr/local/lib"}
	if home, err := os.UserHomeDir(); err == nil {
		sub := ".local/lib"
		if runtime.GOOS == "darwin" {
			sub = "Library/Application Support"
		}
		lib = append([]string{filepath.Join(home, sub)}, lib...)
	}
	for _, dir := range lib {
		dirs = append(dirs, filepath.Join(dir, "go-xla"), filepath.Join(dir, "go-xla", "nvidia"))
	}
	return dirs
}

// findPlugins returns the plugins for the platform ("cpu" or "cuda") that lie in the folders searched, best first,
// each file once. It looks at names only; go-xla's own search loads every plugin that it finds.
func findPlugins(platform string) []string {
	var found, seen []string
	for _, dir := range searchDirs() {
		for _, pattern := range []string{
			"pjrt_c_api_" + platform + "_plugin.so", // the newest, where go-xla keeps several versions
			"pjrt_c_api_" + platform + "*_plugin.so",
			`pjrt[_\-]plugin[_\-]` + platform + "*.so",
		} {
			matches, _ := filepath.Glob(filepath.Join(dir, pattern)) // the patterns are well formed
			for _, path := range matches {
				path, err := filepath.Abs(path)
				if err != nil {
					continue
				}
				file, err := filepath.EvalSymlinks(path)
				if err != nil || slices.Contains(seen, file) {
					continue
				}
				found, seen = append(found, path), append(seen, file)
			}
		}
	}
	return found
}

// cpuPlugin returns the path of the XLA CPU plugin to use. The one the environment names is taken at its word.
func cpuPlugin() (string, error) {
	if !withXLA {
		return "", errNoXLA
	}
	if path := os.Getenv(EnvCPUPlugin); path != "" {
		path, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		if err := checkPlugin(path); err != nil {
			return "", fmt.Errorf("%s: %s: %w", EnvCPUPlugin, path, err)
		}
		return path, nil
	}
	if found := findPlugins("cpu"); len(found) > 0 {
		return found[0], nil
	}
	return "", errNoCPUPlugin
}

// cudaPlugin returns the path of the XLA CUDA plugin to use.
func cudaPlugin() (string, error) {
	if !withXLA {
		return "", errNoXLA
	}
	if !HasNVIDIA() {
		return "", errNoGPU
	}
	if found := findPlugins("cuda"); len(found) > 0 {
		return found[0], nil
	}
	return "", errNoCUDA
}

// isCUDA tells by its file name whether a plugin is for NVIDIA GPUs; any other is taken for a CPU plugin.
func isCUDA(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	return strings.Contains(name, "cuda") || strings.Contains(name, "nvidia")
}

const givePath = "give the path of an XLA plugin (.so)"

// checkPlugin reports what keeps the file from being a plugin for this machine; the error does not repeat the path. It
// reads the file without loading it: loading a truncated one would kill the process.
func checkPlugin(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return errors.New("no such file: " + givePath)
	} else if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a file: " + givePath)
	}
	if strings.ContainsRune(path, ',') {
		return errors.New("go-xla cannot open a path with a comma in it: move or link the plugin elsewhere")
	}
	if runtime.GOOS != "linux" {
		return nil
	}
	reader, err := os.Open(path)
	if err != nil {
		return err
	}
	defer reader.Close()
	magic := make([]byte, len(elf.ELFMAG))
	if _, err := reader.ReadAt(magic, 0); err != nil || string(magic) != elf.ELFMAG {
		return errors.New("not a shared library: " + givePath)
	}
	return checkELF(reader, info.Size())
}
