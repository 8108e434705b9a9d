package rundir

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"joule/internal/regularfile"
)

// tailBytes is how much of the end of the metrics a [Follower] reads at first: some hundred records.
const tailBytes = 64 << 10

// Follower reads the newest records of a run while a process trains it: at first the end of the file, then what was added to it.
// It writes nothing and holds no lock and no open file.
type Follower struct {
	run  *Run
	keep int
	info os.FileInfo // of the file that was read; nil: of none
	read int64       // the end of the last whole line that was read
	// records are the last ones, at most keep.
	records []Record
}

// Follow returns a follower that has at most keep records at a time.
func (r *Run) Follow(keep int) *Follower { return &Follower{run: r, keep: keep} }

// Records returns the newest records, the last one last. A line that is being written, or was cut off by a crash, is passed over,
// and so is one that is no record. A run without metrics has none. The slice is the follower's until the next call.
func (f *Follower) Records() ([]Record, error) {
	err := f.run.inside(func(root *os.Root) error {
		info, err := root.Stat(metricsFile)
		if err != nil {
			return err
		}
		isSame := f.info != nil && os.SameFile(f.info, info) && info.Size() >= f.read
		if isSame && info.Size() == f.info.Size() && info.ModTime().Equal(f.info.ModTime()) {
			return nil
		}
		if !isSame || info.Size()-f.read > tailBytes {
			f.records, f.read = f.records[:0], 0
		}
		if err := f.take(root); err != nil {
			return err
		}
		f.info = info
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		f.info, f.read, f.records = nil, 0, f.records[:0]
		return nil, nil
	}
	return f.records, f.run.readError(metricsFile, err)
}

// Changed is when the metrics were last written, as of the last call of Records; zero: there are none.
func (f *Follower) Changed() time.Time {
	if f.info == nil {
		return time.Time{}
	}
	return f.info.ModTime()
}

// take reads what has not been read, of a long file the end.
func (f *Follower) take(root *os.Root) error {
	file, size, err := regularfile.OpenIn(root, metricsFile, f.run.path(metricsFile))
	if err != nil {
		return err
	}
	defer file.Close()
	from := f.read
	isCut := from == 0 && size > tailBytes
	if isCut {
		from = size - tailBytes
	}
	text := make([]byte, max(size-from, 0))
	n, err := file.ReadAt(text, from)
	if err != nil && !errors.Is(err, io.EOF) { // it may have become shorter
		return err
	}
	text = text[:n]
	if isCut { // the first line may be a part of one
		end := bytes.IndexByte(text, '\n') + 1
		from, text = from+int64(end), text[end:]
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	for line := range bytes.Lines(lastLines(text[:whole], f.keep)) {
		if record, err := parseRecord(bytes.TrimSuffix(line, []byte("\n"))); err == nil { // the first line, the format, is none
			f.records = append(f.records, record)
		}
	}
	f.records = slices.Delete(f.records, 0, max(len(f.records)-f.keep, 0))
	f.read = from + int64(whole)
	return nil
}

// lastLines are the last lines of a text that ends with one, at most n of them.
func lastLines(text []byte, n int) []byte {
	begin := len(text)
	for ; n > 0 && begin > 0; n-- {
		begin = bytes.LastIndexByte(text[:begin-1], '\n') + 1
	}
	return text[begin:]
}
