package serve

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"joule/datasets"
	"joule/internal/backendtest"
)

// slow is a model whose points are drawn when the test lets them be.
type slow struct {
	*Model
	begun, open chan struct{}
}

func newSlow(t testing.TB) slow {
	s := slow{gaussian(t, backendtest.Open(t, "go")), make(chan struct{}, 10), make(chan struct{})}
	s.Draw = func(n int, seed int64) (datasets.Points, error) {
		s.begun <- struct{}{}
		<-s.open
		switch seed {
		case 1:
			return datasets.Points{}, errors.New("chain 1 diverged")
		case 2:
			panic("no such shape")
		}
		return datasets.NewPoints(n, 2), nil
	}
	return s
}

// answer is what a request in the background has got.
type answer struct {
	response *http.Response
	text     []byte
}

// background asks in the background.
func background(t testing.TB, url, body string) <-chan answer {
	out := make(chan answer, 1)
	go func() {
		response, err := http.Post(url, jsonType, strings.NewReader(body))
		if err != nil {
			out <- answer{}
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		out <- answer{response, text}
	}()
	return out
}

// Requests beyond those that may be answered at once are turned away, and told to come again.
func TestTooManyRequests(t *testing.T) {
	m, s := newSlow(t), small()
	s.MaxRequests = 1
	_, listening := serving(t, m.Model, s)
	first := background(t, listening.URL+"/v1/sample", `{}`)
	<-m.begun
	response, text := ask(t, http.MethodPost, listening.URL+"/v1/energy", jsonType, []byte(`{"points":[[1,2]]}`))
	isProblem(t, response, text, http.StatusServiceUnavailable, "1 requests are being answered already, as many as may be; try again later")
	if response.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After: %q", response.Header.Get("Retry-After"))
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} { // which have to be answered all the same
		if response, _ := ask(t, http.MethodGet, listening.URL+path, "", nil); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
	close(m.open)
	if a := <-first; a.response == nil || a.response.StatusCode != http.StatusOK {
		t.Errorf("%v", a)
	}
	ask(t, http.MethodPost, listening.URL+"/v1/energy", jsonType, []byte(`{"points":[[1,2]]}`))
	told := metricsOf(t, listening.URL)
	for _, line := range []string{`joule_rejected_total{reason="requests"} 1`, `joule_rejected_total{reason="queue"} 0`,
		`joule_requests_total{code="503",route="/v1/energy"} 1`, `joule_requests_total{code="200",route="/v1/energy"} 1`,
		`joule_request_seconds_count{route="/v1/sample"} 1`, `joule_batch_points_sum{of="energy"} 1`, `joule_queue_points{of="score"} 0`,
		`joule_requests_in_flight 0`, `joule_build_info{go_version="`} {
		if !strings.Contains(told, "\n"+line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

// metricsOf are the metrics, which have to be as Prometheus wants them.
func metricsOf(t testing.TB, url string) string {
	t.Helper()
	response, text := ask(t, http.MethodGet, url+"/metrics", "", nil)
	if response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
	if problems, err := promlint.New(bytes.NewReader(text)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	return string(text)
}

// Points beyond those that may wait are turned away.
func TestQueueIsFull(t *testing.T) {
	s := small()
	s.Batching.Queue, s.Batching.Delay = 3, time.Hour
	server, listening := serving(t, gaussian(t, backendtest.Open(t, "go")), s)
	first := background(t, listening.URL+"/v1/energy", `{"points":[[1,2],[3,4],[5,6]]}`) // which waits for a fourth
	for server.scorer.Waiting()["energy"] < 3 {
		time.Sleep(time.Millisecond)
	}
	response, text := ask(t, http.MethodPost, listening.URL+"/v1/energy", jsonType, []byte(`{"points":[[1,2]]}`))
	isProblem(t, response, text, http.StatusServiceUnavailable, "too many points wait already: the limit is 3; try again later")
	go server.scorer.Close() // which evaluates what waits
	if a := <-first; a.response == nil || a.response.StatusCode != http.StatusOK {
		t.Errorf("%v", a)
	}
	response, text = ask(t, http.MethodPost, listening.URL+"/v1/energy", jsonType, []byte(`{"points":[[1,2]]}`))
	isProblem(t, response, text, http.StatusServiceUnavailable, "the server is stopping")
}

// An answer that takes too long is broken off, and so is one that nobody waits for.
func TestTimeout(t *testing.T) {
	m, s := newSlow(t), small()
	s.Timeout, s.Batching.Delay = 50*time.Millisecond, time.Hour
	var logged safeBuffer
	s.Log = slog.New(slog.NewTextHandler(&logged, nil))
	_, listening := serving(t, m.Model, s)
	for path, body := range map[string]string{"/v1/sample": `{}`, "/v1/energy": `{"points":[[1,2]]}`} {
		refused(t, listening.URL+path, body, http.StatusGatewayTimeout, "there is no answer after 50ms; fewer points take less time")
	}
	close(m.open)
	for _, want := range []string{`msg=request method=POST path=/v1/energy status=504 ms=`, ` points=1`} {
		if !strings.Contains(logged.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, logged.String())
		}
	}
}

// safeBuffer may be written by several goroutines.
type safeBuffer struct {
	mutex sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.String()
}

// Whoever goes away frees the place of the request.
func TestGone(t *testing.T) {
	m, s := newSlow(t), small()
	s.MaxRequests, s.Batching.Delay = 1, time.Hour
	server, listening := serving(t, m.Model, s)
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, listening.URL+"/v1/energy", strings.NewReader(`{"points":[[1,2]]}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", jsonType)
	ended := make(chan error, 1)
	go func() {
		_, err := http.DefaultClient.Do(request)
		ended <- err
	}()
	for server.scorer.Waiting()["energy"] == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for server.scorer.Waiting()["energy"] != 0 || len(server.requests) != 0 {
		time.Sleep(time.Millisecond)
	}
}

// What goes wrong while points are drawn is told, and the next request is answered.
func TestDrawingFails(t *testing.T) {
	m := newSlow(t)
	close(m.open)
	_, listening := serving(t, m.Model, small())
	refused(t, listening.URL+"/v1/sample", `{"seed":1}`, http.StatusInternalServerError, "chain 1 diverged")
	refused(t, listening.URL+"/v1/sample", `{"seed":2}`, http.StatusInternalServerError, "drawing panicked: no such shape")
	var a struct{ Points [][]float64 }
	if post(t, listening.URL+"/v1/sample", `{"n":2}`, &a); len(a.Points) != 2 {
		t.Errorf("%v", a)
	}
}

// started is a server at a listener of its own.
func started(t *testing.T, m *Model, s Settings) (server *Server, address string, ended <-chan error) {
	t.Helper()
	server, err := New(m, s)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan error, 1)
	go func() { out <- server.Serve(listener) }()
	return server, listener.Addr().String(), out
}

// Whoever has asked before the end is answered, and there are no new connections.
func TestShutdown(t *testing.T) {
	m := newSlow(t)
	server, address, ended := started(t, m.Model, small())
	first := background(t, "http://"+address+"/v1/sample", `{}`)
	<-m.begun
	stopped := make(chan error, 1)
	go func() { stopped <- server.Shutdown(context.Background()) }()
	for !server.isStopping.Load() {
		time.Sleep(time.Millisecond)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if connection, err := net.Dial("tcp", address); err == nil {
		connection.Close()
		t.Error("it takes connections")
	}
	select {
	case err := <-stopped:
		t.Fatalf("it ended before its answer: %v", err)
	default:
	}
	close(m.open)
	if a := <-first; a.response == nil || a.response.StatusCode != http.StatusOK {
		t.Errorf("%v", a)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if server.scorer.Waiting()["energy"] != 0 {
		t.Error("points wait")
	}
}

// Ready is what a server is until it stops.
func TestReady(t *testing.T) {
	server, listening := serving(t, gaussian(t, backendtest.Open(t, "go")), small())
	if response, text := ask(t, http.MethodGet, listening.URL+"/readyz", "", nil); response.StatusCode != http.StatusOK || string(text) != "ready\n" {
		t.Errorf("%s %s", response.Status, text)
	}
	server.isStopping.Store(true)
	response, text := ask(t, http.MethodGet, listening.URL+"/readyz", "", nil)
	isProblem(t, response, text, http.StatusServiceUnavailable, "the server is stopping")
	if response, text := ask(t, http.MethodGet, listening.URL+"/healthz", "", nil); response.StatusCode != http.StatusOK || string(text) != "ok\n" {
		t.Errorf("%s %s", response.Status, text)
	}
}

// What is not answered in time is broken off, and that is told.
func TestShutdownTakesTooLong(t *testing.T) {
	m := newSlow(t)
	server, address, ended := started(t, m.Model, small())
	first := background(t, "http://"+address+"/v1/sample", `{}`)
	<-m.begun
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "broken off") {
		t.Errorf("%v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if a := <-first; a.response != nil && a.response.StatusCode == http.StatusOK {
		t.Errorf("%v", a)
	}
	close(m.open)
}

func TestSettingsRefused(t *testing.T) {
	m := gaussian(t, backendtest.Open(t, "go"))
	for want, change := range map[string]func(*Settings){
		"0 bytes of a request; want 1 or more":        func(s *Settings) { s.MaxBody = 0 },
		"-1 points of a request; want 1 or more":      func(s *Settings) { s.MaxPoints = -1 },
		"0 requests at once; want 1 or more":          func(s *Settings) { s.MaxRequests = 0 },
		"0 samples of a request; want 1 or more":      func(s *Settings) { s.MaxSamples = 0 },
		"0 nanoseconds for a request; want 1 or more": func(s *Settings) { s.Timeout = 0 },
		"a queue of 0 points; want 1 or more":         func(s *Settings) { s.Batching.Queue = 0 },
		"no size of batches; want one or more":        func(s *Settings) { s.Batching.Sizes = nil },
	} {
		s := small()
		change(&s)
		if _, err := New(m, s); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
