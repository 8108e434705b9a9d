package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"joule/internal/python"
	"joule/results"
	"joule/watch/tracked"
)

// What joule mlflow tells an MLflow server, MLflow's own client reads; the same command again changes nothing, and a run that goes on adds
// what is new.
func TestMLflow(t *testing.T) {
	python.Need(t)
	dir := t.TempDir()
	plane := trainSmall(t, dir, "two-gaussians/dsm", "--set", "data.size=500", "--set", "train.checkpoint_every=20")
	bad := filepath.Join(dir, "bad")
	if err := os.CopyFS(bad, os.DirFS(plane)); err != nil {
		t.Fatal(err)
	}
	put(t, bad, "metrics.jsonl", read(t, bad, "metrics.jsonl")+`{"step":80,"loss":"NaN","gradient_norm":"Infinity","x [y]":"-Infinity","more":1e300}`+"\n"+`{"step":90,"lo`)
	put(t, bad, "result.json", strings.Replace(read(t, bad, "result.json"), `"completed"`, `"failed"`, 1))
	put(t, bad, "environment.json", strings.Replace(read(t, bad, "environment.json"), `"seed": 0`, `"seed": 7`, 1)) // or it would be the same run
	put(t, dir, "tiny.yaml", tinySuite+"seeds: 2\ngrid: {config: [two-gaussians/dsm, two-gaussians/nce]}\nmetrics: [kl, test_nll]\n")
	succeed(t, dir, "bench", "tiny.yaml", "--backend", "go", "-q", "--out", "suite")
	server := startMLflow(t)

	tell := []string{"mlflow", plane, bad, "suite", "--to", server.url, "--experiment", "ä b", "-q", "--backend", "go"}
	out := succeed(t, dir, tell...)
	found, before := server.read(t, "ä b")
	if len(found.Runs) != 2+1+4 || strings.Count(out, server.url+"/#/experiments/1/runs/") != len(found.Runs) || found.Kind != "custom_model_development" {
		t.Fatalf("the experiment %s has %v, and printed was\n%s", found.Kind, slices.Sorted(maps.Keys(found.Runs)), out)
	}
	name := filepath.Base(plane)
	for name, run := range map[string]string{name: plane, "bad": bad, "suite/nce/seed-1": filepath.Join(dir, "suite/runs/nce/seed-1")} {
		if name != "bad" { // whose metric x [y] is called another way
			found.Runs[name].sameHistory(t, run)
		}
		config := read(t, run, "config.yaml")
		settings, err := tracked.Settings([]byte(config))
		if err != nil {
			t.Fatal(err)
		}
		params := found.Runs[name].Params
		for key, value := range settings {
			if params[key] != value {
				t.Errorf("%s: %s is %q, want %q", name, key, params[key], value)
			}
		}
		found.Runs[name].sameFile(t, "parameters.safetensors", filepath.Join(run, "parameters.safetensors"))
		found.Runs[name].sameFile(t, "config.yaml", filepath.Join(run, "config.yaml"))
		if got := fmt.Sprint(found.Runs[name].Datasets); got != "[[two_gaussians joule 500]]" {
			t.Errorf("%s: the data sets are %s", name, got)
		}
	}
	found.checkOdd(t)
	found.checkRun(t, dir, name, plane)
	found.checkSuite(t, filepath.Join(dir, "suite"))

	succeed(t, dir, "bench", "tiny.yaml", "--backend", "go", "-q", "--out", "suite") // which has nothing to make
	if again := succeed(t, dir, tell...); again != out {
		t.Errorf("the second time printed\n%s", again)
	}
	if _, after := server.read(t, "ä b"); after != before {
		t.Errorf("the second time has changed something:\n%s\nfrom\n%s", after, before)
	}

	moved := filepath.Join(dir, "elsewhere")
	succeed(t, dir, "train", "--resume", plane, "--set", "train.steps=100", "-q", "--no-figures", "--backend", "go")
	if err := os.Rename(plane, moved); err != nil {
		t.Fatal(err)
	}
	tell[1] = moved
	if again := succeed(t, dir, tell...); again != out {
		t.Errorf("of the run that went on printed\n%s", again)
	}
	found, _ = server.read(t, "ä b")
	found.Runs[name].sameHistory(t, moved)
	found.Runs[name].sameFile(t, "parameters.safetensors", filepath.Join(moved, "parameters.safetensors"))
	if kl := found.Runs[name].Metrics[tracked.ResultTag+"kl"]; len(kl) != 2 || kl[0].step != 60 || kl[1].step != 100 || found.Runs[name].Params["train.steps"] != "60" {
		t.Errorf("after the run went on: %v", kl)
	}

	// What cannot be read keeps nothing else from being told.
	put(t, bad, "metrics.jsonl", "nonsense\n")
	if o := joule(t, dir, "mlflow", bad, "suite", "--to", server.url, "--experiment", "other", "-q"); o.code != exitFailed || strings.Count(o.stdout, "\n") != 5 ||
		strings.Count(o.stderr, "\n") != 1 || !strings.HasPrefix(o.stderr, "joule: "+bad+"/metrics.jsonl:1: ") {
		t.Errorf("with a run that cannot be read: %+v", o)
	}
	python.Run(t, "mlflow_runs.py", server.url, "ä b", "delete")
	refuse(t, dir, exitFailed, server.url+`: the experiment "ä b" is deleted; restore it (mlflow experiments restore --experiment-id 1), or name another with --experiment`, tell...)
}

