// Package debugdir writes what helps to see what a command did into a folder: programs, profiles, and a table of times.
package debugdir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// The names of the files.
const (
	Readme    = "README.txt"
	Graph     = "graph.txt"
	Messages  = "xla.log"
	Dumps     = "hlo"
	CPU       = "cpu.pprof"
	Memory    = "memory.pprof"
	Trace     = "trace.out"
	Times     = "times.txt"
	programs  = "program-%02d.mlir"
	plans     = "plan-%02d.txt"
	maxTexts  = 1000 // programs or plans: a command that makes more is not helped by more files
	traceTime = 10 * time.Second
)

// Dir is a folder that is written while a command runs. A nil Dir takes everything and does nothing.
type Dir struct {
	path  string
	begun time.Time
	cpu   *os.File
	// The trace ends by itself, or when the folder is closed.
	trace    *os.File
	endTrace func()

	mu    sync.Mutex
	err   error // the first that occurred while nobody asked
	order []string
	times map[string]*entry
	made  map[string]int // files by pattern
}

// entry is a row of the table of times.
type entry struct {
	times int
	took  time.Duration
}

// Open makes the folder, which must not exist or be empty, and starts the profiles. Close ends them.
func Open(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty, and nothing in it is overwritten: name a folder that does not exist yet", path)
	}
	d := &Dir{path: path, begun: time.Now(), times: map[string]*entry{}, made: map[string]int{}}
	if err := os.WriteFile(filepath.Join(path, Readme), []byte(readme), 0o666); err != nil {
		return nil, err
	}
	if d.cpu, err = os.Create(filepath.Join(path, CPU)); err != nil {
		return nil, err
	}
	if d.trace, err = os.Create(filepath.Join(path, Trace)); err != nil {
		return nil, errors.Join(err, d.cpu.Close())
	}
	if err := errors.Join(pprof.StartCPUProfile(d.cpu), trace.Start(d.trace)); err != nil {
		pprof.StopCPUProfile()
		return nil, errors.Join(err, d.cpu.Close(), d.trace.Close())
	}
	d.endTrace = sync.OnceFunc(trace.Stop)
	time.AfterFunc(traceTime, d.endTrace)
	return d, nil
}

// Path is that of the folder, absolute.
func (d *Dir) Path() string { return d.path }

// Write writes a file of the folder. An error is told by Close.
func (d *Dir) Write(name, text string) {
	if d != nil {
		d.keep(os.WriteFile(filepath.Join(d.path, name), []byte(text), 0o666))
	}
}

// Program writes a program in StableHLO.
func (d *Dir) Program(text string) { d.number(programs, text) }

// Plan writes a plan of a loop.
func (d *Dir) Plan(text string) { d.number(plans, text) }

func (d *Dir) number(pattern, text string) {
	d.mu.Lock()
	d.made[pattern]++
	n := d.made[pattern]
	d.mu.Unlock()
	if n <= maxTexts {
		d.Write(fmt.Sprintf(pattern, n), text)
	}
}

// Message adds a line to what XLA said.
func (d *Dir) Message(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	file, err := os.OpenFile(filepath.Join(d.path, Messages), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err == nil {
		_, err = fmt.Fprintln(file, strings.TrimRight(text, "\n"))
		err = errors.Join(err, file.Close())
	}
	d.err = errors.Join(d.err, err)
}

func (d *Dir) keep(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = errors.Join(d.err, err)
}

// Begin starts a clock for a row of the table, which the function stops that it returns.
func (d *Dir) Begin(what string) (end func()) {
	if d == nil {
		return func() {}
	}
	start := time.Now()
	return func() { d.Add(what, 1, time.Since(start)) }
}

// Add adds to a row of the table that something was done so many times, which took so long in all.
func (d *Dir) Add(what string, times int, took time.Duration) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.times[what] == nil {
		d.times[what] = &entry{}
		d.order = append(d.order, what)
	}
	d.times[what].times += times
	d.times[what].took += took
}

// table is the table of times.
func (d *Dir) table() string {
	total := time.Since(d.begun)
	rest := total
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(what string, times, took, each, share string) {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t  %s\n", took, share, times, each, what)
	}
	row("WHAT", "TIMES", "SECONDS", "MS EACH", "SHARE")
	write := func(what string, e entry) {
		each := "-"
		if e.times > 0 {
			each = fmt.Sprintf("%.3f", e.took.Seconds()*1000/float64(e.times))
		}
		row(what, fmt.Sprint(e.times), fmt.Sprintf("%.3f", e.took.Seconds()), each, fmt.Sprintf("%.1f %%", 100*e.took.Seconds()/total.Seconds()))
	}
	for _, what := range d.order {
		write(what, *d.times[what])
		rest -= d.times[what].took
	}
	write("everything else", entry{1, rest})
	write("all", entry{1, total})
	t.Flush() // into memory
	return b.String()
}

// Close ends the profiles and writes the table. The error is also that of earlier writes.
func (d *Dir) Close() error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	table := d.table()
	d.mu.Unlock()
	d.Write(Times, table)
	pprof.StopCPUProfile()
	d.endTrace()
	runtime.GC() // after which the profile is up to date
	memory, err := os.Create(filepath.Join(d.path, Memory))
	if err == nil {
		err = errors.Join(pprof.Lookup("allocs").WriteTo(memory, 0), memory.Close())
	}
	d.keep(errors.Join(err, d.cpu.Close(), d.trace.Close()))
	if d.err != nil {
		return fmt.Errorf("%s: %w", d.path, d.err)
	}
	return nil
}
