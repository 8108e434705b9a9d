// Package rundir reads and writes run directories: what a training run leaves on disk. docs/run-directory.md specifies
// every file.
//
// Every file but the metrics is replaced as a whole, so that a crash never leaves half of one. Nothing outside the run
// directory is read or written, also not through a symbolic link in it. Errors name the path and the cause.
package rundir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"joule/checkpoints"
	"joule/internal/atomicfile"
	"joule/internal/regularfile"
)

// format is the version of the files that this package writes, and the newest that it reads, but for one: a description of
// data that older readers would misunderstand has formatLogit.
const (
	format      = 1
	formatLogit = 2
)

// newest is the newest version of a file that is read.
func newest(name string) int {
	if name == datasetFile {
		return formatLogit
	}
	return format
}

// The names of the files in a run directory.
const (
	configFile      = "config.yaml"
	environmentFile = "environment.json"
	datasetFile     = "dataset.json"
	parametersFile  = "parameters.safetensors"
	metricsFile     = "metrics.jsonl"
	resultFile      = "result.json"
	figuresDir      = "figures"
	exportDir       = "export"
	checkpointsDir  = "checkpoints"
)

// whenWritten completes the error of a file that is not there.
var whenWritten = map[string]string{
	configFile:      "written when training starts",
	environmentFile: "written when training starts",
	datasetFile:     "written when training starts",
	parametersFile:  "written at every checkpoint: training ended before the first",
	metricsFile:     "written from the start of training",
	resultFile:      "written when training ends: it is still going on, or was killed",
}

// Run is a run directory. It holds no open files. One goroutine may write to it at a time.
type Run struct{ dir string }

// Open returns the run in an existing directory. The error of a directory that is no run says which file is missing;
// a run that a newer version has written is an error too.
func Open(dir string) (*Run, error) {
	info, err := os.Stat(dir)
	switch {
	case os.IsNotExist(err):
		return nil, fmt.Errorf("%s: there is no such run directory: %w", dir, fs.ErrNotExist)
	case err != nil:
		return nil, atomicfile.Error("open", dir, err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s: is a file; a run is a directory", dir)
	}
	run := &Run{filepath.Clean(dir)}
	for _, name := range []string{configFile, environmentFile} {
		if _, err := os.Stat(run.path(name)); os.IsNotExist(err) {
			if members, _ := filepath.Glob(run.path("seed-*")); len(members) > 0 {
				return nil, fmt.Errorf("%s: holds several runs; name one of them, such as %s: %w", dir, members[0], fs.ErrNotExist)
			}
			return nil, fmt.Errorf("%s: is not a run directory: it has no %s: %w", dir, name, fs.ErrNotExist)
		}
	}
	if _, err := run.Environment(); err != nil {
		return nil, err
	}
	return run, nil
}

// Dir is the path of the directory.
func (r *Run) Dir() string { return r.dir }

// WriteConfig keeps the text of the resolved config.
func (r *Run) WriteConfig(text []byte) error { return r.writeFile(configFile, text) }

// Config returns the text of the resolved config.
func (r *Run) Config() ([]byte, error) { return r.readFile(configFile) }

// Checkpoints is where the states of the run are kept.
func (r *Run) Checkpoints() checkpoints.Folder { return checkpoints.In(r.dir, checkpointsDir) }

// FigurePath returns the path for a figure of the given file name, such as energy.png, and makes the folder for it.
func (r *Run) FigurePath(name string) (string, error) {
	return r.pathIn(figuresDir, name, "a figure; use a plain file name such as energy.png")
}

// ExportPath returns the path for the model in the format of another program, of the given file name, such as model.onnx, and makes
// the folder for it.
func (r *Run) ExportPath(name string) (string, error) {
	return r.pathIn(exportDir, name, "an exported model; use a plain file name such as model.onnx")
}

// pathIn is the path of a file in a folder of the run, which is made; what says what the name is of.
func (r *Run) pathIn(folder, name, what string) (string, error) {
	path := filepath.Join(r.dir, folder, name)
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") || !filepath.IsLocal(name) {
		return "", fmt.Errorf("%s: %q is not the name of %s", r.dir, name, what)
	}
	err := r.inside(func(root *os.Root) error {
		if err := root.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		// Opening it, unlike making it, follows a symbolic link and fails when that leads outside.
		opened, err := root.OpenRoot(folder)
		if err != nil {
			return err
		}
		return opened.Close()
	})
	if err != nil {
		return "", atomicfile.Error("make folder for", path, err)
	}
	return path, nil
}

func (r *Run) path(name string) string { return filepath.Join(r.dir, name) }

// inside calls do with the directory opened so that no name leads out of it.
func (r *Run) inside(do func(root *os.Root) error) error {
	root, err := os.OpenRoot(r.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return do(root)
}

// replace writes a file of the directory atomically.
func (r *Run) replace(name string, write func(io.Writer) error) error {
	err := r.inside(func(root *os.Root) error { return atomicfile.WriteIn(root, name, write) })
	if err != nil {
		return atomicfile.Error("write", r.path(name), err)
	}
	return nil
}

func (r *Run) writeFile(name string, content []byte) error {
	return r.replace(name, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// readFile reads a file of the directory. Its error is [fs.ErrNotExist] when there is none.
func (r *Run) readFile(name string) ([]byte, error) {
	var content []byte
	err := r.inside(func(root *os.Root) (err error) {
		content, err = regularfile.ReadIn(root, name, r.path(name), math.MaxInt64)
		return err
	})
	return content, r.readError(name, err)
}

// readError completes the error of a file that could not be read.
func (r *Run) readError(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: has no %s, which is %s: %w", r.dir, name, whenWritten[name], fs.ErrNotExist)
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return atomicfile.Error("read", r.path(name), err)
	}
	return err
}
