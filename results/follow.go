package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"joule/internal/regularfile"
)

// Head is the beginning of a row: how a run has ended, without what was measured.
type Head struct {
	Key     string
	Status  Status
	Run     string
	Reason  string
	Started time.Time
	Seconds float64 // of training; 0: not known
}

// Follower reads what is appended to a journal. It keeps no open file.
type Follower struct {
	path string
	info os.FileInfo // of the file that was read; nil: of none
	read int64       // the end of the last whole line that was read
}

// Follow returns a follower of the journal at a path.
func Follow(path string) *Follower { return &Follower{path: path} }

// Next calls note for every row that has come since the last call. A line without its end is being written, and left for later.
// Where the journal is another one, or shorter, again is true: then note is called for all rows from the first.
func (f *Follower) Next(note func(Head)) (again bool, err error) {
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		again, f.info, f.read = f.info != nil, nil, 0
		return again, nil
	}
	if err != nil {
		return false, err
	}
	if f.info != nil && (!os.SameFile(f.info, info) || info.Size() < f.read) {
		again, f.read = true, 0
	}
	f.info = info
	if info.Size() == f.read {
		return again, nil
	}
	file, size, err := regularfile.Open(f.path)
	if err != nil {
		return again, err
	}
	defer file.Close()
	lines := bufio.NewReaderSize(io.NewSectionReader(file, f.read, size-f.read), 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return again, nil
		}
		if err != nil {
			return again, err
		}
		head, err := parseHead(line)
		if err != nil {
			return again, fmt.Errorf("%s: at byte %d: is no row: %w", f.path, f.read, err)
		}
		f.read += int64(len(line))
		note(head)
	}
}

func parseHead(line []byte) (Head, error) {
	var row struct {
		Head
		Metrics struct{ Seconds float64 }
	}
	if err := json.Unmarshal(bytes.TrimSpace(line), &row); err != nil {
		return Head{}, err
	}
	if row.Key == "" {
		return Head{}, errors.New("it has no key")
	}
	row.Head.Seconds = row.Metrics.Seconds
	return row.Head, nil
}
