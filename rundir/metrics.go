package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"unicode/utf8"

	"joule/internal/atomicfile"
	"joule/internal/faults"
)

// Metrics are the records of a run, in the order in which they were written.
type Metrics struct {
	Records []Record
	// Torn is the number of the last line if a crash cut it off, else 0. It is not among the records.
	Torn int
}

// Record is what was measured at a step.
type Record struct {
	Step   int64
	Values map[string]float64 // may be NaN or infinite
}

// AppendMetrics adds records to the metrics and hands them to the system, so that they outlive a crash of the process. If
// a crash or a full disk has left part of a line at the end, that part is cut off first. On an error a part of the records
// may have been added: [Run.TruncateMetrics] with the step before them makes it possible to try again.
func (r *Run) AppendMetrics(records ...Record) error {
	var lines []byte
	for _, record := range records {
		line, err := record.encode()
		if err != nil {
			return fmt.Errorf("%s: %w", r.path(metricsFile), err)
		}
		lines = append(lines, line...)
	}
	if err := r.inside(func(root *os.Root) error { return appendLines(root, lines) }); err != nil {
		return atomicfile.Error("append to", r.path(metricsFile), err)
	}
	return nil
}

// SyncMetrics waits until all records are on the disk.
func (r *Run) SyncMetrics() error {
	err := r.inside(func(root *os.Root) error {
		if err := faults.Check(faults.Sync, metricsFile); err != nil {
			return err
		}
		file, err := root.OpenFile(metricsFile, os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nothing was logged yet
		}
		if err != nil {
			return err
		}
		return errors.Join(file.Sync(), file.Close())
	})
	if err != nil {
		return atomicfile.Error("sync", r.path(metricsFile), err)
	}
	return nil
}

// TruncateMetrics removes the records of later steps than the given one.
func (r *Run) TruncateMetrics(step int64) error {
	text, err := r.readFile(metricsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the next record makes it
	}
	if err != nil {
		return err
	}
	kept := 0
	for number, rest := 1, text; ; number++ {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		if !whole {
			break // nothing, or the part of a line that a crash has left
		}
		if number > 1 {
			record, err := parseRecord(line)
			if err != nil {
				return fmt.Errorf("%s:%d: %w", r.path(metricsFile), number, err)
			}
			if record.Step > step {
				break
			}
		}
		kept, rest = kept+len(line)+1, after
	}
	if kept == len(text) {
		return nil
	}
	return r.writeFile(metricsFile, text[:kept])
}

// SetMetricsAside renames the metrics, so that new ones are begun: metrics.jsonl becomes aside-metrics.jsonl, with -2, -3, …
// appended while that is taken.
func (r *Run) SetMetricsAside() (path string, err error) {
	name := "aside-" + metricsFile
	err = r.inside(func(root *os.Root) error {
		for n := 2; ; n++ {
			if _, err := root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
				return root.Rename(metricsFile, name)
			} else if err != nil {
				return err
			}
			name = fmt.Sprintf("aside-%s-%d", metricsFile, n)
		}
	})
	if err != nil {
		return "", atomicfile.Error("set aside", r.path(metricsFile), err)
	}
	return r.path(name), nil
}

func appendLines(root *os.Root, lines []byte) (err error) {
	if err := faults.Check(faults.Create, metricsFile); err != nil {
		return err
	}
	file, err := root.OpenFile(metricsFile, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	end, err := endOfLines(file, info.Size())
	if err != nil {
		return err
	}
	if end < info.Size() {
		if err := file.Truncate(end); err != nil {
			return err
		}
	}
	if end == 0 {
		lines = fmt.Appendf(nil, "{\"format\":%d}\n%s", format, lines)
	}
	_, err = faults.Writer(file, metricsFile).Write(lines)
	return err
}

// endOfLines is the length of the whole lines at the start of a file of size bytes.
func endOfLines(file io.ReaderAt, size int64) (int64, error) {
	var chunk [4096]byte
	for end := size; end > 0; {
		begin := max(0, end-int64(len(chunk)))
		part := chunk[:end-begin]
		if _, err := file.ReadAt(part, begin); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return begin + int64(i) + 1, nil
		}
		end = begin
	}
	return 0, nil
}

// Metrics reads the metrics. A last line without its end is reported in the result; any other bad line is an error that
// names it.
func (r *Run) Metrics() (Metrics, error) {
	text, err := r.readFile(metricsFile)
	if err != nil {
		return Metrics{}, err
	}
	metrics, err := parseMetrics(text)
	if err != nil {
		return Metrics{}, fmt.Errorf("%s:%w", r.path(metricsFile), err)
	}
	return metrics, nil
}

// parseMetrics reads the text of a metrics file. Errors start with the line.
func parseMetrics(text []byte) (Metrics, error) {
	var metrics Metrics
	for number := 1; len(text) > 0; number++ {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			metrics.Torn = number
			break
		}
		text = rest
		if number == 1 {
			if err := checkFormat(line, format); err != nil {
				return Metrics{}, fmt.Errorf("%d: %w", number, err)
			}
			continue
		}
		record, err := parseRecord(line)
		if err != nil {
			return Metrics{}, fmt.Errorf("%d: %w", number, err)
		}
		metrics.Records = append(metrics.Records, record)
	}
	return metrics, nil
}

// nonFinite are the values that JSON has no number for, by the names that JavaScript, Python and Go parse as such.
var nonFinite = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}

func (r Record) encode() ([]byte, error) {
	if r.Step < 0 {
		return nil, fmt.Errorf("step: %d is negative", r.Step)
	}
	line := fmt.Appendf(nil, `{"step":%d`, r.Step)
	for _, name := range slices.Sorted(maps.Keys(r.Values)) {
		if name == "" || name == stepKey || !utf8.ValidString(name) {
			return nil, fmt.Errorf("%q cannot be the name of a metric", name)
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		line = append(append(append(line, ','), key...), ':')
		switch v := r.Values[name]; {
		case math.IsNaN(v):
			line = append(line, `"NaN"`...)
		case math.IsInf(v, 1):
			line = append(line, `"Infinity"`...)
		case math.IsInf(v, -1):
			line = append(line, `"-Infinity"`...)
		default:
			line = strconv.AppendFloat(line, v, 'g', -1, 64)
		}
	}
	return append(line, "}\n"...), nil
}

func parseRecord(line []byte) (Record, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil || members == nil {
		return Record{}, fmt.Errorf("%.40q is not a JSON object", line)
	}
	counted := string(members[stepKey])
	step, err := strconv.ParseInt(counted, 10, 64)
	if err != nil || step < 0 {
		return Record{}, fmt.Errorf("step: %.40q is not a whole number from 0", counted)
	}
	delete(members, stepKey)
	record := Record{step, make(map[string]float64, len(members))}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		text, value := members[name], 0.0
		if err := json.Unmarshal(text, &value); err != nil || string(text) == "null" {
			var word string
			_ = json.Unmarshal(text, &word) // what is no string leaves no word
			var known bool
			if value, known = nonFinite[word]; !known {
				return Record{}, fmt.Errorf(`%s: %.40q is not a number, "NaN", "Infinity" or "-Infinity"`, shown(name), text)
			}
		}
		record.Values[name] = value
	}
	return record, nil
}
