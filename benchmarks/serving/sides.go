package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// The virtual environment that has the peer, and what is installed in it.
const (
	venv         = ".venv-serving"
	requirements = "benchmarks/serving/requirements.txt"
	script       = "benchmarks/serving/peer.py"
)

// side is a server.
type side struct {
	name    string
	command []string
	url     string
	process *exec.Cmd
}

// sides are the servers of a run, Joule's with batching first.
func sides(joule, run, python string) []*side {
	serve := func(name string, flags ...string) *side {
		return &side{name: name, command: append([]string{joule, "serve", run, "--addr", "0", "--quiet"}, flags...)}
	}
	peer := func(name, mode string) *side {
		return &side{name: name, command: []string{python, script, filepath.Join(run, "parameters.safetensors"), mode}}
	}
	return []*side{
		serve("Joule, XLA", "--backend", "xla:cpu"),
		serve("Joule, XLA, no batching", "--backend", "xla:cpu", "--apart"),
		serve("Joule, Go", "--backend", "go"),
		serve("Joule, Go, no batching", "--backend", "go", "--apart"),
		peer("FastAPI + PyTorch, batching", "batched"),
		peer("FastAPI + PyTorch", "alone"),
	}
}

// patience is how long a server may take to start.
const patience = 3 * time.Minute

// start starts a server, and waits until it answers.
func (s *side) start(log io.Writer) error {
	s.process = exec.Command(s.command[0], s.command[1:]...)
	s.process.Stderr = log
	out, err := s.process.StdoutPipe()
	if err == nil {
		err = s.process.Start()
	}
	if err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("it says no address: %w", err)
	}
	s.url = strings.TrimSpace(line)
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if _, err = s.energies(); err == nil || time.Since(begun) > patience {
			return err
		}
	}
}

// energies are those of a few points.
func (s *side) energies() ([]float64, error) {
	var answer struct{ Energies []float64 }
	err := ask(http.DefaultClient, s.url, []byte(`{"points":[[0,0],[2,2],[-1.5,3],[40,-7]]}`), &answer)
	return answer.Energies, err
}

// stop ends the server.
func (s *side) stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM) // it may have ended on its own
	_ = s.process.Wait()
}

// installPeer makes the virtual environment unless it is there and up to date, and returns its interpreter.
func installPeer(log io.Writer) (string, error) {
	python, stamp := filepath.Join(venv, "bin", "python"), filepath.Join(venv, "installed.txt")
	wanted, err := os.ReadFile(requirements)
	if err != nil {
		return "", err
	}
	if have, err := os.ReadFile(stamp); err == nil && string(have) == string(wanted) {
		return python, nil
	}
	fmt.Fprintf(log, "installing the peer in %s\n", venv)
	for _, command := range [][]string{
		{"python3", "-m", "venv", venv},
		{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements},
	} {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("%v: %w", command, err)
		}
	}
	return python, os.WriteFile(stamp, wanted, 0o644)
}
