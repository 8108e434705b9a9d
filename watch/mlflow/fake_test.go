package mlflow

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is an MLflow server in memory, which insists on the limits of a real one and, as its store of files does, keeps a point as often as it
// is logged. Faults make requests fail before or after they have had their effect.
type fake struct {
	*httptest.Server
	t           *testing.T
	mutex       sync.Mutex
	experiments []map[string]any
	runs        []*fakeRun
	files       map[string]string // by path
	requests    []string
	artifacts   string // how artifact_uris begin
	// fault says what becomes of the n-th request, from 0, of its path; nil: nothing.
	fault func(n int, path string) fault
}

type fault string

const (
	none   fault = ""
	before fault = "503 before"
	after  fault = "500 after"
	lost   fault = "cut off after"
)

type fakeRun struct {
	id, experiment, status, stage string
	start, end                    int64
	params, tags                  map[string]string
	points                        []fakePoint
	datasets                      []any
}

type fakePoint struct {
	Key       string
	Value     any
	Timestamp int64
	Step      int64
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t, files: map[string]string{}, artifacts: "mlflow-artifacts:/"}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// open is the server as Joule has it, which pauses for no time.
func (f *fake) open() *Server {
	s, err := Open(f.URL, "v1")
	if err != nil {
		f.t.Fatal(err)
	}
	s.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return s
}

func (f *fake) experiment(name string) *Experiment {
	e, err := f.open().Experiment(f.t.Context(), name)
	if err != nil {
		f.t.Fatal(err)
	}
	return e
}

// problem is an answer that is an error.
type problem struct {
	status        int
	code, message string
}

func invalid(format string, args ...any) *problem {
	return &problem{http.StatusBadRequest, "INVALID_PARAMETER_VALUE", fmt.Sprintf(format, args...)}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/2.0/mlflow/")
	what := none
	if f.fault != nil {
		what = f.fault(len(f.requests), path)
	}
	f.requests = append(f.requests, path)
	var out any
	bad := &problem{http.StatusServiceUnavailable, "TEMPORARILY_UNAVAILABLE", "later"}
	if what != before {
		out, bad = f.do(r, path, body)
	}
	switch what {
	case after:
		bad = &problem{http.StatusInternalServerError, "INTERNAL_ERROR", "the answer\nis lost"}
	case lost:
		panic(http.ErrAbortHandler)
	}
	if bad != nil {
		w.WriteHeader(bad.status)
		out = map[string]string{"error_code": bad.code, "message": bad.message}
	}
	_ = json.NewEncoder(w).Encode(out)
}

