package mlflow

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// patience is how long the server may take to answer a request. A file may take longer, by what it has of slowest, in bytes a second.
const (
	patience = 30 * time.Second
	slowest  = 64 << 10
)

// answerLimit is the most that is read of an answer, in bytes.
const answerLimit = 64 << 20

// request is what the server is asked.
type request struct {
	method, path string // below api/2.0/mlflow, unless it starts with a slash
	query        url.Values
	in           any // as JSON; nil: file
	out          any // from JSON; nil: whatever comes
	file         *File
}

// Error is why a request failed.
type Error struct {
	Method, URL string
	// Status is that of the answer; 0: there was none, because of Err.
	Status int
	Err    error
	// Code is MLflow's error_code, and Message what it says; empty where the answer is none of MLflow's.
	Code, Message string

	hint  string
	pause time.Duration // that the server asks for
}

func (e *Error) Unwrap() error { return e.Err }

const notMLflow = "what answers there is no MLflow server; look at the address"

func (e *Error) Error() string {
	var b strings.Builder
	if e.Method != "" {
		b.WriteString(e.Method + " ")
	}
	b.WriteString(e.URL + ": ")
	if e.Status == 0 {
		fmt.Fprintf(&b, "there is no answer: %s", reasonOf(e.Err))
	} else {
		fmt.Fprintf(&b, "%d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Code != "" {
		b.WriteString(", " + e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if hint := e.advice(); hint != "" {
		b.WriteString("; " + hint)
	}
	return b.String()
}

// advice says what to do.
func (e *Error) advice() string {
	switch {
	case e.hint != "":
		return e.hint
	case e.Status == 0 && e.IsTemporary():
		return "is the MLflow server running, and the address right?"
	case e.Status == http.StatusUnauthorized:
		return "set " + tokenVariable + ", or " + userVariable + " and " + passwordVariable + ", to what the server knows"
	case e.Status == http.StatusForbidden:
		return "the user of " + tokenVariable + " or " + userVariable + " may not do that there; ask for the permission, or choose another experiment"
	case e.IsTemporary():
		return "what is missing is added by the same command later"
	}
	return ""
}

// reasonOf is the innermost words of an error of the network.
func reasonOf(err error) string {
	if inner := (*url.Error)(nil); errors.As(err, &inner) {
		if inner.Timeout() {
			return "the time for it is over"
		}
		err = inner.Err
	}
	if inner := (*net.OpError)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	return oneLine(err.Error())
}

// IsTemporary says whether the same request may succeed later: there was no answer, or the server has too much to do or is broken.
func (e *Error) IsTemporary() bool {
	if e.Status != 0 {
		return e.Status == http.StatusTooManyRequests || e.Status >= 500 && e.Status != http.StatusNotImplemented
	}
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	isSpoken := errors.As(e.Err, &certificate) || errors.As(e.Err, &record) || errors.As(e.Err, &unknown) ||
		strings.Contains(e.Err.Error(), "server gave HTTP response to HTTPS client")
	return !isSpoken
}

// IsTemporary says whether an error is one of the server's that may pass.
func IsTemporary(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.IsTemporary()
}

// call makes a request that does no harm when it is made twice, as often as it takes.
func (s *Server) call(ctx context.Context, r request) error {
	return s.try(ctx, func() error { return s.once(ctx, r) }, nil)
}

// try calls do until it succeeds or fails for good. Before each further time, after a pause, it calls again, which finds out what has
// become of the last time: it may say that all is done.
func (s *Server) try(ctx context.Context, do func() error, again func() (isDone bool, err error)) error {
	for n, pause := 1, firstPause; ; n, pause = n+1, 2*pause {
		err := do()
		problem, ok := errors.AsType[*Error](err)
		if !ok || !problem.IsTemporary() || n == tries {
			return err
		}
		if err := s.pause(ctx, min(max(pause, problem.pause), pauseLimit)); err != nil {
			return err
		}
		if again == nil {
			continue
		}
		if isDone, err := again(); isDone || err != nil {
			return err
		}
	}
}

// once makes a request.
func (s *Server) once(ctx context.Context, r request) (err error) {
	u := *s.base
	path := r.path
	if !strings.HasPrefix(path, "/") {
		path = "/api/2.0/mlflow/" + path
	}
	u.Path, u.RawQuery = u.Path+path, r.query.Encode()
	shown := u
	shown.RawQuery = ""
	problem := &Error{Method: r.method, URL: shown.String()}

	var body io.Reader
	size, kind := int64(0), "application/json"
	if r.file != nil {
		file, length, err := r.file.open()
		if err != nil {
			return err
		}
		defer file.Close()
		body, size, kind = file, length, r.file.kind()
	} else if r.in != nil {
		text, err := json.Marshal(r.in)
		if err != nil {
			return err
		}
		body, size = bytes.NewReader(text), int64(len(text))
	}
	timed, cancel := context.WithTimeout(ctx, patience+time.Duration(size/slowest)*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(timed, r.method, u.String(), body)
	if err != nil {
		return err
	}
	if q.ContentLength = size; size == 0 {
		q.Body = http.NoBody
	}
	q.Header.Set("User-Agent", s.agent)
	if r.method != http.MethodGet {
		q.Header.Set("Content-Type", kind)
	}
	if s.authorization != "" {
		q.Header.Set("Authorization", s.authorization)
	}
	answer, err := s.client.Do(q)
	var text []byte
	if err == nil {
		defer answer.Body.Close()
		text, err = io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		problem.Err = err
		return problem
	}
	return problem.of(answer, text, r.out)
}

// of reads an answer; it is nil where the answer is what was asked for.
func (e *Error) of(answer *http.Response, text []byte, out any) error {
	e.Status = answer.StatusCode
	if e.Status >= 200 && e.Status < 300 {
		if out == nil {
			return nil
		}
		if json.Unmarshal(text, out) != nil {
			e.hint = notMLflow
			return e
		}
		return nil
	}
	var said struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	isMLflow := json.Unmarshal(text, &said) == nil && said.Code != ""
	e.Code, e.Message = said.Code, oneLine(said.Message)
	switch {
	case e.Status >= 300 && e.Status < 400:
		e.hint = fmt.Sprintf("it sends to %.200q: give the address that is meant", answer.Header.Get("Location"))
	case e.IsTemporary():
		if seconds, err := strconv.ParseUint(answer.Header.Get("Retry-After"), 10, 32); err == nil {
			e.pause = time.Duration(seconds) * time.Second
		}
	case !isMLflow && e.Status != http.StatusUnauthorized && e.Status != http.StatusForbidden:
		e.hint = notMLflow
	}
	return e
}

// oneLine is a text without its further lines, and not too long.
func oneLine(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return strings.TrimSpace(text)
}
