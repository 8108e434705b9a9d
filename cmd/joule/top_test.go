package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
)

// startLong starts a run that goes on for long, and returns when it has logged something. It is ended with the test.
func startLong(t *testing.T, dir, out string, args ...string) {
	t.Helper()
	cmd := command(dir, append([]string{"train", "two-gaussians/dsm", "--backend", "go", "--out", out, "--no-figures", "-q", "--set", "model.hidden=[8]",
		"--set", "data.size=500", "--set", "train.steps=100000000", "--set", "train.log_every=100"}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	waitFor(t, func() bool {
		info, err := os.Stat(filepath.Join(dir, out, "metrics.jsonl"))
		return err == nil && info.Size() > 100
	})
}

// Where the output is no terminal there is one table; as JSON it says the same.
func TestTop(t *testing.T) {
	dir := t.TempDir()
	refuse(t, dir, exitUsage, "there is neither runs nor bench in this directory; name directories of runs or suites: joule top DIR", "top")
	refuse(t, dir, exitUsage, "missing: there is no such directory; want a run directory, that of a suite, or one that holds some, such as runs", "top", "missing")
	refuse(t, dir, exitUsage, "--interval 1ms: want 100ms or more", "top", dir, "--interval", "1ms")
	for _, name := range []string{"runs", "bench"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if o := joule(t, dir, "top"); o.code != exitOK || o.stdout != "" || o.stderr != "no runs in runs, bench\n" {
		t.Errorf("of nothing: %+v", o)
	}
	trainSmall(t, filepath.Join(dir, "runs"), "two-gaussians/dsm", "--set", "data.size=500")
	put(t, dir, "tiny.yaml", tinySuite+"seeds: 2\ngrid: {config: [two-gaussians/dsm, two-gaussians/fisher], data.kind: [two_gaussians, checkerboard]}\n")
	succeed(t, dir, "bench", "tiny.yaml", "--backend", "go", "--jobs", "1", "-q")
	startLong(t, dir, "runs/long")
	lines := strings.Split(succeed(t, dir, "top"), "\n")
	at := func(name string) string {
		for _, line := range lines {
			if strings.HasPrefix(line, name+" ") {
				return strings.Join(strings.Fields(line), " ")
			}
		}
		return ""
	}
	for name, want := range map[string]string{"bench/tiny": "bench/tiny done █████ 6 2 0 0 0 ", "runs/run-dsm": "runs/run-dsm done █████ 60/60 ", "runs/long": "runs/long running ░░░░░ "} {
		if !strings.HasPrefix(at(name), want) {
			t.Errorf("%q does not begin with %q", at(name), want)
		}
	}
	if len(lines) != 2+1+1+1+1+6+1 {
		t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	var document struct {
		Format int
		Suites []struct {
			Name    string
			Planned int
			Status  map[string]int
		}
		Runs []struct {
			Dir, State, Backend, Suite string
			Step, Steps                int64
			Loss                       float64
		}
	}
	if err := json.Unmarshal([]byte(succeed(t, dir, "top", "--json", "runs", "bench/tiny")), &document); err != nil {
		t.Fatal(err)
	}
	if document.Format != 1 || len(document.Runs) != 8 || len(document.Suites) != 1 || fmt.Sprint(document.Suites[0]) != "{bench/tiny 8 map[completed:6 refused:2]}" {
		t.Errorf("%+v", document)
	}
	for _, r := range document.Runs {
		if r.Dir == "runs/long" && (r.State != "running" || r.Step < 100 || r.Steps != 100000000 || r.Backend != "go" || r.Loss == 0) || strings.HasPrefix(r.Dir, "bench") != (r.Suite == "bench/tiny") {
			t.Errorf("%+v", r)
		}
	}
}

// In a terminal it shows a run that goes on until q is pressed, and leaves the terminal as it was.
func TestTopInATerminal(t *testing.T) {
	dir := t.TempDir()
	startLong(t, dir, "runs/long")
	cmd := command(dir, "top", "--interval", "100ms")
	cmd.Env = append(cmd.Env, "TERM=xterm-256color")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	ended := make(chan error, 1)
	var screen bytes.Buffer
	chunk := make([]byte, 4096)
	for pressed := false; ; {
		n, err := terminal.Read(chunk)
		screen.Write(chunk[:n])
		if err != nil { // the program has closed its end
			break
		}
		if !pressed && strings.Contains(ansi.Strip(screen.String()), "sort: state") {
			pressed = true
			_, err := terminal.WriteString("sq")
			go func() { ended <- cmd.Wait() }()
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := <-ended; err != nil {
		t.Errorf("it ends with %v", err)
	}
	text := screen.String()
	for _, want := range []string{"joule top", "1 running", "runs/long", "running", "\x1b[?1049h", "\x1b[?1049l"} {
		if !strings.Contains(text, want) {
			t.Errorf("the terminal was not sent %q", want)
		}
	}
}
