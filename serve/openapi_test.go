package serve

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/python"
	"joule/metrics"
)

// everything is a model that answers all there is, in columns of numbers and of categories.
func everything(t testing.TB) *Model {
	m := mixed(t)
	m.LogZ, m.Sigma = &metrics.Normalizer{LogZ: 1.5, StandardError: 0.1}, 0.5
	train := datasets.NewPoints(3, 5)
	copy(train.Values, []float64{1, 1, 0, 1, 0, 2, 1, 0, 1, 0, 3, 0, 1, 0, 1})
	score, err := metrics.NewAnomaly(metrics.ByScoreNorm, train, m.Energy)
	if err != nil {
		t.Fatal(err)
	}
	m.Anomaly = &Anomaly{Score: score, Name: metrics.ByScoreNorm, Threshold: 5, Rate: 0.1}
	return m
}

// The description has the routes that the model answers, each with the fields that it is decoded by.
func TestOpenAPI(t *testing.T) {
	for name, m := range map[string]*Model{"all": everything(t), "least": gaussian(t, backendtest.Open(t, "go"))} {
		server, listening := serving(t, m, small())
		response, text := ask(t, http.MethodGet, listening.URL+"/openapi.json", "", nil)
		var d struct {
			OpenAPI string
			Paths   map[string]map[string]struct {
				RequestBody struct {
					Content map[string]struct {
						Schema struct{ Properties map[string]any }
					}
				}
				Responses map[string]any
			}
		}
		if err := json.Unmarshal(text, &d); err != nil || response.Header.Get("Content-Type") != jsonType || d.OpenAPI != "3.1.0" {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		var info struct{ Answers []string }
		_, about := ask(t, http.MethodGet, listening.URL+"/v1/model", "", nil)
		if err := json.Unmarshal(about, &info); err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, r := range server.routes {
			operation, isThere := d.Paths[r.path][strings.ToLower(r.method())]
			if isThere != (r.absent == "") || isThere != slices.Contains(info.Answers, r.path) {
				t.Errorf("%s: %s is described: %v; it is absent because %q; answers %v", name, r.path, isThere, r.absent, info.Answers)
			}
			if !isThere {
				continue
			}
			count++
			members := operation.RequestBody.Content[jsonType].Schema.Properties
			for _, f := range r.fields {
				if members[f.name] == nil {
					t.Errorf("%s: %s lacks the field %s", name, r.path, f.name)
				}
			}
			if len(members) != len(r.fields) || r.fields != nil && len(operation.RequestBody.Content) != len(r.types()) || operation.Responses["200"] == nil {
				t.Errorf("%s: %s: %+v", name, r.path, operation)
			}
		}
		if want := map[string]int{"all": 7, "least": 4}[name]; count != want {
			t.Errorf("%s: %d routes, want %d", name, count, want)
		}
	}
}

// Schemathesis makes requests by the description, right ones and wrong ones, and finds that a server answers as the description says:
// with columns of numbers alone, with all kinds of columns, and with a token.
func TestSchemathesis(t *testing.T) {
	interpreter := python.Need(t)
	hooks, err := filepath.Abs("../tests/python/npy_bodies.py") // which say what the arrays of requests are
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*Model{"numbers": gaussian(t, backendtest.Open(t, "go")), "columns": everything(t)} {
		t.Run(name, func(t *testing.T) {
			s := small()
			s.MaxPoints, s.Token = 20, "correct-horse-battery"
			server, err := New(m, s)
			if err != nil {
				t.Fatal(err)
			}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- server.Serve(listener) }()
			dir := t.TempDir()
			config := filepath.Join(dir, "schemathesis.toml") // by default more points than there may be are expected to be called otherwise than 413
			if err := os.WriteFile(config, []byte("[checks]\nnegative_data_rejection.expected-statuses = [400, 405, 413, 415]\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(interpreter, "-m", "schemathesis.cli", "--config-file", config, "run", "http://"+listener.Addr().String()+"/openapi.json",
				"-H", "Authorization: Bearer "+s.Token, "--checks", "all", "--max-examples", "25", "--seed", "1", "--no-color", "--generation-database", "none")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "HOME="+filepath.Join(dir, "home"), "SCHEMATHESIS_HOOKS="+hooks, "PYTHONDONTWRITEBYTECODE=1")
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "No issues found") {
				t.Errorf("%v\n%s", err, out)
			}
			if err := server.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}
