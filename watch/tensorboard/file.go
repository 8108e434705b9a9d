package tensorboard

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"joule/internal/atomicfile"
	"joule/internal/regularfile"
)

// Event files are known by marker in their names. In a folder they are read in the order of their names, which begin with the time in
// seconds, in ten digits.
const (
	marker    = "tfevents"
	namedBy   = "events.out." + marker + ".%010d"
	wholeEnd  = ".joule"      // of a file of [Write]
	liveEnd   = ".joule-live" // of a file of [Live]
	unwritten = ".joule-events"
)

// OtherError is that a folder holds event files which another program wrote, or a training.
type OtherError struct{ Path string }

func (e *OtherError) Error() string {
	return e.Path + ": is an event file of a training or of another program, and two of one run would be shown as one; name another folder, or move it away"
}

// Write makes the event file of a run in a folder, which is made where it is not there, and returns its path. The file replaces that of
// an earlier Write, and is left alone where it would be the same. begun is when the run began, and version that of joule. The error is
// an [OtherError] where the folder holds event files of others.
func Write(folder string, begun time.Time, version string, events []Event) (path string, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", atomicfile.Error("make", folder, err)
	}
	path = filepath.Join(folder, fmt.Sprintf(namedBy, begun.Unix())+wholeEnd)
	content := append(header(begun, version), encodeAll(events)...)
	names, err := namesOf(folder)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if !strings.HasSuffix(name, wholeEnd) {
			return "", &OtherError{filepath.Join(folder, name)}
		}
	}
	if now, err := os.ReadFile(path); err == nil && bytes.Equal(now, content) {
		return path, nil
	}
	// Not under a name that TensorBoard would take for an event file's before it is whole.
	hidden := filepath.Join(folder, unwritten)
	err = atomicfile.Write(hidden, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if old := filepath.Join(folder, name); old != path {
			if err := os.Remove(old); err != nil {
				return "", err
			}
		}
	}
	return path, os.Rename(hidden, path)
}

// namesOf are the names of the event files in a folder, in the order in which they are read; of a folder that is not there, none.
func namesOf(folder string) (names []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, atomicfile.Error("list", folder, err)
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), marker) && !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// CheckUnused reports, as an [OtherError], that a folder holds event files already. It need not be there.
func CheckUnused(folder string) error {
	names, err := namesOf(folder)
	if err == nil && len(names) > 0 {
		err = &OtherError{filepath.Join(folder, names[0])}
	}
	return err
}

// readFile takes the events of a file one by one, until one is not there as a whole.
func readFile(path string, take func(event []byte) error) error {
	file, size, err := regularfile.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for r := io.LimitReader(file, size); ; {
		record, err := readRecord(r)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err == nil {
			err = take(record)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
}
