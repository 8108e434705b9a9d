package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// startup is what a short run of joule train costs.
type startup struct {
	Command   string
	FirstStep float64 // seconds from the start of the process to the first line of metrics.jsonl
	Compile   float64 // seconds of compilation, as the run reports them
	PeakMiB   float64 // largest resident set
}

// startupRuns are the measured commands: the networks S and L.
var startupRuns = []string{
	"joule train two-gaussians/dsm --set train.steps=100 --set train.log_every=1 --set train.ema=0 --no-figures --backend xla:cpu",
	"joule train two-gaussians/mle --set train.steps=100 --set train.log_every=1 --set train.ema=0 --set model.hidden=[256,256,256] --no-figures --backend xla:cpu",
}

// measureStartup runs a command of startupRuns with a program for its first word, in a folder of its own under dir.
func measureStartup(program, command, dir string) (startup, error) {
	s := startup{Command: command}
	run, err := os.MkdirTemp(dir, "run")
	if err != nil {
		return s, err
	}
	var stderr strings.Builder
	cmd := exec.Command(program, append(strings.Fields(command)[1:], "--out", run)...)
	cmd.Stderr = &stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return s, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case err := <-ended:
			if err != nil {
				return s, fmt.Errorf("%s: %w: %s", command, err, strings.TrimSpace(stderr.String()))
			}
			over = true
		case <-tick.C:
		}
		if info, err := os.Stat(filepath.Join(run, "metrics.jsonl")); s.FirstStep == 0 && err == nil && info.Size() > 0 {
			s.FirstStep = time.Since(begin).Seconds()
		}
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.PeakMiB = float64(usage.Maxrss) / 1024 // Linux counts in KiB
	}
	text, err := os.ReadFile(filepath.Join(run, "result.json"))
	if err != nil {
		return s, err
	}
	var result struct {
		Compile float64 `json:"compile_seconds"`
	}
	if err := json.Unmarshal(text, &result); err != nil {
		return s, fmt.Errorf("%s: result.json: %w", command, err)
	}
	s.Compile = result.Compile
	return s, nil
}
