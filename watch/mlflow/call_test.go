package mlflow

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// The pauses are doubled, and as long as the server asks for up to a minute.
func TestPauses(t *testing.T) {
	asked := []string{"", "", "7", "99999"}
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n < len(asked) && asked[n] != "" {
			w.Header().Set("Retry-After", asked[n])
		}
		n++
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	s, err := Open(server.URL, "v1")
	if err != nil {
		t.Fatal(err)
	}
	var pauses []time.Duration
	s.pause = func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return nil
	}
	_, err = s.Experiment(t.Context(), "x")
	if want := []time.Duration{firstPause, 2 * firstPause, 7 * time.Second, time.Minute}; !slices.Equal(pauses, want) {
		t.Errorf("the pauses are %v, want %v", pauses, want)
	}
	want := "GET " + server.URL + "/api/2.0/mlflow/experiments/get-by-name: 429 Too Many Requests; what is missing is added by the same command later"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want\n%s", err, want)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := fmt.Errorf("stopped")
	cancel(stopped)
	s.pause = sleep
	if _, err := s.Experiment(ctx, "x"); err != stopped {
		t.Errorf("stopped: %v", err)
	}
}

func TestErrors(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	answers := func(status int, body string, header ...string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	const path = "/api/2.0/mlflow/experiments/get-by-name: "
	for name, test := range map[string]struct{ address, want string }{
		"away":      {away, path + "there is no answer: connect: connection refused; is the MLflow server running, and the address right?"},
		"https":     {strings.Replace(answers(200, ""), "http:", "https:", 1), path + "there is no answer: http: server gave HTTP response to HTTPS client"},
		"token":     {answers(401, "You are not authenticated."), path + "401 Unauthorized; set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, to what the server knows"},
		"forbidden": {answers(403, `{"error_code": "PERMISSION_DENIED", "message": "Permission denied"}`), path + "403 Forbidden, PERMISSION_DENIED: Permission denied; the user of MLFLOW_TRACKING_TOKEN or MLFLOW_TRACKING_USERNAME may not do that there; ask for the permission, or choose another experiment"},
		"page":      {answers(200, "<html>"), path + "200 OK; " + notMLflow},
		"other":     {answers(200, `{"a": 1}`), ": 200 OK; " + notMLflow},
		"none":      {answers(404, "<html>"), path + "404 Not Found; " + notMLflow},
		"elsewhere": {answers(308, "", "Location", "https://there/x"), path + `308 Permanent Redirect; it sends to "https://there/x": give the address that is meant`},
		"deleted": {answers(200, `{"experiment": {"experiment_id": "7", "lifecycle_stage": "deleted"}}`),
			`: the experiment "x" is deleted; restore it (mlflow experiments restore --experiment-id 7), or name another with --experiment`},
		"refuses": {answers(400, `{"error_code": "BAD_REQUEST", "message": "no\nmore"}`), path + "400 Bad Request, BAD_REQUEST: no"},
	} {
		s, err := Open(test.address, "v1")
		if err != nil {
			t.Fatal(err)
		}
		s.pause = func(context.Context, time.Duration) error { return nil }
		_, err = s.Experiment(t.Context(), "x")
		if err == nil || strings.TrimPrefix(err.Error(), "GET ") != test.address+test.want {
			t.Errorf("%s: %v, want\n%s%s", name, err, test.address, test.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"databricks":            `"databricks" is no address of an MLflow server; want http://HOST:PORT or https://HOST, where mlflow server answers`,
		"sqlite:///x.db":        `"sqlite:///x.db" is no address of an MLflow server; want http://HOST:PORT or https://HOST, where mlflow server answers`,
		"ftp://u:geheim@h/":     `"ftp://u:xxxxx@h/" is no address of an MLflow server; want http://HOST:PORT or https://HOST, where mlflow server answers`,
		"http://u:geheim@h:x/y": `the address of an MLflow server cannot be read: invalid port ":x" after host; want http://HOST:PORT or https://HOST`,
	} {
		if _, err := Open(address, "v1"); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want\n%s", address, err, want)
		}
	}
	if s, err := Open("https://u:geheim@host:5/mlflow/?a=b#/c", "v1"); err != nil || s.URL() != "https://host:5/mlflow" {
		t.Errorf("%v, %v", s, err)
	}
}

// The variables of MLflow's own client are heeded as it does, and what they hold is in no error.
func TestCredentials(t *testing.T) {
	for name, test := range map[string]struct{ token, user, password, in, want string }{
		"none":     {want: ""},
		"token":    {token: "geheim", want: "Bearer geheim"},
		"user":     {token: "geheim", user: "u", password: "geheim", want: "Basic dTpnZWhlaW0="},
		"half":     {token: "geheim", user: "u", want: "Bearer geheim"},
		"address":  {in: "u:geheim@", want: "Basic dTpnZWhlaW0="},
		"override": {in: "v:anderes@", user: "u", password: "geheim", want: "Basic dTpnZWhlaW0="},
	} {
		t.Setenv("MLFLOW_TRACKING_TOKEN", test.token)
		t.Setenv("MLFLOW_TRACKING_USERNAME", test.user)
		t.Setenv("MLFLOW_TRACKING_PASSWORD", test.password)
		var got http.Header
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.Header
			w.WriteHeader(http.StatusUnauthorized)
		}))
		defer server.Close()
		s, err := Open(strings.Replace(server.URL, "http://", "http://"+test.in, 1), "v1")
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Experiment(t.Context(), "x")
		if got.Get("Authorization") != test.want || got.Get("User-Agent") != "joule/v1" {
			t.Errorf("%s: the headers are %v", name, got)
		}
		if err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