// checkOdd looks at the run that failed, whose numbers are none.
func (m *mlflowRuns) checkOdd(t *testing.T) {
	t.Helper()
	bad := m.Runs["bad"]
	last := func(name string) string {
		history := bad.Metrics[name]
		if len(history) == 0 || history[len(history)-1].step != 80 {
			return fmt.Sprint(history)
		}
		return fmt.Sprint(history[len(history)-1].value)
	}
	if last("loss") != "NaN" || last("gradient_norm") != "1.7976931348623157e+308" || last("x _y_") != "-1.7976931348623157e+308" || last("more") != "1e+300" {
		t.Errorf("the numbers are %s, %s, %s, %s", last("loss"), last("gradient_norm"), last("x _y_"), last("more"))
	}
	if bad.Status != "FAILED" || bad.Tags["joule.state"] != "failed" {
		t.Errorf("the run that failed is %s, %v", bad.Status, bad.Tags)
	}
}

func (m *mlflowRuns) checkRun(t *testing.T, dir, name, path string) {
	t.Helper()
	run := m.Runs[name]
	if run.Status != "FINISHED" || run.Tags["mlflow.runName"] != name || run.Tags["mlflow.source.name"] != "joule" || run.Tags["joule.version"] != strings.Fields(succeed(t, dir, "version"))[1] ||
		run.Tags["joule.backend"] != "go" || run.Tags["mlflow.parentRunId"] != "" || !(run.End > run.Start) {
		t.Errorf("%+v", run)
	}
	if kl := run.Metrics[tracked.ResultTag+"kl"]; len(kl) != 1 || kl[0].step != 60 || !(kl[0].value > 0) {
		t.Errorf("the KL is %v", kl)
	}
	succeed(t, dir, "plot", path, "--backend", "go", "-q")
	for _, figure := range []string{"energy", "samples"} {
		run.sameFile(t, "figures/"+figure+".png", filepath.Join(path, "figures", figure+".png"))
	}
	if err := os.RemoveAll(filepath.Join(path, "figures")); err != nil {
		t.Fatal(err)
	}
}

func (m *mlflowRuns) checkSuite(t *testing.T, suite string) {
	t.Helper()
	rows, err := results.Read(suite)
	if err != nil {
		t.Fatal(err)
	}
	parent := m.Runs["suite"]
	if parent.Status != "FINISHED" || !(parent.End >= parent.Start) || parent.Tags["joule.runs.completed"] != "4" {
		t.Errorf("%+v", parent)
	}
	parent.sameFile(t, "suite.yaml", filepath.Join(suite, "suite.yaml"))
	parent.sameFile(t, "results.csv", filepath.Join(suite, "results.csv"))
	for _, row := range rows {
		run := m.Runs[filepath.Join("suite", row.Run)]
		if run.Tags["mlflow.parentRunId"] != parent.ID || run.Status != "FINISHED" || run.Tags["joule.group"] != filepath.Join("tiny", row.Cell()) || run.Params["config"] != row.Axes[0].Value {
			t.Errorf("%s: %+v", row.Run, run)
		}
		for metric, want := range row.Metrics {
			if got := run.Metrics[tracked.ResultTag+metric]; len(got) != 1 || got[0].step != 20 || got[0].value != want {
				t.Errorf("%s: %s is %+v, want %v", row.Run, metric, got, want)
			}
		}
		if row.Seed == 0 {
			run.sameFile(t, "figures/map.png", filepath.Join(suite, "runs", row.Run, "figures/map.png"))
		}
	}
}

