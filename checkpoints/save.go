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
		temporary, err := f.write(root, name, c)
		if err != nil {
			// What is left of it is in nobody's way, and the next checkpoint clears it away if this cannot.
			_ = root.RemoveAll(temporary)
			return err
		}
		for revision := 2; ; revision++ {
			same, err := isSame(root, filepath.Join(f.name, name), temporary)
			if errors.Is(err, fs.ErrNotExist) {
				err = rename(root, temporary, filepath.Join(f.name, name))
			} else if same { // it was saved before, and then the folder could not be synced
				err = root.RemoveAll(temporary)
			} else if err == nil {
				name = nameOf(c.Step, revision)
				continue
			}
			if err != nil {
				return err
			}
			return atomicfile.SyncDir(root, f.name)
		}
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
	f.clear(root, names)
	return err
}

// RemoveUnfinished clears away what a crash has left of checkpoints that were being written or removed, as far as that can
// be.
func (f Folder) RemoveUnfinished() {
	_ = f.inside(func(root *os.Root) error {
		names, err := f.names(root)
		f.clear(root, names)
		return err
	})
}

// clear removes what is no checkpoint. What cannot be removed is in nobody's way.
func (f Folder) clear(root *os.Root, names []string) {
	for _, name := range names {
		if strings.HasPrefix(name, writing) || strings.HasPrefix(name, removing) {
			_ = root.RemoveAll(filepath.Join(f.name, name))
		}
	}
}

// isSame reports whether two checkpoints have the same manifest, and with its checksums the same state.
func isSame(root *os.Root, a, b string) (bool, error) {
	first, err := root.ReadFile(filepath.Join(a, manifestFile))
	if err != nil {
		if _, statErr := root.Lstat(a); statErr == nil {
			return false, nil // something is there, whatever it is
		}
		return false, err
	}
	second, err := root.ReadFile(filepath.Join(b, manifestFile))
	return err == nil && string(first) == string(second), err
}

// write makes a folder with the files of a checkpoint, all of it on the disk, and returns where that is.
func (f Folder) write(root *os.Root, name string, c Checkpoint) (folder string, err error) {
	folder = filepath.Join(f.name, writing+"-"+name)
	if err := faults.Check(faults.Make, folder); err != nil {
		return folder, err
	}
	for n := 2; ; n++ {
		if err = root.Mkdir(folder, 0o755); !errors.Is(err, fs.ErrExist) {
			break
		}
		folder = filepath.Join(f.name, fmt.Sprintf("%s-%s-%d", writing, name, n)) // the remains of one that cannot be removed
	}
	if err != nil {
		return folder, err
	}
	return folder, f.fill(root, folder, c)
}

// fill writes the files of a checkpoint.
func (f Folder) fill(root *os.Root, folder string, c Checkpoint) error {
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
