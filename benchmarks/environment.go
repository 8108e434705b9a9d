package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/cpu"
)

// venv is where the peers are installed, and requirements what is installed there.
const (
	venv         = ".venv"
	requirements = "benchmarks/peers/requirements.txt"
)

// installPeers makes the virtual environment, unless it is there and up to date, and returns its interpreter. A package
// that cannot be installed is reported and left out: its sides will not start.
func installPeers(log io.Writer) (string, error) {
	python := filepath.Join(venv, "bin", "python")
	wanted, err := os.ReadFile(requirements)
	if err != nil {
		return "", err
	}
	stamp := filepath.Join(venv, "installed.txt")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == string(wanted) {
		return python, nil
	}
	run := func(command ...string) error {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Stdout, cmd.Stderr = log, log
		return cmd.Run()
	}
	fmt.Fprintf(log, "installing the peers in %s\n", venv)
	if err := run("python3", "-m", "venv", venv); err != nil {
		return "", fmt.Errorf("python3 -m venv %s: %w", venv, err)
	}
	pip := []string{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"}
	if err := run(append(pip, "-r", requirements)...); err == nil {
		return python, os.WriteFile(stamp, wanted, 0o644)
	}
	for _, name := range strings.Fields(string(wanted)) { // one by one: what fails must not keep out the others
		if err := run(append(pip, name)...); err != nil {
			fmt.Fprintf(log, "cannot install %s: %v\n", name, err)
		}
	}
	return python, nil
}

// build compiles a program of this module into dir.
func build(dir, pkg string, log io.Writer) (string, error) {
	path := filepath.Join(dir, strings.ReplaceAll(strings.TrimPrefix(pkg, "./"), "/", "-"))
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, pkg)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go build %s: %w", pkg, err)
	}
	return path, nil
}

// hasAVX512 reports whether XLA's choice between vectors of 256 and 512 bits matters here.
func hasAVX512() bool { return cpu.X86.HasAVX512F }

// loadAverages are those of 1, 5 and 15 minutes; empty where the system does not tell.
func loadAverages() string {
	text, err := os.ReadFile("/proc/loadavg")
	if words := strings.Fields(string(text)); err == nil && len(words) >= 3 {
		return strings.Join(words[:3], " ")
	}
	return ""
}
