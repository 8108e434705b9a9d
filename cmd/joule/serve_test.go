package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"joule/backends"
	"joule/internal/backendtest"
)

// startServing starts joule serve, and returns its address, which it prints, and its log so far and to come.
func startServing(t *testing.T, cmd *exec.Cmd) (url string, log *bytes.Buffer) {
	t.Helper()
	log = new(bytes.Buffer)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Wait()
		t.Fatalf("it says no address: %v\n%s", err, log)
	}
	return strings.TrimSpace(url), log
}

// asked posts JSON, and reads what is answered.
func asked(t *testing.T, url, body string, answer any) {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil {
		err = json.Unmarshal(text, answer)
	}
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s, %v", url, response.Status, text, err)
	}
}

// What a server answers is what the commands print of the same points, however they are batched; a signal ends it with 0.
func TestServe(t *testing.T) {
	for _, spec := range []string{"go", "xla:cpu"} {
		t.Run(spec, func(t *testing.T) {
			backendtest.Open(t, spec) // or skip
			if b, err := backends.Open(spec, backends.Options{}); err == nil && b.Plugin != "" {
				b.Close()
				spec = "xla:" + b.Plugin // which the program, whose home is empty, does not find
			}
			dir, run := t.TempDir(), faithfulRun(t)
			points := [][]float64{{2, 55}, {3.1, 70}, {4.4, 80}, {1, 20}, {5, 96}}
			var lines strings.Builder
			fmt.Fprintln(&lines, "eruptions,waiting")
			for _, p := range points {
				fmt.Fprintf(&lines, "%v,%v\n", p[0], p[1])
			}
			in := put(t, dir, "in.csv", lines.String())
			printed := func(args ...string) [][]float64 {
				o := joule(t, dir, append(args, "--backend", spec)...)
				if o.code != exitOK {
					t.Fatal(o.stderr)
				}
				_, rows := table(t, o.stdout)
				return rows
			}
			cmd := command(dir, "serve", run, "--addr", "0", "--backend", spec, "--log-density", "--anomaly", "--max-batch", "4", "--set", "sampler.steps=20")
			url, log := startServing(t, cmd)
			all, _ := json.Marshal(map[string]any{"points": points})
			var a struct {
				Energies, Percentiles []float64
				LogDensities          []float64 `json:"log_densities"`
				Anomalies             []bool
				Scores, Points        [][]float64
			}
			same := func(what string, got, want float64) {
				t.Helper()
				if math.Abs(got-want) > 2e-6*(1+math.Abs(want)) {
					t.Errorf("%s: %v, and the command prints %v", what, got, want)
				}
			}
			asked(t, url+"/v1/energy", string(all), &a)
			for i, row := range printed("energy", run, "--in", in) {
				same("energy", a.Energies[i], row[0])
				one, _ := json.Marshal(map[string]any{"rows": []any{map[string]any{"waiting": points[i][1], "eruptions": points[i][0]}}})
				alone := a
				asked(t, url+"/v1/energy", string(one), &alone)
				same("an energy alone", alone.Energies[0], row[0])
			}
			asked(t, url+"/v1/score", string(all), &a)
			for i, row := range printed("energy", run, "--in", in, "--score") {
				same("score", a.Scores[i][0], row[0])
				same("score", a.Scores[i][1], row[1])
			}
			asked(t, url+"/v1/log-density", string(all), &a)
			for i, row := range printed("energy", run, "--in", in, "--log-density") {
				same("log density", a.LogDensities[i], row[0])
			}
			asked(t, url+"/v1/denoise", string(all), &a)
			for i, row := range printed("denoise", run, "--in", in) {
				same("denoised", a.Points[i][0], row[0])
				same("denoised", a.Points[i][1], row[1])
			}
			asked(t, url+"/v1/sample", `{"n":5,"seed":3}`, &a)
			for i, row := range printed("sample", run, "-n", "5", "--seed", "3", "--set", "sampler.steps=20") {
				same("sample", a.Points[i][0], row[0])
				same("sample", a.Points[i][1], row[1])
			}
			var b struct {
				Percentiles []float64
				Anomalies   []bool
				Scores      []float64
			}
			asked(t, url+"/v1/anomaly", string(all), &b)
			for i, row := range printed("anomaly", run, "--in", in) {
				same("anomaly score", b.Scores[i], row[0])
				same("percentile", b.Percentiles[i], row[1])
				if b.Anomalies[i] != (row[2] == 1) {
					t.Errorf("point %d is anomalous: %v, and the command prints %v", i+1, b.Anomalies[i], row[2])
				}
			}
			_ = cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil || !strings.Contains(log.String(), "signal=SIGTERM") || !strings.Contains(log.String(), "path=/v1/energy status=200") {
				t.Errorf("%v\n%s", err, log)
			}
			for _, trace := range []string{"panic", "goroutine "} {
				if strings.Contains(log.String(), trace) {
					t.Errorf("it shows a stack:\n%s", log)
				}
			}
		})
	}
}

