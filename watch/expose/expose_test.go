package expose

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"joule/watch"
)

func snapshot() *watch.Snapshot {
	loss, never := watch.Number(0.25), watch.Number(math.NaN())
	return &watch.Snapshot{
		At: time.Now(),
		Suites: []*watch.Suite{{Name: "bench/s", Planned: 9, Tasks: 2, Status: map[string]int{"completed": 3, "crashed": 1},
			Seconds: map[string]float64{"a": 0.05, "b": 20, "c": 1e6}}},
		Runs: []*watch.Run{
			{Name: "runs/a/seed-1", Seed: 1, State: watch.Running, Step: 120, Steps: 1000, Loss: &loss, StepsPerSecond: 50, Checkpoint: time.Unix(1700000000, 5e8),
				Metrics: map[string]watch.Number{"loss": loss, "gradient \"norm\"\n": never}, Incidents: map[string]int{"skip": 3}},
			{Name: "runs/b\xff", Seed: 2, State: watch.Done, Step: 5},
		},
	}
}

// get asks a server.
func get(t *testing.T, url string) (status int, text string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func listen(t *testing.T, source Source) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0", source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// values are the samples of a family, by their labels.
func values(f *dto.MetricFamily) map[string]float64 {
	list := map[string]float64{}
	for _, m := range f.GetMetric() {
		var labels []string
		for _, l := range m.GetLabel() {
			labels = append(labels, l.GetName()+"="+l.GetValue())
		}
		slices.Sort(labels)
		x := m.GetGauge().GetValue()
		if m.Counter != nil {
			x = m.GetCounter().GetValue()
		}
		list[strings.Join(labels, " ")] = x
	}
	return list
}

// What is told is what Prometheus reads, with its help, and nothing that its linter complains of.
func TestMetrics(t *testing.T) {
	s := listen(t, Source{Look: snapshot, Version: "v1"})
	status, text := get(t, s.URL())
	if status != http.StatusOK {
		t.Fatalf("%d: %s", status, text)
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]map[string]float64{
		"joule_step":                         {"run=runs/a/seed-1 seed=1": 120, "run=runs/b� seed=2": 5},
		"joule_target_steps":                 {"run=runs/a/seed-1 seed=1": 1000},
		"joule_loss":                         {"run=runs/a/seed-1 seed=1": 0.25},
		"joule_metric":                       {"name=loss run=runs/a/seed-1 seed=1": 0.25, "name=gradient \"norm\"\n run=runs/a/seed-1 seed=1": math.NaN()},
		"joule_steps_per_second":             {"run=runs/a/seed-1 seed=1": 50},
		"joule_checkpoint_timestamp_seconds": {"run=runs/a/seed-1 seed=1": 1700000000.5},
		"joule_incidents_total": {"action=skip run=runs/a/seed-1 seed=1": 3, "action=stop run=runs/a/seed-1 seed=1": 0, "action=rollback run=runs/a/seed-1 seed=1": 0,
			"action=skip run=runs/b� seed=2": 0, "action=stop run=runs/b� seed=2": 0, "action=rollback run=runs/b� seed=2": 0},
		"joule_suite_runs": {"status=completed suite=bench/s": 3, "status=crashed suite=bench/s": 1, "status=diverged suite=bench/s": 0,
			"status=refused suite=bench/s": 0, "status=failed suite=bench/s": 0, "status=timed_out suite=bench/s": 0},
		"joule_suite_runs_planned":  {"suite=bench/s": 9},
		"joule_suite_tasks_running": {"suite=bench/s": 2},
	} {
		f := families[name]
		if f == nil || f.GetHelp() == "" || fmt.Sprint(values(f)) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, f, want)
		}
	}
	h := families["joule_suite_run_seconds"].GetMetric()[0].GetHistogram()
	if h.GetSampleCount() != 3 || h.GetSampleSum() != 1000020.05 || h.GetBucket()[0].GetCumulativeCount() != 1 || h.GetBucket()[5].GetUpperBound() != 30 || h.GetBucket()[5].GetCumulativeCount() != 2 {
		t.Errorf("histogram %v", h)
	}
	if labels := families["joule_build_info"].GetMetric()[0].GetLabel(); labels[1].GetValue() != "v1" {
		t.Errorf("%v", labels)
	}
	if status, text := get(t, "http://"+s.Addr+"/healthz"); status != http.StatusOK || text != "ok\n" {
		t.Errorf("health: %d, %s", status, text)
	}
	if status, _ := get(t, "http://"+s.Addr+"/other"); status != http.StatusNotFound {
		t.Errorf("another path: %d", status)
	}
}

// Of a suite the runs at hand alone are told one by one.
func TestRunningOnly(t *testing.T) {
	_, text := get(t, listen(t, Source{Look: snapshot, RunningOnly: true}).URL())
	if strings.Contains(text, "runs/b") || !strings.Contains(text, "runs/a") {
		t.Errorf("%s", text)
	}
}

// However many ask at once, there is one look, and a server ends with what it is answering.
func TestManyAsk(t *testing.T) {
	var mutex sync.Mutex
	looks := 0
	s := listen(t, Source{Look: func() *watch.Snapshot {
		mutex.Lock()
		defer mutex.Unlock()
		looks++
		now := snapshot()
		now.At = now.At.Add(time.Hour) // it stays fresh
		return now
	}})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			response, err := http.Get(s.URL())
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			if code := response.StatusCode; code != http.StatusOK && code != http.StatusServiceUnavailable {
				t.Errorf("status %d", code)
			}
		})
	}
	all.Wait()
	if looks != 1 {
		t.Errorf("%d looks", looks)
	}
	s.Close()
	if _, err := http.Get(s.URL()); err == nil {
		t.Error("it answers after its end")
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{"9100": "127.0.0.1:9100", ":9100": "127.0.0.1:9100", ":0": "127.0.0.1:0", "0": "127.0.0.1:0", "0.0.0.0:9100": "0.0.0.0:9100",
		"localhost:80": "localhost:80", "[::1]:80": "[::1]:80"} {
		if got, err := Address(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ":", "x", "70000", "host", "host:", "host:http", "1.2.3.4:70000", "::1"} {
		if got, err := Address(text); err == nil || !strings.Contains(err.Error(), "such as 9100") {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

// An address that is taken is an error that names it.
func TestTaken(t *testing.T) {
	s := listen(t, Source{Look: snapshot})
	if _, err := Listen(s.Addr, Source{Look: snapshot}); err == nil || !strings.HasPrefix(err.Error(), "cannot listen on "+s.Addr+": ") || !strings.Contains(err.Error(), "in use") {
		t.Errorf("error %v", err)
	}
}
