// Package serve answers questions about points by a trained energy, over HTTP with JSON.
//
// Requests of many callers share the calls of the device (inference/batching). docs/serving.md lists requests, answers and limits;
// the description that a server gives at /openapi.json is made from the same tables that requests are decoded by.
package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"joule/datasets"
	"joule/inference"
	"joule/inference/batching"
	"joule/metrics"
	"joule/models"
)

// Model is a trained energy, and what is known of it.
type Model struct {
	Info Info
	// Encoding is how the columns of the data become coordinates, and Transform their map to those of the model; nil: none.
	Encoding  *datasets.Encoding
	Transform *datasets.Standardizer
	Energy    *models.Compiled
	// LogZ is log Z in the coordinates of the model; nil: it is not known, and neither are log densities.
	LogZ *metrics.Normalizer
	// Anomaly tells points that are unlike the data; nil: that cannot be asked for.
	Anomaly *Anomaly
	// Sigma is the standard deviation of the noise of the points that the energy stands for, in the coordinates of the model;
	// 0: it stands for points without noise, and takes none off.
	Sigma float64
	// Draw draws n points, before they are decoded, in the units of the data; nil: that cannot be asked for. It is called by one
	// goroutine at a time, while the energy is evaluated by another.
	Draw func(n int, seed int64) (datasets.Points, error)
	// CanDraw says why so many points cannot be drawn; nil: any number can be.
	CanDraw func(n int) error
}

// Info is what a server says of its model.
type Info struct {
	Name    string // of the config
	Method  string
	Model   string
	Run     string // its directory
	Step    int64
	Backend string
	Version string // of joule
}

// Anomaly is a score, the threshold above which points are called anomalous, and the false positive rate that it is for.
type Anomaly struct {
	Score     *metrics.Anomaly
	Name      string // of the score
	Threshold float64
	Rate      float64
}

// Settings are what a server allows.
type Settings struct {
	Batching batching.Settings
	// MaxBody is in bytes, MaxPoints those of a request, MaxSamples the points drawn for a request, and MaxRequests the requests
	// that are answered at once.
	MaxBody                            int64
	MaxPoints, MaxSamples, MaxRequests int
	// Timeout is how long the answer to a request may take once it has been read.
	Timeout time.Duration
	// Token is what Authorization has to bear; empty: nothing.
	Token string
	// Log is told of every request; nil: nothing is.
	Log *slog.Logger
}

// NewSettings returns the default settings.
func NewSettings() Settings {
	return Settings{Batching: batching.NewSettings(), MaxBody: 8 << 20, MaxPoints: 10_000, MaxSamples: 1000, MaxRequests: 256, Timeout: 30 * time.Second}
}

// Check says what is wrong with the settings; nil: nothing is.
func (s Settings) Check() error {
	if err := s.Batching.Check(); err != nil {
		return err
	}
	for _, limit := range []struct {
		name  string
		value int64
	}{{"bytes of a request", s.MaxBody}, {"points of a request", int64(s.MaxPoints)}, {"samples of a request", int64(s.MaxSamples)},
		{"requests at once", int64(s.MaxRequests)}, {"nanoseconds for a request", int64(s.Timeout)}} {
		if limit.value < 1 {
			return fmt.Errorf("%d %s; want 1 or more", limit.value, limit.name)
		}
	}
	return nil
}

// Server answers requests about a model.
type Server struct {
	model    *Model
	settings Settings
	scorer   *inference.Scorer
	metrics  *telemetry
	http     *http.Server
	routes   []*route

	requests   chan struct{}  // holds one for each request that is being answered
	drawing    chan struct{}  // holds one while points are drawn
	drawn      sync.WaitGroup // of those that draw, for whoever it is
	isStopping atomic.Bool
}

// New compiles what requests need, so that none waits for that. [Server.Shutdown] ends it; the model remains open.
func New(m *Model, s Settings) (*Server, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	server := &Server{model: m, settings: s, requests: make(chan struct{}, s.MaxRequests), drawing: make(chan struct{}, 1)}
	server.metrics = newTelemetry(server)
	var err error
	if server.scorer, err = inference.NewScorer(m.Energy, m.Transform, s.Batching, server.metrics.batch); err != nil {
		return nil, err
	}
	server.routes = server.allRoutes()
	const slack = 10 * time.Second // for an answer to be written
	server.http = &http.Server{Handler: server.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30*time.Second + s.Timeout + slack, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	return server, nil
}

// Serve answers at a listener until Shutdown, and returns nil then.
func (s *Server) Serve(listener net.Listener) error {
	if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown takes no more connections, says so to whoever asks whether it is ready, and returns once all requests are answered. When
// the context is done it breaks off those that are not, which is an error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.isStopping.Store(true)
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close()
	}
	ended := make(chan struct{})
	go func() {
		s.drawn.Wait()
		s.scorer.Close()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("requests were broken off: %w", cmp.Or(context.Cause(ctx), err))
	}
	return nil
}
