package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary is the program under test, and home an empty home directory for it.
var binary, home string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "joule-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	binary, home = filepath.Join(folder, "bin", "joule"), filepath.Join(folder, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if out, err := exec.Command("go", "build", "-ldflags=-w", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cannot build joule: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// outcome is what a command left.
type outcome struct {
	stdout, stderr string
	code           int
}

// command is a joule command in a folder, with an empty home: no plugin is found there.
func command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "JOULE_") && !strings.HasPrefix(v, "XDG_") && !strings.HasPrefix(v, "HOME=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "HOME="+home)
	return cmd
}

// joule runs a command in a folder and returns what it left. No command may panic, whatever its input.
func joule(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	return finish(t, command(dir, args...))
}

func finish(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	cmd.Stderr = &stderr
	err := cmd.Run()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	for _, trace := range []string{"panic", "goroutine ", ".go:"} {
		if strings.Contains(stderr.String(), trace) {
			t.Errorf("joule %s shows a stack:\n%s", strings.Join(cmd.Args[1:], " "), &stderr)
		}
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// succeed runs a command that has to succeed, and returns its standard output.
func succeed(t *testing.T, dir string, args ...string) string {
	t.Helper()
	o := joule(t, dir, args...)
	if o.code != exitOK {
		t.Fatalf("joule %s exits with %d:\n%s", strings.Join(args, " "), o.code, o.stderr)
	}
	if strings.Contains(o.stdout, "level=") || strings.Contains(o.stderr, "joule:") {
		t.Errorf("joule %s mixes up its streams: stdout\n%sstderr\n%s", strings.Join(args, " "), o.stdout, o.stderr)
	}
	return o.stdout
}

// refuse runs a command that has to fail with an exit code, nothing on standard output, and a message. want is how the
// message goes on after "joule: ", to its end unless want ends in "…".
func refuse(t *testing.T, dir string, code int, want string, args ...string) {
	t.Helper()
	o := joule(t, dir, args...)
	if o.code != code || o.stdout != "" {
		t.Errorf("joule %s exits with %d, stdout %q; want %d and nothing\n%s", strings.Join(args, " "), o.code, o.stdout, code, o.stderr)
	}
	_, message, found := strings.Cut("\n"+o.stderr, "\njoule: ")
	start, open := strings.CutSuffix(want, "…")
	if !found || message != want+"\n" && !(open && strings.HasPrefix(message, start) && strings.Count(message, "\n") == 1) {
		t.Errorf("joule %s says\n%swant\njoule: %s", strings.Join(args, " "), o.stderr, want)
	}
}

// small makes a training quick. The network is small, and so are the chains of the figures.
var small = []string{"--backend", "go", "--set", "train.steps=60", "--set", "train.log_every=20", "--set", "model.hidden=[8]",
	"--set", "sampler.steps=10", "--quiet"}

// trainSmall trains a shipped config briefly into a new folder and returns the folder's path.
func trainSmall(t *testing.T, dir, config string, args ...string) string {
	t.Helper()
	out := filepath.Join(dir, "run-"+strings.TrimSuffix(filepath.Base(config), ".yaml"))
	args = append(append([]string{"train", config, "--out", out, "--no-figures"}, small...), args...)
	if got := succeed(t, "", args...); got != out+"\n" {
		t.Fatalf("joule train prints %q, want the directory of the run", got)
	}
	return out
}

// A run of each kind, for tests that only read it.
var (
	faithfulRun  = shared("old-faithful/dsm")
	gaussiansRun = shared("two-gaussians/dsm", "--set", "data.size=500")
)

func shared(config string, args ...string) func(t *testing.T) string {
	var once sync.Once
	var dir string
	return func(t *testing.T) string {
		t.Helper()
		once.Do(func() { dir = trainSmall(t, filepath.Join(filepath.Dir(home), filepath.Dir(config)), config, args...) })
		return dir
	}
}

// put writes a file into a folder and returns its path.
func put(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// names lists a folder.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// A reader that goes away ends the program without a word.
func TestClosedPipe(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	cmd := command("", "configs", "list")
	cmd.Stdout = writer
	if o := finish(t, cmd); o.stderr != "" {
		t.Errorf("joule says %q", o.stderr)
	}
	writer.Close()
}

// waitFor waits until something is so, up to a minute.
func waitFor(t *testing.T, isSo func() bool) {
	t.Helper()
	for range 6000 {
		if isSo() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not come to pass")
}
