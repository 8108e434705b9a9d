package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// lastWords is how much of what a worker wrote to its standard error is kept, in bytes.
const lastWords = 2000

// process is a worker.
type process struct {
	command  *exec.Cmd
	stdin    io.WriteCloser
	messages chan Message
	words    *tail
	ended    chan struct{} // closed when it has ended
	err      error         // how, once it has
}

// start starts a worker, and returns when it is ready for tasks. log takes all that it writes to its standard error.
func start(command *exec.Cmd, log io.Writer, patience time.Duration) (*process, error) {
	p := &process{command: command, messages: make(chan Message, 16), words: &tail{}, ended: make(chan struct{})}
	command.Stderr = io.MultiWriter(log, p.words)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a signal from the terminal is for the program that hands it on
	var err error
	if p.stdin, err = command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("cannot start a worker: %w", err)
	}
	go p.read(stdout)
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	select {
	case m := <-p.messages:
		switch {
		case m.Unusable != "":
			p.stop()
			return nil, &UnusableError{m.Unusable, m.Code}
		case m.Ready:
			return p, nil
		}
		p.kill()
		return nil, errors.New("a worker says something else than that it is ready")
	case <-p.ended:
		return nil, fmt.Errorf("a worker ended before its first task: %s", p.reason())
	case <-deadline.C:
		p.kill()
		return nil, fmt.Errorf("a worker was not ready after %s", patience)
	}
}

// UnusableError says why no worker can do anything, such as a backend that cannot be had.
type UnusableError struct {
	Reason string
	Code   int // that the program exits with
}

func (e *UnusableError) Error() string { return e.Reason }

// read hands on what the worker says until it has ended.
func (p *process) read(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var m Message
		if err := json.Unmarshal(line, &m); err != nil {
			_, _ = fmt.Fprintf(p.words, "it wrote what is no message: %.200q\n", line) // the buffer takes all
			_ = p.command.Process.Kill()
			continue
		}
		p.messages <- m
	}
	p.err = p.command.Wait()
	close(p.ended)
}

// send gives the worker a task.
func (p *process) send(t *Task) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = p.stdin.Write(append(text, '\n'))
	return err
}

// interrupt asks the worker to save what it has and to end. SIGINT would not do: what a script starts in the background ignores it.
func (p *process) interrupt() { _ = p.command.Process.Signal(syscall.SIGTERM) }

// kill ends the worker, and all that it has started, at once.
func (p *process) kill() {
	_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL)
	p.drain()
}

// stop lets the worker end, which it does when there is nothing more to read.
func (p *process) stop() {
	_ = p.stdin.Close()
	time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) })
	p.drain()
}

// drain waits for the end.
func (p *process) drain() {
	for {
		select {
		case <-p.messages:
		case <-p.ended:
			return
		}
	}
}

// wasStopped says whether a signal that asks programs to end has ended the worker.
func (p *process) wasStopped() bool {
	e, ok := errors.AsType[*exec.ExitError](p.err)
	if !ok {
		return false
	}
	status, ok := e.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return slices.Contains([]syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2}, status.Signal())
	}
	return e.ExitCode() == StoppedCode || e.ExitCode() == RequeueCode
}

// reason says how the worker ended, with its last words.
func (p *process) reason() string {
	how := "it exited without a word"
	if e, ok := errors.AsType[*exec.ExitError](p.err); ok {
		if status, ok := e.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			how = fmt.Sprintf("killed by signal %d (%s)", status.Signal(), status.Signal())
			if status.Signal() == syscall.SIGKILL {
				how += ", as the system does when memory runs out"
			}
		} else {
			how = fmt.Sprintf("exit code %d", e.ExitCode())
		}
	}
	if words := p.words.String(); words != "" {
		return how + "; its last words: " + words
	}
	return how
}

// tail keeps the end of what is written to it.
type tail struct {
	mutex sync.Mutex
	text  []byte
}

func (t *tail) Write(text []byte) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.text = append(t.text, text...)
	if len(t.text) > 2*lastWords {
		t.text = append(t.text[:0], t.text[len(t.text)-lastWords:]...)
	}
	return len(text), nil
}

// forget empties it.
func (t *tail) forget() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.text = t.text[:0]
}

// String is the end of it: of a program that panicked, its first lines, which say why.
func (t *tail) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	text := strings.TrimSpace(string(t.text))
	if len(text) > lastWords {
		text = "…" + text[len(text)-lastWords:]
	}
	return text
}

// openLog opens the file that keeps what workers write to their standard error.
func openLog(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
}
