package expose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"joule/watch"
)

// loopback is where metrics are told unless an address says otherwise: who may read them is then on this machine.
const loopback = "127.0.0.1"

// Address completes an address: a port alone, as in 9100 or :9100, is one of the loopback interface.
func Address(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		if _, isPort := strconv.ParseUint(text, 10, 16); isPort != nil {
			return "", fmt.Errorf("%.60q is no address; want a port of this machine, such as 9100, or HOST:PORT, such as 0.0.0.0:9100", text)
		}
		host, port = "", text
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("%.60q has no port from 0 to 65535; want a port of this machine, such as 9100, or HOST:PORT, such as 0.0.0.0:9100", text)
	}
	if host == "" {
		host = loopback
	}
	return net.JoinHostPort(host, port), nil
}

// Server answers GET /metrics with what a source has to tell, in the format that is asked for, and GET /healthz with ok.
type Server struct {
	// Addr is its address, with the port that it was given where 0 was asked for.
	Addr   string
	server *http.Server
	ended  chan struct{}
}

// Listen starts a server. The error of an address that cannot be had names it.
func Listen(address string, source Source) (*Server, error) {
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(newCollector(source.cached())); err != nil {
		return nil, err
	}
	listener, err := Bind(address)
	if err != nil {
		return nil, err
	}
	routes := http.NewServeMux()
	// Whoever asks while some are being answered is told to try again.
	routes.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "ok\n") // whoever asked has gone otherwise
	})
	s := &Server{Addr: listener.Addr().String(), ended: make(chan struct{}), server: &http.Server{Handler: routes,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute}}
	go func() {
		_ = s.server.Serve(listener) // until Close
		close(s.ended)
	}()
	return s, nil
}

// Bind takes an address. The error of one that cannot be had names it.
func Bind(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		problem := err
		if inner := (*net.OpError)(nil); errors.As(err, &inner) {
			problem = inner.Err
		}
		return nil, fmt.Errorf("cannot listen on %s: %s; another port may be free, and port 0 takes one that is",
			address, strings.TrimPrefix(problem.Error(), "bind: "))
	}
	return listener, nil
}

// URL is where the metrics are.
func (s *Server) URL() string { return "http://" + s.Addr + "/metrics" }

// Close ends the server once what is being answered is answered, but does not wait for long.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
	<-s.ended
}

// freshness is how old a snapshot may be: those who ask more often get the same again.
const freshness = time.Second

// cached looks no more often than there is something new, however many ask.
func (s Source) cached() Source {
	var mutex sync.Mutex
	var last *watch.Snapshot
	look := s.Look
	s.Look = func() *watch.Snapshot {
		mutex.Lock()
		defer mutex.Unlock()
		if last == nil || time.Since(last.At) > freshness {
			last = look()
		}
		return last
	}
	return s
}
