package checkpoints

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"joule/internal/atomicfile"
	"joule/internal/regularfile"
	"joule/internal/safetensors"
)

// maxManifest is the size up to which a manifest is read.
const maxManifest = 16 << 20

// Entry is a checkpoint in a folder.
type Entry struct {
	Step int
	// Revision tells apart checkpoints of one step, of which a run may leave a second when it goes back to it.
	Revision int
	name     string
}

// namePattern is what the folder of a checkpoint is called: the step in at least 12 digits, and a revision from 2 on.
var namePattern = regexp.MustCompile(`^step-(\d{12,18})(?:\.(\d{1,9}))?$`)

func nameOf(step, revision int) string {
	if revision > 1 {
		return fmt.Sprintf("step-%012d.%d", step, revision)
	}
	return fmt.Sprintf("step-%012d", step)
}

// names lists what is in the folder.
func (f Folder) names(root *os.Root) (names []string, err error) {
	dir, err := root.Open(f.name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Readdirnames(-1)
}

// List returns the checkpoints, the newest last. Whether they are good is found out when they are loaded. A folder that is
// not there has none.
func (f Folder) List() (entries []Entry, err error) {
	var names []string
	err = f.inside(func(root *os.Root) (err error) {
		names, err = f.names(root)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, atomicfile.Error("list", f.path(), err)
	}
	for _, name := range names {
		e := Entry{Revision: 1, name: name}
		match := namePattern.FindStringSubmatch(name)
		if match == nil {
			continue
		}
		e.Step, _ = strconv.Atoi(match[1]) // 18 digits fit
		if match[2] != "" {
			e.Revision, _ = strconv.Atoi(match[2])
		}
		if name == nameOf(e.Step, e.Revision) {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Revision, b.Revision))
	})
	return entries, nil
}

// Path is where a checkpoint of the folder is.
func (f Folder) Path(e Entry) string { return f.path(e.name) }

// Load reads a checkpoint. Whatever has happened to one of its bytes, the error says so; it names the file.
func (f Folder) Load(e Entry) (c Checkpoint, err error) {
	err = f.inside(func(root *os.Root) error {
		m, err := f.manifest(root, e)
		if err != nil {
			return err
		}
		text, err := f.read(root, e, stateFile, m.State.Bytes)
		if err != nil {
			return err
		}
		if found := sumOf(text); found != m.State.SHA256 {
			return f.damaged(e, stateFile, fmt.Errorf("its checksum is %s, and its manifest says %.80q: it is damaged", found, m.State.SHA256))
		}
		c = m.Checkpoint
		if c.Tensors, _, err = safetensors.Decode(bytes.NewReader(text), int64(len(text))); err != nil {
			return f.damaged(e, stateFile, err)
		}
		if err := checkFinite(c.Tensors); err != nil {
			return f.damaged(e, stateFile, err)
		}
		return nil
	})
	return c, err
}

// Manifest reads what a checkpoint says of itself; its tensors are not looked at.
func (f Folder) Manifest(e Entry) (c Checkpoint, err error) {
	err = f.inside(func(root *os.Root) error {
		m, err := f.manifest(root, e)
		c = m.Checkpoint
		return err
	})
	return c, err
}

func (f Folder) manifest(root *os.Root, e Entry) (manifest, error) {
	text, err := f.read(root, e, manifestFile, -1)
	if err != nil {
		return manifest{}, err
	}
	m, err := decodeManifest(text)
	if _, isOther := errors.AsType[versionError](err); isOther {
		return m, fmt.Errorf("%s: %w", f.path(e.name, manifestFile), err)
	}
	if err == nil && m.Step != e.Step {
		err = fmt.Errorf("is of step %d, and its folder says %d", m.Step, e.Step)
	}
	if err != nil {
		return m, f.damaged(e, manifestFile, err)
	}
	return m, nil
}

// read reads a file of a checkpoint that has to have so many bytes; -1: as many as a manifest may have.
func (f Folder) read(root *os.Root, e Entry, name string, size int64) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, atomicfile.Error("read", f.path(e.name, name), err)
	}
	path := filepath.Join(f.name, e.name, name)
	file, found, err := regularfile.OpenIn(root, path, f.path(e.name, name))
	if _, isSystem := errors.AsType[*fs.PathError](err); errors.Is(err, fs.ErrNotExist) {
		return nil, f.damaged(e, name, errors.New("is missing"))
	} else if isSystem {
		return fail(err)
	} else if err != nil {
		return nil, &DamagedError{f.path(e.name, name), err} // it is no file
	}
	defer file.Close()
	switch {
	case size < 0 && found > maxManifest:
		return nil, f.damaged(e, name, fmt.Errorf("has %d bytes; at most %d are read", found, maxManifest))
	case size >= 0 && found != size:
		return nil, f.damaged(e, name, fmt.Errorf("has %d bytes, and its manifest says %d: it is damaged", found, size))
	}
	text := make([]byte, found)
	if _, err := io.ReadFull(file, text); err != nil {
		return fail(err)
	}
	return text, nil
}

// DamagedError is the error of a checkpoint whose files are not what was written. One that cannot be read, because the disk
// or the permission fails, or that another version has written, is not damaged.
type DamagedError struct {
	Path string // of the file
	Err  error  // names it, too
}

func (e *DamagedError) Error() string { return e.Err.Error() }
func (e *DamagedError) Unwrap() error { return e.Err }

func (f Folder) damaged(e Entry, name string, err error) error {
	path := f.path(e.name, name)
	return &DamagedError{path, fmt.Errorf("%s: %w", path, err)}
}
