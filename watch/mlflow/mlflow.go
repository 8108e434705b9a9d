// Package mlflow tells an MLflow server of runs, over its REST API: settings, metrics, tags, data sets and files.
//
// A run is known by an identity of its own, a tag on the server. [Experiment.Tell] makes the run where there is none of that identity,
// and adds what is new; what is there stays as it is, so that telling the same again, or a try that the server has heard although its
// answer was lost, changes nothing. docs/tracking.md says what is where.
package mlflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// The environment variables that MLflow's own client goes by, too.
const (
	URIVariable        = "MLFLOW_TRACKING_URI"
	ExperimentVariable = "MLFLOW_EXPERIMENT_NAME"
	tokenVariable      = "MLFLOW_TRACKING_TOKEN"
	userVariable       = "MLFLOW_TRACKING_USERNAME"
	passwordVariable   = "MLFLOW_TRACKING_PASSWORD"
)

// Server is an MLflow server. Its methods may be called by one goroutine at a time.
type Server struct {
	base          *url.URL // without user, password and a slash at the end
	authorization string   // of every request; empty: none
	client        *http.Client
	agent         string
	pause         func(ctx context.Context, d time.Duration) error
}

// tries is how often a request is made that fails for a reason which may pass, and firstPause the time before the second one; it is
// doubled each time. pauseLimit is the longest that a server can ask for.
const (
	tries      = 5
	firstPause = 500 * time.Millisecond
	pauseLimit = time.Minute
)

// Open returns the server at an address, such as http://127.0.0.1:5000, without asking it anything. A user and a password, or a token,
// are those of the environment, or of the address itself. version is that of joule.
func Open(address, version string) (*Server, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		if inner := (*url.Error)(nil); errors.As(err, &inner) { // its text has all of the address, and that may have a password
			return nil, fmt.Errorf("the address of an MLflow server cannot be read: %w; want http://HOST:PORT or https://HOST", inner.Err)
		}
		return nil, fmt.Errorf("%.100q is no address of an MLflow server; want http://HOST:PORT or https://HOST, where mlflow server answers", base.Redacted())
	}
	s := &Server{base: base, agent: "joule/" + version, pause: sleep}
	token, user, password := os.Getenv(tokenVariable), os.Getenv(userVariable), os.Getenv(passwordVariable)
	if user == "" && base.User != nil {
		user = base.User.Username()
		password, _ = base.User.Password()
	}
	request := &http.Request{Header: http.Header{}}
	switch {
	case user != "" && password != "":
		request.SetBasicAuth(user, password)
	case token != "":
		request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
	}
	s.authorization = request.Header.Get("Authorization")
	base.User, base.RawQuery, base.Fragment, base.RawFragment = nil, "", "", ""
	base.Path, base.RawPath = strings.TrimRight(base.Path, "/"), ""
	s.client = &http.Client{Transport: http.DefaultTransport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s, nil
}

// URL is the address of the server.
func (s *Server) URL() string { return s.base.String() }

// sleep waits, unless the context ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// Experiment is an experiment of a server, in which runs are told of.
type Experiment struct {
	server   *Server
	id, name string
	known    map[string]*known // by identity
}

// URL is where the experiment is looked at.
func (e *Experiment) URL() string { return e.server.URL() + "/#/experiments/" + e.id }

// experimentLimit is the longest name of an experiment, in characters.
const experimentLimit = 500

// Experiment finds the experiment of a name, and makes it where there is none. One that is deleted is an error.
func (s *Server) Experiment(ctx context.Context, name string) (*Experiment, error) {
	if name == "" || len([]rune(name)) > experimentLimit {
		return nil, fmt.Errorf("an experiment cannot be called %.60q: want 1 to %d characters", name, experimentLimit)
	}
	e, err := s.experimentNamed(ctx, name)
	if e != nil || err != nil {
		return e, err
	}
	var made struct {
		ID string `json:"experiment_id"`
	}
	in := struct {
		Name string `json:"name"`
		Tags []pair `json:"tags"`
	}{name, []pair{{"mlflow.experimentKind", "custom_model_development"}}} // what the pages show of it
	err = s.try(ctx, func() error {
		err := s.once(ctx, request{method: http.MethodPost, path: "experiments/create", in: in, out: &made})
		if problem, ok := errors.AsType[*Error](err); ok && problem.Code == "RESOURCE_ALREADY_EXISTS" { // another has just made it
			e, err = s.experimentNamed(ctx, name)
		}
		return err
	}, func() (bool, error) {
		var err error
		e, err = s.experimentNamed(ctx, name)
		return e != nil, err
	})
	if e == nil && err == nil {
		e = &Experiment{server: s, id: made.ID, name: name, known: map[string]*known{}}
	}
	return e, err
}

// experimentNamed is the experiment of a name; nil: there is none.
func (s *Server) experimentNamed(ctx context.Context, name string) (*Experiment, error) {
	var found struct {
		Experiment struct {
			ID    string `json:"experiment_id"`
			Stage string `json:"lifecycle_stage"`
		} `json:"experiment"`
	}
	err := s.call(ctx, request{method: http.MethodGet, path: "experiments/get-by-name", query: url.Values{"experiment_name": {name}}, out: &found})
	if problem, ok := errors.AsType[*Error](err); ok && problem.Code == "RESOURCE_DOES_NOT_EXIST" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if found.Experiment.ID == "" {
		return nil, &Error{URL: s.URL(), Status: http.StatusOK, hint: notMLflow}
	}
	if found.Experiment.Stage == "deleted" {
		return nil, fmt.Errorf("%s: the experiment %q is deleted; restore it (mlflow experiments restore --experiment-id %s), or name another with --experiment",
			s.URL(), name, found.Experiment.ID)
	}
	return &Experiment{server: s, id: found.Experiment.ID, name: name, known: map[string]*known{}}, nil
}