// do has the effect of a request.
func (f *fake) do(r *http.Request, path string, body []byte) (any, *problem) {
	if name, is := strings.CutPrefix(path, "/api/2.0/mlflow-artifacts/artifacts/"); is && r.Method == http.MethodPut {
		f.files[name] = string(body)
		return nil, nil
	}
	var in struct {
		Name, Filter string
		Experiment   string   `json:"experiment_id"`
		Experiments  []string `json:"experiment_ids"`
		RunName      string   `json:"run_name"`
		Start        int64    `json:"start_time"`
		End          int64    `json:"end_time"`
		Run          string   `json:"run_id"`
		Status       string
		Params, Tags []pair
		Metrics      []fakePoint
		Datasets     []any
		Most         int    `json:"max_results"`
		Page         string `json:"page_token"`
	}
	if r.Method == http.MethodPost {
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, invalid("%v in %s", err, body)
		}
	}
	if r.Method == http.MethodGet {
		in.Name, in.Run = r.URL.Query().Get("experiment_name"), r.URL.Query().Get("run_id")
	}
	switch path {
	case "experiments/get-by-name", "experiments/create":
		for _, e := range f.experiments {
			if e["name"] == in.Name && r.Method == http.MethodGet {
				return map[string]any{"experiment": e}, nil
			} else if e["name"] == in.Name {
				return nil, &problem{http.StatusBadRequest, "RESOURCE_ALREADY_EXISTS", "it is there"}
			}
		}
		if r.Method == http.MethodGet {
			return nil, &problem{http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "there is none"}
		}
		id := fmt.Sprint(len(f.experiments) + 1)
		f.experiments = append(f.experiments, map[string]any{"name": in.Name, "experiment_id": id, "lifecycle_stage": "active"})
		return map[string]any{"experiment_id": id}, nil
	case "runs/create":
		run := &fakeRun{id: fmt.Sprintf("%032d", len(f.runs)), experiment: in.Experiment, status: "RUNNING", stage: "active", start: in.Start,
			params: map[string]string{}, tags: map[string]string{"mlflow.runName": in.RunName}}
		f.runs = append(f.runs, run)
		run.tag(in.Tags)
		return map[string]any{"run": run.encode(f.artifacts)}, nil
	case "runs/search":
		found := []any{}
		for _, run := range f.runs {
			for _, tag := range []string{"joule.run", "mlflow.parentRunId"} {
				if in.Filter == fmt.Sprintf("tags.`%s` = '%s'", tag, run.tags[tag]) && run.stage == "active" && run.experiment == in.Experiments[0] {
					found = append(found, run.encode(f.artifacts))
				}
			}
		}
		from, to, next := 0, len(found), ""
		if in.Page != "" {
			_, _ = fmt.Sscan(in.Page, &from) // it is as it was given
		}
		if to > from+in.Most {
			to = from + in.Most
			next = fmt.Sprint(to)
		}
		return map[string]any{"runs": found[from:to], "next_page_token": next}, nil
	}
	for _, run := range f.runs {
		if run.id != in.Run {
			continue
		}
		if run.stage != "active" && path != "runs/get" {
			return nil, invalid("The run %s must be in the 'active' state", run.id)
		}
		switch path {
		case "runs/get":
			return map[string]any{"run": run.encode(f.artifacts)}, nil
		case "runs/update":
			run.status = in.Status
			if in.End != 0 {
				run.end = in.End
			}
		case "runs/log-inputs":
			run.datasets = append(run.datasets, in.Datasets...)
		case "runs/log-batch":
			if bad := run.check(in.Params, in.Tags, in.Metrics, len(body)); bad != nil {
				return nil, bad
			}
			for _, p := range in.Params {
				if old, is := run.params[p.Key]; is && old != p.Value {
					return nil, invalid("Changing param values is not allowed: %s", p.Key)
				}
				run.params[p.Key] = p.Value
			}
			run.tag(in.Tags)
			run.points = append(run.points, in.Metrics...)
		default:
			return nil, &problem{http.StatusNotFound, "ENDPOINT_NOT_FOUND", path}
		}
		return map[string]any{}, nil
	}
	return nil, &problem{http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "no run " + in.Run}
}

func (r *fakeRun) tag(tags []pair) {
	for _, t := range tags {
		r.tags[t.Key] = t.Value
	}
}

// check insists on the limits.
func (r *fakeRun) check(params, tags []pair, metrics []fakePoint, size int) *problem {
	if len(params) > 100 || len(tags) > 100 || len(metrics) > 1000 || len(params)+len(tags)+len(metrics) > 1000 || size > 1e6 {
		return invalid("%d params, %d tags, %d metrics, %d bytes", len(params), len(tags), len(metrics), size)
	}
	name := func(key string) bool {
		return len(key) > 0 && len(key) <= 250 && key[0] != '/' && !strings.Contains(key, "//") && !strings.Contains(key, "..") &&
			strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. :/") == ""
	}
	for _, p := range params {
		if !name(p.Key) || len([]rune(p.Value)) > 6000 {
			return invalid("parameter %s: %d", p.Key, len(p.Value))
		}
	}
	for _, p := range tags {
		if !name(p.Key) || len([]rune(p.Value)) > 5000 {
			return invalid("tag %s: %d", p.Key, len(p.Value))
		}
	}
	for _, m := range metrics {
		_, isText := m.Value.(string)
		if !name(m.Key) || m.Timestamp < 0 || m.Value == nil || isText && m.Value != "NaN" && m.Value != "Infinity" && m.Value != "-Infinity" {
			return invalid("metric %+v", m)
		}
	}
	return nil
}

// encode is the run as it is told, integers as strings as some servers do.
func (r *fakeRun) encode(artifacts string) any {
	pairs := func(m map[string]string) (list []pair) {
		for k, v := range m {
			list = append(list, pair{k, v})
		}
		return list
	}
	last := map[string]int64{}
	for _, p := range r.points {
		last[p.Key] = max(p.Step, last[p.Key])
	}
	metrics := []any{}
	for key, step := range last {
		metrics = append(metrics, map[string]any{"key": key, "value": "NaN", "step": fmt.Sprint(step)})
	}
	return map[string]any{
		"info": map[string]any{"run_id": r.id, "status": r.status, "end_time": r.end, "artifact_uri": artifacts + r.experiment + "/" + r.id + "/artifacts",
			"lifecycle_stage": r.stage},
		"data":   map[string]any{"params": pairs(r.params), "tags": pairs(r.tags), "metrics": metrics},
		"inputs": map[string]any{"dataset_inputs": r.datasets},
	}
}
