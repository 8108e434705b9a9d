package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"joule/internal/python"
	"joule/watch/tracked"
)

// mlflowServer is an MLflow server with a database in a folder.
type mlflowServer struct {
	url, folder string
	cmd         *exec.Cmd
}

// startMLflow starts MLflow's own server.
func startMLflow(t *testing.T) *mlflowServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mlflowServer{url: "http://" + listener.Addr().String(), folder: t.TempDir()}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	t.Cleanup(s.stop)
	return s
}

func (s *mlflowServer) start(t *testing.T) {
	t.Helper()
	_, port, err := net.SplitHostPort(s.url[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(s.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.cmd = exec.Command(python.Need(t), "-m", "mlflow", "server", "--backend-store-uri", "sqlite:///"+filepath.Join(s.folder, "runs.db"),
		"--artifacts-destination", filepath.Join(s.folder, "artifacts"), "--host", "127.0.0.1", "--port", port, "--workers", "1")
	s.cmd.Env = append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false", "PYTHONDONTWRITEBYTECODE=1")
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.folder, log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has processes of its own
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait() // by stop
		close(ended)
	}(s.cmd)
	for range 2400 { // its first start makes the tables, which takes long where the machine has other things to do
		answer, err := http.Get(s.url + "/health")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ended:
			t.Fatalf("the server has ended:\n%s", read(t, log.Name()))
		case <-time.After(100 * time.Millisecond):
		}
	}
	s.stop()
	t.Fatalf("the server does not answer:\n%s", read(t, log.Name()))
}

// stop ends the server at once, with all its processes.
func (s *mlflowServer) stop() {
	if s.cmd != nil {
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		s.cmd = nil
	}
}

// mlflowRuns is what tests/python/mlflow_runs.py finds.
type mlflowRuns struct {
	Kind string
	Runs map[string]*mlflowRun
}

type mlflowRun struct {
	ID, Status string
	Start, End int64
	Params     map[string]string
	Tags       map[string]string
	Metrics    map[string][]datum
	Datasets   [][3]any
	Artifacts  map[string]string
}

// read reads an experiment with MLflow's client; the text is for comparing.
func (s *mlflowServer) read(t *testing.T, experiment string) (found mlflowRuns, text string) {
	t.Helper()
	t.Setenv("MLFLOW_DISABLE_TELEMETRY", "true")
	text = python.Run(t, "mlflow_runs.py", s.url, experiment)
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatal(err)
	}
	return found, text
}

// sameHistory compares the metrics of a run with those of its directory: every step is there once. MLflow's database has the largest
// numbers for infinities.
func (r *mlflowRun) sameHistory(t *testing.T, dir string) {
	t.Helper()
	run := &tracked.Run{Dir: dir}
	if err := run.Read(); err != nil {
		t.Fatal(err)
	}
	count := 0
	for i, record := range run.Records {
		for name, want := range record.Values {
			count++
			if math.IsInf(want, 0) {
				want = math.Copysign(math.MaxFloat64, want)
			}
			found := 0
			for _, d := range r.Metrics[name] {
				if d.step != record.Step {
					continue
				}
				found++
				if d.value != want && !(math.IsNaN(d.value) && math.IsNaN(want)) || int64(d.time) != run.Clock.Times[i].UnixMilli() {
					t.Errorf("%s: %s at step %d is %v at %v, want %v at %v", dir, name, d.step, d.value, d.time, want, run.Clock.Times[i])
				}
			}
			if found != 1 {
				t.Errorf("%s: %s at step %d is there %d times", dir, name, record.Step, found)
			}
		}
	}
	for name, history := range r.Metrics {
		if !strings.HasPrefix(name, tracked.ResultTag) {
			count -= len(history)
		}
	}
	if count != 0 || len(run.Records) == 0 {
		t.Errorf("%s: %d points are there that were not logged", dir, -count)
	}
}

// sameFile compares an artifact with a file.
func (r *mlflowRun) sameFile(t *testing.T, name, path string) {
	t.Helper()
	sum := sha256.Sum256([]byte(read(t, path)))
	if got := r.Artifacts[name]; got != hex.EncodeToString(sum[:]) {
		t.Errorf("%s is another one than %s: %s", name, path, got)
	}
}
