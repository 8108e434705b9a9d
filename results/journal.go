package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"sync"
)

// maxLine is the longest line of a journal, in bytes: a config, a reason and some figures.
const maxLine = 4 << 20

// Journal is a file of rows, to which those of finished runs are appended. Where a key occurs more than once, the last row
// counts. Its methods may be called from several goroutines; one process at a time may have it open for appending.
type Journal struct {
	path  string
	mutex sync.Mutex
	file  *os.File
	size  int64
	index map[string]position // by key
	order []string            // keys in the order in which they first occurred
}

// position is where the last row of a key is.
type position struct {
	from, length int64
	status       Status
}

// OpenJournal opens a journal for appending, and makes it where there is none. A last line that a crash has cut off is
// removed.
func OpenJournal(path string) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	j := &Journal{path: path, file: file, index: map[string]position{}}
	if err := errors.Join(j.read(), file.Truncate(j.size)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

// ReadJournal opens a journal for reading alone. A last line without its end is passed over: it is being written.
func ReadJournal(path string) (*Journal, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	j := &Journal{path: path, file: file, index: map[string]position{}}
	if err := j.read(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

// read makes the index.
func (j *Journal) read() error {
	lines := bufio.NewReaderSize(j.file, 1<<16)
	for number := 1; ; number++ {
		line, err := lines.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) {
			long := bytes.Clone(line)
			line, err = lines.ReadSlice('\n')
			line = append(long, line...)
			if len(line) > maxLine {
				return fmt.Errorf("%s:%d: a line of more than %d bytes is no row", j.path, number, maxLine)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		key, status, err := headOf(line)
		if err != nil {
			return fmt.Errorf("%s:%d: is no row: %w", j.path, number, err)
		}
		j.note(key, position{j.size, int64(len(line)), status})
		j.size += int64(len(line))
	}
}

// headOf reads the key and the status of a row, which Append writes first.
func headOf(line []byte) (key string, status Status, err error) {
	if rest, ok := bytes.CutPrefix(line, []byte(`{"key":"`)); ok { // without looking at the rest, which may be long
		name, rest, found := bytes.Cut(rest, []byte(`","status":"`))
		state, _, closed := bytes.Cut(rest, []byte(`"`))
		if found && closed && bytes.HasSuffix(line, []byte("}\n")) {
			return string(name), Status(state), nil
		}
	}
	var head struct {
		Key    string
		Status Status
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return "", "", err
	}
	if head.Key == "" {
		return "", "", errors.New("it has no key")
	}
	return head.Key, head.Status, nil
}

func (j *Journal) note(key string, at position) {
	if _, known := j.index[key]; !known {
		j.order = append(j.order, key)
	}
	j.index[key] = at
}

// Append adds rows, and returns when they are on the disk. On an error none of them is there.
func (j *Journal) Append(rows ...*Row) error {
	var text []byte
	var places []position
	for _, r := range rows {
		line, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Run, err)
		}
		if len(line) >= maxLine {
			return fmt.Errorf("%s: a row of %d bytes is too long; at most %d are kept", r.Run, len(line), maxLine)
		}
		places = append(places, position{int64(len(text)), int64(len(line) + 1), r.Status})
		text = append(append(text, line...), '\n')
	}
	j.mutex.Lock()
	defer j.mutex.Unlock()
	_, err := j.file.WriteAt(text, j.size)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return errors.Join(err, j.file.Truncate(j.size))
	}
	for i, at := range places {
		at.from += j.size
		j.note(rows[i].Key, at)
	}
	j.size += int64(len(text))
	return nil
}

// Status is how the run of a key ended; false: it has not.
func (j *Journal) Status(key string) (Status, bool) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	at, ok := j.index[key]
	return at.status, ok
}

// Row reads the row of a key. The error is [fs.ErrNotExist] where there is none.
func (j *Journal) Row(key string) (*Row, error) {
	j.mutex.Lock()
	at, ok := j.index[key]
	j.mutex.Unlock()
	if !ok {
		return nil, fs.ErrNotExist
	}
	line := make([]byte, at.length)
	if _, err := j.file.ReadAt(line, at.from); err != nil {
		return nil, fmt.Errorf("%s: %w", j.path, err)
	}
	row := &Row{}
	if err := json.Unmarshal(line, row); err != nil {
		return nil, fmt.Errorf("%s: at byte %d: %w", j.path, at.from, err)
	}
	return row, nil
}

// Rows reads the rows of some keys, one after the other; keys without a row are passed over. Nil reads all, in the order in
// which they were first written.
func (j *Journal) Rows(keys []string) iter.Seq2[*Row, error] {
	if keys == nil {
		j.mutex.Lock()
		keys = j.order[:len(j.order):len(j.order)]
		j.mutex.Unlock()
	}
	return func(yield func(*Row, error) bool) {
		for _, key := range keys {
			row, err := j.Row(key)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}
