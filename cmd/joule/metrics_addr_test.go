package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// startListening starts a command with --metrics-addr 0, and returns where its metrics are, as its log says.
func startListening(t *testing.T, cmd *exec.Cmd) (url string) {
	t.Helper()
	log, err := cmd.StderrPipe()
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
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("it says no address: %v", err)
		}
		if m := regexp.MustCompile(`msg=metrics url=(http://127\.0\.0\.1:\d+/metrics)`).FindStringSubmatch(line); m != nil {
			go func() { _, _ = io.Copy(io.Discard, lines) }() // until it ends
			return m[1]
		}
	}
}

// scrape reads metrics as Prometheus does, and has them linted.
func scrape(t *testing.T, url string) map[string]*dto.MetricFamily {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v\n%s", response.Status, err, text)
	}
	if problems, err := promlint.New(strings.NewReader(string(text))).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// Several runs that are trained at once are told apart, and the server ends with the training.
func TestTrainTellsPrometheus(t *testing.T) {
	dir := t.TempDir()
	cmd := command(dir, "train", "two-gaussians/dsm", "--backend", "go", "--out", "runs/seeds", "--no-figures", "--metrics-addr", ":0", "--set", "model.hidden=[8]",
		"--set", "data.size=500", "--set", "train.steps=100000000", "--set", "train.log_every=100", "--set", "train.replicas=2")
	url := startListening(t, cmd)
	var families map[string]*dto.MetricFamily
	waitFor(t, func() bool {
		families = scrape(t, url)
		return families["joule_loss"] != nil
	})
	for _, name := range []string{"joule_step", "joule_target_steps", "joule_loss", "joule_steps_per_second"} {
		f := families[name]
		if len(f.GetMetric()) != 2 || f.GetHelp() == "" {
			t.Errorf("%s: %v", name, f)
			continue
		}
		for i, m := range f.GetMetric() {
			if seed := []string{"0", "1"}[i]; m.GetLabel()[0].GetValue() != "runs/seeds/seed-"+seed || m.GetLabel()[1].GetValue() != seed || m.GetGauge().GetValue() == 0 {
				t.Errorf("%s: %v", name, m)
			}
		}
	}
	if n := len(families["joule_metric"].GetMetric()); n < 6 {
		t.Errorf("%d metrics of two runs", n)
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	if _, err := http.Get(url); err == nil {
		t.Error("it answers after its end")
	}
}

func TestBenchTellsPrometheus(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "s.yaml", tinySuite+"seeds: 2\ngrid: {config: [two-gaussians/fisher, two-gaussians/dsm], data.kind: [two_gaussians, checkerboard]}\n")
	cmd := command(dir, "bench", "s.yaml", "--backend", "go", "--jobs", "1", "--metrics-addr", "0", "--set", "set.train.log_every=100", "--set", "budget.steps=100000000")
	url := startListening(t, cmd)
	var families map[string]*dto.MetricFamily
	waitFor(t, func() bool {
		families = scrape(t, url)
		return families["joule_loss"] != nil
	})
	value := func(name string, labels ...string) float64 {
		for _, m := range families[name].GetMetric() {
			var got []string
			for _, l := range m.GetLabel() {
				got = append(got, l.GetValue())
			}
			if strings.Join(got, " ") == strings.Join(labels, " ") {
				return m.GetGauge().GetValue()
			}
		}
		t.Errorf("%s has none of %v: %v", name, labels, families[name])
		return -1
	}
	suite := filepath.Join("bench", "tiny")
	if planned, refused, tasks := value("joule_suite_runs_planned", suite), value("joule_suite_runs", "refused", suite), value("joule_suite_tasks_running", suite); planned != 8 || refused != 2 || tasks != 1 {
		t.Errorf("%v runs planned, %v refused, %v tasks", planned, refused, tasks)
	}
	if n := len(families["joule_step"].GetMetric()); n != 2 {
		t.Errorf("%d runs", n)
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
}

// An address that cannot be had ends the program before it has made anything.
func TestMetricsAddressRefused(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "s.yaml", tinySuite)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().String()
	for _, args := range [][]string{{"train", "two-gaussians/dsm", "--out", "run"}, {"bench", "s.yaml"}} {
		refuse(t, dir, exitFailed, "--metrics-addr: cannot listen on "+taken+": address already in use; another port may be free, and port 0 takes one that is",
			append(args, "--metrics-addr", taken)...)
		refuse(t, dir, exitUsage, `--metrics-addr: "here" is no address; want a port of this machine, such as 9100, or HOST:PORT, such as 0.0.0.0:9100`,
			append(args, "--metrics-addr", "here")...)
	}
	if left := names(t, dir); len(left) != 1 {
		t.Errorf("it has made %v", left)
	}
}
