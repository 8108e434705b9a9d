package serve

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"joule/inference/batching"
)

// telemetry is what a server tells Prometheus; docs/serving.md lists it.
type telemetry struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec   // by route and code
	seconds  *prometheus.HistogramVec // by route
	rejected *prometheus.CounterVec   // by reason
	points   *prometheus.HistogramVec // of a batch
	callers  *prometheus.HistogramVec
	duration *prometheus.HistogramVec
}

func newTelemetry(s *Server) *telemetry {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "joule_" + name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "joule_" + name, Help: help, Buckets: buckets}, labels)
	}
	seconds := []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}
	t := &telemetry{
		registry: prometheus.NewPedanticRegistry(),
		requests: counter("requests_total", "Requests that were answered, by route and status code.", "route", "code"),
		seconds:  histogram("request_seconds", "Seconds from the headers of a request to the end of its answer.", seconds, "route"),
		rejected: counter("rejected_total", "Requests that were turned away: too many at once (requests), too many points waiting (queue), or stopping.", "reason"),
		points:   histogram("batch_points", "Points that were evaluated at once.", prometheus.ExponentialBuckets(1, 2, 14), "of"),
		callers:  histogram("batch_requests", "Requests that shared a batch.", prometheus.ExponentialBuckets(1, 2, 10), "of"),
		duration: histogram("batch_seconds", "Seconds that a batch took on the device.", seconds, "of"),
	}
	for _, reason := range []string{"requests", "queue", "stopping"} {
		t.rejected.WithLabelValues(reason)
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "joule_build_info", Help: "Version of joule and of the Go that compiled it; always 1."}, []string{"version", "go_version"})
	build.WithLabelValues(s.model.Info.Version, runtime.Version()).Set(1)
	t.registry.MustRegister(build, t.requests, t.seconds, t.rejected, t.points, t.callers, t.duration, waiting{s},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "joule_requests_in_flight", Help: "Requests that are being answered."},
			func() float64 { return float64(len(s.requests)) }),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return t
}

// batch counts a batch.
func (t *telemetry) batch(of string, b batching.Batch) {
	t.points.WithLabelValues(of).Observe(float64(b.Points))
	t.callers.WithLabelValues(of).Observe(float64(b.Requests))
	t.duration.WithLabelValues(of).Observe(b.Duration.Seconds())
}

// request counts an answer.
func (t *telemetry) request(route string, status int, took time.Duration) {
	t.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	t.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// handler answers with the metrics. Whoever asks while some are being answered is told to try again.
func (t *telemetry) handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// waiting implements [prometheus.Collector]: the points that wait.
type waiting struct{ server *Server }

var waitingPoints = prometheus.NewDesc("joule_queue_points", "Points that are not on the device yet.", []string{"of"}, nil)

// Describe implements prometheus.Collector.
func (waiting) Describe(out chan<- *prometheus.Desc) { out <- waitingPoints }

// Collect implements prometheus.Collector.
func (w waiting) Collect(out chan<- prometheus.Metric) {
	for of, n := range w.server.scorer.Waiting() {
		out <- prometheus.MustNewConstMetric(waitingPoints, prometheus.GaugeValue, float64(n), of)
	}
}
