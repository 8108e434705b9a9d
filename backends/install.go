package backends

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// cpuPluginName is the name under which an installed CPU plugin is found, by Joule and by go-xla.
const cpuPluginName = "pjrt_c_api_cpu_plugin.so"

// cudaSubdir is where the CUDA plugin lies in the plugin folder: go-xla's installer wants a folder called go-xla, and
// puts links beside it.
const cudaSubdir = "cuda/go-xla/nvidia"

// pythonPackages carry an XLA CPU plugin, best first, in pip's form of requirement. The hashes are those of the wheels
// that were tried.
var pythonPackages = []string{
	"lammps-jax-pjrt-cpu==0.11.2" +
		" --hash=sha256:1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1",
	"xla-cpu-pjrt==0.0.1" +
		" --hash=sha256:55837b6b7b47daa717f2d9a5a03563ea0ceaa338d06a81a1e2d3f060d960decc" + // x86_64
		" --hash=sha256:8f613be6e891858f40d64f9799319502fff42689661944fc18a6ffd8210b30c9", // aarch64
}

// InstallOptions say where a plugin is installed.
type InstallOptions struct {
	Dir string // instead of PluginDir
}

func (o InstallOptions) dir() (string, error) {
	if o.Dir != "" {
		return filepath.Abs(o.Dir)
	}
	return PluginDir()
}

// InstallCPU fetches an XLA CPU plugin and returns its path. It asks go-xla's installer first and then pip, and tells w
// what it does. The plugin appears under its name when it is complete, and nothing is left of a failed attempt. It has
// not been opened yet.
func InstallCPU(ctx context.Context, w io.Writer, opts InstallOptions) (string, error) {
	if !withXLA {
		return "", errNoXLA
	}
	dir, err := opts.dir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("plugin folder: %w", err)
	}
	stage, err := os.MkdirTemp(dir, ".install-*")
	if err != nil {
		return "", fmt.Errorf("plugin folder: %w", err)
	}
	defer os.RemoveAll(stage)

	say(w, "fetching an XLA CPU plugin with go-xla's installer")
	plugin, released := releasedCPU(ctx, w, stage)
	if released == nil {
		return putInPlace(plugin, filepath.Join(dir, cpuPluginName))
	}
	say(w, "go-xla's installer: %v", firstLine(released))
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	plugin, packaged := packagedCPU(ctx, w, stage)
	if packaged == nil {
		return putInPlace(plugin, filepath.Join(dir, cpuPluginName))
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return "", fmt.Errorf("no XLA CPU plugin could be installed (go-xla's installer: %s; %w); everything runs without one on the backend go, more slowly",
		firstLine(released), packaged)
}

// putInPlace moves a plugin to its final path in one step, flushed to disk.
func putInPlace(plugin, path string) (string, error) {
	file, err := os.Open(plugin)
	if err != nil {
		return "", err
	}
	err = errors.Join(file.Chmod(0o755), file.Sync(), file.Close())
	if err != nil {
		return "", err
	}
	return path, os.Rename(plugin, path)
}

// packagedCPU gets the plugin out of a Python package that pip downloads to the folder stage.
func packagedCPU(ctx context.Context, w io.Writer, stage string) (string, error) {
	var failed []error
	for i, requirement := range pythonPackages {
		name, _, _ := strings.Cut(requirement, " ")
		say(w, "fetching the Python package %s with pip", name)
		folder := filepath.Join(stage, fmt.Sprintf("pip-%d", i))
		plugin, err := download(ctx, w, requirement, folder)
		if err == nil {
			return plugin, nil
		}
		failed = append(failed, fmt.Errorf("pip, %s: %w", name, err))
		if ctx.Err() != nil {
			break
		}
	}
	return "", oneLine(failed)
}

// oneLine joins errors with semicolons.
func oneLine(errs []error) error {
	text := make([]string, len(errs))
	for i, err := range errs {
		text[i] = firstLine(err)
	}
	return errors.New(strings.Join(text, "; "))
}

// download runs pip in the new folder and returns the plugin of the wheel that it fetches.
func download(ctx context.Context, w io.Writer, requirement, folder string) (string, error) {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return "", err
	}
	list := filepath.Join(folder, "requirements.txt")
	if err := os.WriteFile(list, []byte(requirement+"\n"), 0o644); err != nil {
		return "", err
	}
	var last lastError
	pip := exec.CommandContext(ctx, "python3", "-m", "pip", "download", "--disable-pip-version-check", "--no-input",
		"--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", folder, "--requirement", list)
	pip.Env = append(os.Environ(), "TMPDIR="+folder)
	pip.Stdout = io.MultiWriter(w, &last)
	pip.Stderr = pip.Stdout
	if err := pip.Run(); err != nil {
		if last.line != "" {
			return "", errors.New(last.line)
		}
		return "", err
	}
	wheels, _ := filepath.Glob(filepath.Join(folder, "*.whl"))
	if len(wheels) != 1 {
		return "", fmt.Errorf("pip left %d wheels where one was expected", len(wheels))
	}
	plugin := filepath.Join(folder, cpuPluginName)
	if err := extractPlugin(wheels[0], plugin); err != nil {
		return "", err
	}
	if err := checkPlugin(plugin); err != nil {
		return "", fmt.Errorf("%s: the plugin in it is %w", filepath.Base(wheels[0]), err)
	}
	return plugin, nil
}

// lastError keeps the last complete line of output, which is where pip and Python say what went wrong.
type lastError struct{ line, partial string }

func (l *lastError) Write(p []byte) (int, error) {
	l.partial += string(p)
	for {
		line, rest, ok := strings.Cut(l.partial, "\n")
		if !ok {
			return len(p), nil
		}
		if line = strings.TrimSpace(line); line != "" {
			l.line = strings.TrimPrefix(line, "ERROR: ")
		}
		l.partial = rest
	}
}

// InstallCUDA fetches the XLA CUDA plugin and NVIDIA's libraries (some gigabytes) with go-xla's installer, and returns
// the plugin's path. It needs no GPU; opening the plugin does. A failure leaves what was installed before.
func InstallCUDA(ctx context.Context, w io.Writer, opts InstallOptions) (string, error) {
	dir, err := opts.dir()
	if err != nil {
		return "", err
	}
	return installCUDA(dir, func(lib string, stage string) error {
		say(w, "fetching the XLA CUDA plugin and NVIDIA's libraries with go-xla's installer")
		return releasedCUDA(ctx, w, lib, stage)
	})
}

// installCUDA has fetch fill dir/cuda, which it cannot do elsewhere and move: the links that it makes are absolute.
func installCUDA(dir string, fetch func(lib, stage string) error) (path string, err error) {
	if !withXLA {
		return "", errNoXLA
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("plugin folder: %w", err)
	}
	stage, err := os.MkdirTemp(dir, ".install-*")
	if err != nil {
		return "", fmt.Errorf("plugin folder: %w", err)
	}
	defer os.RemoveAll(stage)
	root, old := filepath.Join(dir, "cuda"), filepath.Join(stage, "old")
	if err := os.Rename(root, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(root))
			if _, missing := os.Stat(old); missing == nil {
				err = errors.Join(err, os.Rename(old, root))
			}
		}
	}()
	if err := fetch(filepath.Join(root, "go-xla"), stage); err != nil {
		return "", fmt.Errorf("no XLA CUDA plugin could be installed (go-xla's installer: %s); xla:cpu and go work without one", firstLine(err))
	}
	path = filepath.Join(dir, cudaSubdir, "pjrt_c_api_cuda_plugin.so")
	if err := checkPlugin(path); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return path, nil
}