// A run that is told of while it is trained does not notice that the server is away for a while, and at the end everything is there once.
func TestMLflowFollows(t *testing.T) {
	python.Need(t)
	dir, server := t.TempDir(), startMLflow(t)
	train := command(dir, "train", "two-gaussians/nce", "--out", "runs/long", "--no-figures", "--backend", "go", "--quiet", "--set", "train.log_every=500", "--set", "train.steps=100000000",
		"--set", "model.hidden=[8]", "--set", "optimizer.schedule=constant", "--set", "data.size=500")
	if err := train.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = train.Process.Kill() }() // where the test fails before
	logged := func() (steps int64) {
		run := &tracked.Run{Dir: filepath.Join(dir, "runs/long")}
		if run.Read() != nil { // it is being made
			return 0
		}
		return run.Step
	}
	waitFor(t, func() bool { return logged() > 1000 })
	follow := command(dir, "mlflow", "runs", "--to", server.url, "--follow", "--interval", "100ms", "--no-figures", "--no-model")
	var said strings.Builder
	follow.Stderr = &said
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = follow.Process.Kill() }()
	var first mlflowRuns
	waitFor(t, func() bool {
		answer, err := http.Get(server.url + "/api/2.0/mlflow/experiments/get-by-name?experiment_name=joule")
		if err != nil || answer.Body.Close() != nil || answer.StatusCode != http.StatusOK {
			return false
		}
		first, _ = server.read(t, "joule")
		return first.Runs["runs/long"] != nil && len(first.Runs["runs/long"].Metrics["loss"]) > 1
	})
	if run := first.Runs["runs/long"]; run.Status != "RUNNING" || run.End != 0 || run.Artifacts["config.yaml"] == "" || len(run.Artifacts) != 1 {
		t.Errorf("while it is trained: %+v", run)
	}
	server.stop()
	before := logged()
	waitFor(t, func() bool { return logged() > before+2000 }) // it goes on
	server.start(t)
	before = logged()
	waitFor(t, func() bool { return logged() > before })
	if err := train.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = train.Wait() // by the signal
	if err := follow.Wait(); err != nil {
		t.Fatalf("%v:\n%s", err, said.String())
	}
	found, _ := server.read(t, "joule")
	run := found.Runs["runs/long"]
	if len(found.Runs) != 1 || run.Status != "KILLED" || run.Tags["joule.state"] != "stopped" || run.End == 0 {
		t.Errorf("%+v", run)
	}
	run.sameHistory(t, filepath.Join(dir, "runs/long"))
	if n := strings.Count(said.String(), "level=WARN"); n > 1 {
		t.Errorf("it says\n%s", said.String())
	}
}

// A signal ends following; the same command goes on.
func TestMLflowStops(t *testing.T) {
	dir, run := t.TempDir(), faithfulRun(t)
	ctx, cancel := context.WithCancel(t.Context())
	asked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer asked.Close()
	cmd := command(dir, "mlflow", run, "--to", asked.URL, "--follow")
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // by the signal
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || said.String() != "joule: stopped by a signal; the same command goes on\n" {
		t.Errorf("it exits with %d and says\n%s", code, said.String())
	}
}

func TestMLflowRefuses(t *testing.T) {
	t.Setenv("MLFLOW_TRACKING_URI", "")
	dir, run := t.TempDir(), faithfulRun(t)
	refuse(t, dir, exitUsage, "--to is missing, and $MLFLOW_TRACKING_URI not set: want the address of an MLflow server, such as http://127.0.0.1:5000; usage: joule mlflow DIR... --to URI [flags]", "mlflow", run)
	refuse(t, dir, exitUsage, `--to: "runs.db" is no address of an MLflow server; want http://HOST:PORT or https://HOST, where mlflow server answers`, "mlflow", run, "--to", "runs.db")
	refuse(t, dir, exitUsage, "none: there is no such directory; …", "mlflow", "none", "--to", "http://127.0.0.1:1")
	refuse(t, dir, exitUsage, "--interval 1ms: want 100ms or more", "mlflow", run, "--to", "http://127.0.0.1:1", "--interval", "1ms")
	refuse(t, dir, exitFailed, "no runs in .", "mlflow", ".", "--to", "http://127.0.0.1:1")
	const path = "/api/2.0/mlflow/experiments/get-by-name: "
	t.Setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
	refuse(t, dir, exitFailed, "GET http://127.0.0.1:1"+path+"there is no answer: connect: connection refused; is the MLflow server running, and the address right?", "mlflow", run)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer wrong" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer page.Close()
	refuse(t, dir, exitFailed, "GET "+page.URL+path+"200 OK; what answers there is no MLflow server; look at the address", "mlflow", run, "--to", page.URL)
	t.Setenv("MLFLOW_TRACKING_TOKEN", "wrong")
	refuse(t, dir, exitFailed, "GET "+page.URL+path+"401 Unauthorized; set MLFLOW_TRACKING_TOKEN, or …", "mlflow", run, "--to", page.URL, "--follow")
}
