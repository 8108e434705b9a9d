package checkpoints

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"joule/internal/atomicfile"
	"joule/internal/faults"
	"joule/internal/safetensors"
)

// The names within a folder of checkpoints, and within one of them.
const (
	stateFile    = "state.safetensors"
	manifestFile = "manifest.json"
	writing      = ".writing"  // begins the name of a checkpoint that is being written
	removing     = ".removing" // and that of one that is being removed
)

// Folder is where the checkpoints of a run are: a folder within the run directory. One goroutine of one process may write
// to it at a time.
type Folder struct {
	run  string // the run directory
	name string
}

// In is the folder of that name in a run directory. It need not exist yet.
func In(run, name string) Folder { return Folder{run, name} }

// Path is the path of a checkpoint, or of a file in it.
func (f Folder) path(names ...string) string {
	return filepath.Join(append([]string{f.run, f.name}, names...)...)
}

// inside calls do with the run directory opened so that no name leads out of it.
func (f Folder) inside(do func(root *os.Root) error) error {
	root, err := os.OpenRoot(f.run)
	if err != nil {
		return err
	}
	defer root.Close()
	return do(root)
}

// Save writes a checkpoint. When it returns without an error it is on the disk; with one, those from before are as they
// were. A state that is not finite is refused.
func (f Folder) Save(c Checkpoint) error {
	name := nameOf(c.Step, 1)
	if err := errors.Join(c.check(), checkFinite(c.Tensors)); err != nil {
		return fmt.Errorf("%s: %w", f.path(name), err)
	}
	err := f.inside(func(root *os.Root) error {
		if err := f.prepare(root); err != nil {
			return err
		}
		temporary := filepath.Join(f.name, writing+"-"+name)
		if err := f.write(root, temporary, c); err != nil {
			// What is left of it is in nobody's way, and the next checkpoint clears it away if this cannot.
			_ = root.RemoveAll(temporary)
			return err
		}
		for revision := 2; ; revision++ {
			if _, err := root.Lstat(filepath.Join(f.name, name)); errors.Is(err, fs.ErrNotExist) {
				break
			} else if err != nil {
				return err
			}
			name = nameOf(c.Step, revision)
		}
		if err := rename(root, temporary, filepath.Join(f.name, name)); err != nil {
			return err
		}
		return atomicfile.SyncDir(root, f.name)
	})
	if err != nil {
		return atomicfile.Error("write checkpoint", f.path(name), err)
	}
	return nil
}

// prepare makes the folder, and clears away what a crash has left in it.
func (f Folder) prepare(root *os.Root) error {
	names, err := f.names(root)
	if errors.Is(err, fs.ErrNotExist) {
		if err := faults.Check(faults.Make, f.name); err != nil {
			return err
		}
		if err := root.Mkdir(f.name, 0o755); err != nil {
			return err
		}
		return atomicfile.SyncDir(root, ".")
	}
	return errors.Join(err, f.clear(root, names))
}

// RemoveUnfinished clears away what a crash has left of checkpoints that were being written or removed. A folder that is not
// there has nothing of the kind.
func (f Folder) RemoveUnfinished() error {
	err := f.inside(func(root *os.Root) error {
		names, err := f.names(root)
		return errors.Join(err, f.clear(root, names))
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return atomicfile.Error("clear up", f.path(), err)
	}
	return nil
}

func (f Folder) clear(root *os.Root, names []string) error {
	for _, name := range names {
		if strings.HasPrefix(name, writing) || strings.HasPrefix(name, removing) {
			if err := root.RemoveAll(filepath.Join(f.name, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// write makes a folder with the files of a checkpoint, all of it on the disk.
func (f Folder) write(root *os.Root, folder string, c Checkpoint) error {
	if err := faults.Check(faults.Make, folder); err != nil {
		return err
	}
	if err := root.Mkdir(folder, 0o755); err != nil {
		return err
	}
	m := manifest{Format: format, Checkpoint: c}
	sum := sha256.New()
	err := create(root, filepath.Join(folder, stateFile), func(w io.Writer) error {
		counted := &counter{Writer: io.MultiWriter(w, sum)}
		err := safetensors.Encode(counted, c.Tensors, map[string]string{"format": fmt.Sprint(format), "step": fmt.Sprint(c.Step)})
		m.State.Bytes = counted.n
		return err
	})
	if err != nil {
		return err
	}
	m.State.SHA256 = hex.EncodeToString(sum.Sum(nil))
	text, err := m.encode()
	if err != nil {
		return err
	}
	err = create(root, filepath.Join(folder, manifestFile), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	return atomicfile.SyncDir(root, folder)
}

// create writes a new file and waits until it is on the disk.
func create(root *os.Root, name string, write func(io.Writer) error) (err error) {
	if err := faults.Check(faults.Create, name); err != nil {
		return err
	}
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffered := bufio.NewWriterSize(faults.Writer(file, name), 1<<16)
	if err := write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := faults.Check(faults.Sync, name); err != nil {
		return err
	}
	return file.Sync()
}

func rename(root *os.Root, from, to string) error {
	if err := faults.Check(faults.Rename, to); err != nil {
		return err
	}
	return root.Rename(from, to)
}

// counter counts what is written through it.
type counter struct {
	io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}

const sumLength = 2 * sha256.Size

// sumOf is the checksum of some bytes, in hexadecimal digits.
func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