// A server for others says so, and asks for the token that it is given.
func TestServeForOthers(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "token", "correct-horse-battery\n")
	cmd := command(dir, "serve", gaussiansRun(t), "--addr", "0.0.0.0:0", "--token-file", "token", "--max-batch", "4")
	url, log := startServing(t, cmd)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]int{"": http.StatusUnauthorized, "correct-horse-battery": http.StatusOK} {
		request, _ := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+port+"/v1/model", nil)
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("with the token %q: %s", token, response.Status)
		}
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err != nil || !strings.Contains(log.String(), "this address can be reached from other machines: the token is asked for, and there is no encryption") {
		t.Errorf("%v\n%s", err, log)
	}
}

// What is not answered within --grace is broken off, even while the device is busy.
func TestServeGrace(t *testing.T) {
	cmd := command(t.TempDir(), "serve", gaussiansRun(t), "--addr", "0", "--backend", "go", "--max-batch", "1", "--grace", "200ms", "--set", "sampler.steps=100000000")
	url, log := startServing(t, cmd)
	ended := make(chan error, 1)
	go func() {
		response, err := http.Post(url+"/v1/sample", "application/json", strings.NewReader(`{}`))
		if err == nil {
			response.Body.Close()
		}
		ended <- err
	}()
	waitFor(t, func() bool {
		return scrape(t, url+"/metrics")["joule_requests_in_flight"].GetMetric()[0].GetGauge().GetValue() == 1
	})
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || !strings.HasSuffix(log.String(), "\njoule: requests were broken off: not all are answered within 200ms (--grace)\n") {
		t.Errorf("exit code %d\n%s", code, log)
	}
	if err := <-ended; err == nil {
		t.Error("it was answered")
	}
}

func TestServeRefuses(t *testing.T) {
	dir, run := t.TempDir(), gaussiansRun(t)
	put(t, dir, "short", "secret\n")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().String()
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitFailed, "--addr: cannot listen on " + taken + ": address already in use; another port may be free, and port 0 takes one that is", []string{"--addr", taken}},
		{exitUsage, `--addr: "here" is no address; want a port of this machine, such as 9100, or HOST:PORT, such as 0.0.0.0:9100`, []string{"--addr", "here"}},
		{exitUsage, "--token-file short: want one word of 16 characters or more", []string{"--token-file", "short"}},
		{exitUsage, "--token-file: open none: no such file or directory", []string{"--token-file", "none"}},
		{exitUsage, "--fpr: is about the threshold of --anomaly", []string{"--fpr", "0.1"}},
		{exitUsage, "--grid: is about log Z, which only --log-density needs", []string{"--grid", "100"}},
		{exitUsage, "--fpr 1: want a false positive rate above 0 and below 1", []string{"--anomaly", "--fpr", "1"}},
		{exitUsage, "--max-batch 0: want 1 or more", []string{"--max-batch", "0"}},
		{exitUsage, "--max-batch 9000: want at most 8192", []string{"--max-batch", "9000"}},
		{exitUsage, "--batch-delay 2m0s: want 0 to 1m0s", []string{"--batch-delay", "2m"}},
		{exitUsage, "--batch-delay and --apart exclude each other", []string{"--batch-delay", "2s", "--apart"}},
		{exitUsage, "--timeout 0s: want more than 0", []string{"--timeout", "0s"}},
		{exitUsage, "--sigma 2: the energy of " + run + " has no noise levels", []string{"--sigma", "2"}},
		{exitUsage, "--set train.steps=2: only keys of sampler and sampling can be changed once a run is trained", []string{"--set", "train.steps=2"}},
	} {
		refuse(t, dir, c.code, c.want, append([]string{"serve", run}, c.args...)...)
	}
}
