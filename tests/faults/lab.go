package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// lab is what all experiments share.
type lab struct {
	joule    string // the program under test
	dir      string // where its runs are
	seed     uint64
	thin     int // of cases that can be left out, one in so many is run
	workers  int
	backends []string
	strace   string // the program of that name; empty: it is not used

	folders    atomic.Int64
	mutex      sync.Mutex
	references map[string]*reference
}

// patience is the longest that any run may take.
const patience = 3 * time.Minute

// build makes the program under test.
func (l *lab) build(log io.Writer) error {
	if signal.Ignored(syscall.SIGHUP) { // as under nohup: what is ignored is so in the runs, too, and what is caught is not
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	l.joule = filepath.Join(l.dir, "bin", "joule")
	cmd := exec.Command("go", "build", "-tags", "faults", "-o", l.joule, "joule/cmd/joule")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build -tags faults: %w", err)
	}
	return nil
}

// findBackends chooses the backends: go, and XLA where there is a plugin that opens.
func (l *lab) findBackends() {
	l.backends = []string{"go"}
	var found struct{ Usable bool }
	text, err := exec.Command(l.joule, "backend", "probe", "xla:cpu").Output()
	if err == nil && json.Unmarshal(text, &found) == nil && found.Usable {
		l.backends = append(l.backends, "xla:cpu")
	}
}

// times is a number of cases, or fewer in a short run.
func (l *lab) times(n int) int { return max(1, n/l.thin) }

// random is a stream of random numbers for a case.
func (l *lab) random(about string, i int) *rand.Rand {
	sum := l.seed
	for _, c := range []byte(about) {
		sum = sum*1099511628211 + uint64(c)
	}
	return rand.New(rand.NewPCG(sum, uint64(i)))
}

// folder is a new name for a run.
func (l *lab) folder() string {
	return filepath.Join(l.dir, fmt.Sprintf("run-%d", l.folders.Add(1)))
}

// discard removes a run that was looked at.
func discard(dir string) { _ = os.RemoveAll(dir) } // what stays goes with the folder of all

// parallel calls do for 0 … n−1, as many at a time as there are workers.
func (l *lab) parallel(n int, do func(i int)) {
	var group sync.WaitGroup
	places := make(chan struct{}, l.workers)
	for i := range n {
		places <- struct{}{}
		group.Go(func() {
			do(i)
			<-places
		})
	}
	group.Wait()
}

// process is a command that runs.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan struct{}
	failed error // it could not be started
}

// start begins a joule command with additions to the environment.
func (l *lab) start(env []string, args ...string) *process {
	return startProgram(env, l.joule, args...)
}

func startProgram(env []string, program string, args ...string) *process {
	p := &process{cmd: exec.Command(program, args...), ended: make(chan struct{})}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "JOULE_FAULT=") && !strings.HasPrefix(v, "SLURM_") {
			p.cmd.Env = append(p.cmd.Env, v)
		}
	}
	p.cmd.Env = append(p.cmd.Env, env...)
	p.cmd.Stderr = &p.stderr
	if p.failed = p.cmd.Start(); p.failed != nil {
		close(p.ended)
		return p
	}
	go func() {
		_ = p.cmd.Wait() // its exit status is looked at below
		close(p.ended)
	}()
	return p
}

// endsWithin reports whether the process ends in a time.
func (p *process) endsWithin(d time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(d):
		return false
	}
}

// signal sends a signal, and reports whether the process was there to get it.
func (p *process) signal(s syscall.Signal) bool {
	return p.failed == nil && p.cmd.Process.Signal(s) == nil
}

// outcome is how a process ended.
type outcome struct {
	stderr string
	code   int
	signal syscall.Signal // that ended it; 0: it ended by itself
}

// wait waits for the end.
func (p *process) wait() outcome {
	if p.failed != nil {
		return outcome{stderr: p.failed.Error(), code: -1}
	}
	if !p.endsWithin(patience) {
		_ = p.cmd.Process.Kill()
		<-p.ended
		return outcome{stderr: fmt.Sprintf("did not end within %s\n%s", patience, &p.stderr), code: -1}
	}
	o := outcome{stderr: p.stderr.String(), code: p.cmd.ProcessState.ExitCode()}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		o.signal = status.Signal()
	}
	return o
}

// run is a command from its start to its end.
func (l *lab) run(env []string, args ...string) outcome { return l.start(env, args...).wait() }

// fault is the environment that makes an operation fail.
func fault(format string, args ...any) []string {
	return []string{"JOULE_FAULT=" + fmt.Sprintf(format, args...)}
}

func (o outcome) String() string {
	how := fmt.Sprintf("exit code %d", o.code)
	if o.signal != 0 {
		how = "ended by " + o.signal.String()
	}
	return fmt.Sprintf("%s, stderr %q", how, tail(o.stderr, 600))
}

// hasStack reports whether a message is that of a program's mistake.
func (o outcome) hasStack() bool {
	for _, trace := range []string{"panic", "goroutine ", ".go:", "internal error"} {
		if strings.Contains(o.stderr, trace) {
			return true
		}
	}
	return false
}

func tail(text string, n int) string {
	if len(text) > n {
		return "…" + text[len(text)-n:]
	}
	return text
}

// until waits for a condition; false: it did not come in time, or the process ended before.
func (p *process) until(condition func() bool) bool {
	for begun := time.Now(); time.Since(begun) < patience; {
		if condition() {
			return true
		}
		if p.endsWithin(2 * time.Millisecond) {
			return condition()
		}
	}
	return false
}

// exists reports whether there is something of a name.
func exists(path ...string) bool {
	_, err := os.Lstat(filepath.Join(path...))
	return !errors.Is(err, os.ErrNotExist)
}
