package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// child is a running side. It answers one request at a time:
//
//	→ SIZE METHOD STEPS
//	← STEPS SECONDS, or error TEXT
//
// With 0 steps it builds and compiles a row and runs it once; otherwise it makes that many steps, or a few more where it
// makes them in blocks, and says how many. Its first line is "ready VERSIONS".
type child struct {
	versions string
	stdin    io.WriteCloser
	lines    chan string // closed at the end of its output
	process  *exec.Cmd
	dead     error
}

// start runs a command with additions to the environment, and waits until it is ready. What it writes to standard error
// goes to log.
func start(command, env []string, log io.Writer, patience time.Duration) (*child, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), env...)
	last := &lastLine{to: log}
	cmd.Stderr = last
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{stdin: stdin, lines: make(chan string), process: cmd}
	go func() {
		for s := bufio.NewScanner(stdout); s.Scan(); {
			c.lines <- s.Text()
		}
		close(c.lines)
	}()
	line, err := c.read(patience)
	if err != nil {
		c.stop()
		if last.text != "" {
			err = fmt.Errorf("%w: %s", err, last.text)
		}
		return nil, err
	}
	var ready bool
	if c.versions, ready = strings.CutPrefix(line, "ready "); !ready {
		c.stop()
		return nil, fmt.Errorf("its first line is %q: want \"ready VERSIONS\"", line)
	}
	return c, nil
}

// run asks for steps of a row and returns the steps made and their seconds. A child that ends or falls silent is dead,
// and every later request gets the same error.
func (c *child) run(r row, steps int, patience time.Duration) (int, float64, error) {
	if c.dead != nil {
		return 0, 0, c.dead
	}
	if _, err := fmt.Fprintln(c.stdin, r.Size, r.Method, steps); err != nil {
		c.dead = fmt.Errorf("takes no more requests: %w", err)
		return 0, 0, c.dead
	}
	line, err := c.read(patience)
	if err != nil {
		c.dead = err
		c.stop()
		return 0, 0, err
	}
	return parseAnswer(line, steps)
}

func (c *child) read(patience time.Duration) (string, error) {
	select {
	case line, open := <-c.lines:
		if !open {
			return "", errors.New("ended without an answer")
		}
		return line, nil
	case <-time.After(patience):
		return "", fmt.Errorf("no answer in %s", patience)
	}
}

// parseAnswer reads the answer to a request for steps.
func parseAnswer(line string, steps int) (int, float64, error) {
	if text, failed := strings.CutPrefix(line, "error "); failed {
		return 0, 0, errors.New(text)
	}
	if words := strings.Fields(line); len(words) == 2 {
		made, err1 := strconv.Atoi(words[0])
		seconds, err2 := strconv.ParseFloat(words[1], 64)
		if err1 == nil && err2 == nil && made >= steps && seconds > 0 {
			return made, seconds, nil
		}
	}
	return 0, 0, fmt.Errorf("answer %q to %d steps: want STEPS SECONDS or error TEXT", line, steps)
}

// stop ends the process; nothing of it is left when it returns.
func (c *child) stop() {
	c.stdin.Close()
	_ = c.process.Process.Kill() // it may have ended on its own
	for range c.lines {          // until its reader is done
	}
	_ = c.process.Wait() // killed: its exit status says nothing
}

// lastLine passes on what is written, and keeps the last line that is not empty.
type lastLine struct {
	to   io.Writer
	text string
}

func (l *lastLine) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		if line = strings.TrimSpace(line); line != "" {
			l.text = line
		}
	}
	return l.to.Write(p)
}
