package serve

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// Handler answers all requests.
func (s *Server) Handler() http.Handler {
	routes := http.NewServeMux()
	for _, r := range s.routes {
		s.handle(routes, r.path, r.method(), true, func(w http.ResponseWriter, asked *http.Request) { s.serve(w, asked, r) })
	}
	says := func(path string, answer func(w http.ResponseWriter)) {
		s.handle(routes, path, http.MethodGet, false, func(w http.ResponseWriter, _ *http.Request) { answer(w) })
	}
	says("/healthz", func(w http.ResponseWriter) { say(w, "ok\n") })
	says("/readyz", func(w http.ResponseWriter) {
		if s.isStopping.Load() {
			s.fail(w, turnedAway("stopping", "the server is stopping"))
			return
		}
		say(w, "ready\n")
	})
	says("/openapi.json", func(w http.ResponseWriter) {
		description, err := s.OpenAPI()
		if err != nil {
			s.fail(w, problemf(http.StatusInternalServerError, "%v", err))
			return
		}
		w.Header().Set("Content-Type", jsonType)
		_, _ = w.Write(description) // whoever asked has gone otherwise
	})
	metrics := s.metrics.handler()
	s.handle(routes, "/metrics", http.MethodGet, true, metrics.ServeHTTP)
	routes.HandleFunc("/", s.observed("other", func(w http.ResponseWriter, asked *http.Request) {
		s.fail(w, problemf(http.StatusNotFound, "there is no %.60q; /openapi.json lists what there is", asked.URL.Path))
	}))
	return routes
}

// say answers with a text.
func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, text) // whoever asked has gone otherwise
}

// fail answers with a problem.
func (s *Server) fail(w http.ResponseWriter, p *problem) {
	if p.reason != "" {
		s.metrics.rejected.WithLabelValues(p.reason).Inc()
	}
	p.write(w)
}

// handle adds what answers one method of a path; isGuarded asks for the token, if there is one.
func (s *Server) handle(routes *http.ServeMux, path, method string, isGuarded bool, answer http.HandlerFunc) {
	allow := method
	if method == http.MethodGet {
		allow = "GET, HEAD"
	}
	routes.HandleFunc(path, s.observed(path, func(w http.ResponseWriter, asked *http.Request) {
		switch {
		case asked.Method != method && (asked.Method != http.MethodHead || method != http.MethodGet):
			p := problemf(http.StatusMethodNotAllowed, "%s is answered for %s, and not for %.20q", path, allow, asked.Method)
			p.allow = allow
			s.fail(w, p)
		case isGuarded && !s.mayAsk(asked):
			s.fail(w, problemf(http.StatusUnauthorized, "want the header Authorization: Bearer TOKEN with the token of this server"))
		default:
			answer(w, asked)
		}
	}))
}

// mayAsk says whether a request bears the token; how long that takes says nothing about it.
func (s *Server) mayAsk(asked *http.Request) bool {
	if s.settings.Token == "" {
		return true
	}
	scheme, token, _ := strings.Cut(asked.Header.Get("Authorization"), " ")
	given, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(s.settings.Token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

// serve answers a question about the model.
func (s *Server) serve(w http.ResponseWriter, asked *http.Request, r *route) {
	if r.absent != "" {
		s.fail(w, problemf(http.StatusNotFound, "%s: %s", r.path, r.absent))
		return
	}
	select {
	case s.requests <- struct{}{}:
		defer func() { <-s.requests }()
	default:
		s.fail(w, turnedAway("requests", "%d requests are being answered already, as many as may be; try again later", s.settings.MaxRequests))
		return
	}
	q := &request{}
	if r.fields != nil {
		var p *problem
		if q, p = s.read(w, asked, r); p != nil {
			s.fail(w, p)
			return
		}
		note(w, q)
	}
	ctx, cancel := context.WithTimeout(asked.Context(), s.settings.Timeout)
	defer cancel()
	answer, err := r.answer(ctx, q)
	if err != nil {
		s.fail(w, s.problemOf(err))
		return
	}
	text, err := json.Marshal(answer)
	if err != nil {
		s.fail(w, s.problemOf(err))
		return
	}
	w.Header().Set("Content-Type", jsonType)
	_, _ = w.Write(append(text, '\n')) // whoever asked has gone otherwise
}

// read reads the body of a request, and decodes it.
func (s *Server) read(w http.ResponseWriter, asked *http.Request, r *route) (*request, *problem) {
	mediaType, _, err := mime.ParseMediaType(asked.Header.Get("Content-Type"))
	if err != nil {
		mediaType = asked.Header.Get("Content-Type") // which is none of those wanted
	}
	if encoding := asked.Header.Get("Content-Encoding"); encoding != "" {
		return nil, problemf(http.StatusUnsupportedMediaType, "Content-Encoding is %.60q; want none", encoding)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, asked.Body, s.settings.MaxBody))
	if _, isTooLarge := errors.AsType[*http.MaxBytesError](err); isTooLarge {
		return nil, problemf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes; ask in parts", s.settings.MaxBody)
	}
	if err != nil {
		return nil, problemf(http.StatusBadRequest, "the body cannot be read: %v", err)
	}
	return s.decode(r, mediaType, body)
}

// observed counts and logs what is answered.
func (s *Server) observed(route string, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, asked *http.Request) {
		begun := time.Now()
		own := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			cause := recover()
			if cause != nil { // net/http breaks the connection off, and would print a stack
				own.status = http.StatusInternalServerError
			}
			took := time.Since(begun)
			s.metrics.request(route, own.status, took)
			if s.settings.Log != nil {
				s.log(asked, own, took, cause)
			}
			if cause != nil {
				panic(http.ErrAbortHandler)
			}
		}()
		answer(own, asked)
	}
}

// log logs an answer.
func (s *Server) log(asked *http.Request, w *recorder, took time.Duration, cause any) {
	attributes := []any{"method", asked.Method, "path", asked.URL.Path, "status", w.status, "ms", fmt.Sprintf("%.2f", took.Seconds()*1000),
		"bytes", w.bytes, "from", asked.RemoteAddr}
	if w.points > 0 {
		attributes = append(attributes, "points", w.points)
	}
	if cause != nil {
		s.settings.Log.Error("internal error, please report it", append(attributes, "error", cause)...)
		return
	}
	s.settings.Log.Info("request", attributes...)
}

// recorder notes what is answered.
type recorder struct {
	http.ResponseWriter
	status, bytes, points int
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(text []byte) (int, error) {
	n, err := r.ResponseWriter.Write(text)
	r.bytes += n
	return n, err
}

// note notes of how many points a request is.
func note(w http.ResponseWriter, q *request) {
	if r, ok := w.(*recorder); ok {
		r.points = q.points.N
	}
}
