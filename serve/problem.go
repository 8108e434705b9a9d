package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"joule/inference/batching"
)

// problem is why a request is not answered, as RFC 9457 has it: application/problem+json.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`

	retryAfter int    // seconds; 0: it would be the same
	allow      string // methods
	reason     string // why it was turned away unheard, in the metrics
}

// problemType is the media type of problems.
const problemType = "application/problem+json"

// Error implements error.
func (p *problem) Error() string { return p.Detail }

// problemf makes a problem.
func problemf(status int, format string, args ...any) *problem {
	return &problem{Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// turnedAway is the problem of a request that another time may be heard.
func turnedAway(reason, format string, args ...any) *problem {
	p := problemf(http.StatusServiceUnavailable, format, args...)
	p.retryAfter, p.reason = 1, reason
	return p
}

// statusGone is what is logged where whoever asked has gone; nobody gets it.
const statusGone = 499

// problemOf makes a problem of what an evaluation fails with.
func (s *Server) problemOf(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	switch {
	case errors.Is(err, batching.ErrOverloaded):
		return turnedAway("queue", "%v: the limit is %d; try again later", err, s.settings.Batching.Queue)
	case errors.Is(err, batching.ErrClosed):
		return turnedAway("stopping", "the server is stopping")
	case errors.Is(err, context.DeadlineExceeded):
		return problemf(http.StatusGatewayTimeout, "there is no answer after %s; fewer points take less time", s.settings.Timeout)
	case errors.Is(err, context.Canceled):
		return problemf(statusGone, "whoever asked has gone")
	}
	return problemf(http.StatusInternalServerError, "%v", err)
}

// write answers with the problem.
func (p *problem) write(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", problemType)
	if p.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.allow != "" {
		header.Set("Allow", p.allow)
	}
	if p.Status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", "Bearer")
	}
	text, _ := json.Marshal(p) // two texts and a number
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(text, '\n')) // whoever asked has gone otherwise
}
