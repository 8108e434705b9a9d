package watching

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"joule/cmd/internal/cli"
	"joule/watch"
	"joule/watch/mlflow"
	"joule/watch/tracked"
)

// mlflowTeller tells an experiment of runs.
type mlflowTeller struct {
	mlflowFlags
	experiment *mlflow.Experiment
	painter    *painter
	out        io.Writer
	told       map[string]string // how a run or suite was when it was told last, by its directory
	printed    map[string]bool   // the addresses that were printed
	warned     map[string]bool
	read       time.Duration // what reading has taken since the last look
}

// serverError is one that concerns all runs, and not one that cannot be read.
type serverError struct{ error }

func (e serverError) Unwrap() error { return e.error }

// isFatal says whether it makes no sense to go on.
func (m *mlflowTeller) isFatal(err error) bool {
	_, isServers := errors.AsType[serverError](err)
	return isServers || m.painter.failed != nil
}

// tell tells what is new. What cannot be read of a run or suite is an error at the end; what the server refuses ends it.
func (m *mlflowTeller) tell(ctx context.Context, found *tracked.Found) (err error) {
	for _, run := range found.Runs {
		if problem := m.tellRun(ctx, run, "", ""); problem != nil {
			if err = errors.Join(err, problem); m.isFatal(problem) || ctx.Err() != nil {
				return problem
			}
		}
	}
	for _, suite := range found.Suites {
		if problem := m.tellSuite(ctx, suite); problem != nil {
			if err = errors.Join(err, problem); m.isFatal(problem) || ctx.Err() != nil {
				return problem
			}
		}
	}
	return err
}

// tellSuite tells a suite and its runs. There has to be one that they belong to; how it is getting on is told when they are.
func (m *mlflowTeller) tellSuite(ctx context.Context, s *tracked.Suite) error {
	identity, err := s.Identity()
	if identity == "" {
		return err // it is being begun
	}
	suite, err := mlflow.SuiteOf(s, identity)
	if err != nil {
		return err
	}
	parent, problem := m.experiment.Make(ctx, suite)
	if problem != nil {
		return serverError{problem}
	}
	m.note(s.Dir, parent)
	if !parent.IsNew && m.told[s.Dir] == "" {
		if problem := m.experiment.Learn(ctx, parent.ID); problem != nil {
			return serverError{problem}
		}
	}
	m.told[s.Dir] = parent.ID
	for _, run := range s.Runs {
		if problem := m.tellRun(ctx, run, identity, parent.ID); problem != nil {
			if err = errors.Join(err, problem); m.isFatal(problem) || ctx.Err() != nil {
				return problem
			}
		}
	}
	told, problem := m.experiment.Tell(ctx, suite)
	if problem != nil {
		return serverError{problem}
	}
	m.note(s.Dir, told)
	return err
}

// tellRun tells a run that has changed, of a suite with its identity and MLflow's ID of it.
func (m *mlflowTeller) tellRun(ctx context.Context, t *tracked.Run, suite, parent string) error {
	stamp := stampOf(t)
	if m.told[t.Dir] == stamp {
		return nil
	}
	begun := time.Now()
	err := t.Read()
	m.read += time.Since(begun)
	if err != nil {
		return err
	}
	identity := t.Identity(suite)
	if identity == "" {
		return nil // it is being made
	}
	what := mlflow.What{Model: !m.noModel}
	if !m.noFigures && t.Suite == "" && t.State() != watch.Running {
		if err := m.paint(ctx, t, identity, &what); err != nil {
			return err
		}
	}
	run, err := mlflow.RunOf(t, identity, what)
	if err != nil {
		m.warn(t.Dir, cli.OneLine(err))
	}
	*t = tracked.Run{Name: t.Name, Dir: t.Dir, Suite: t.Suite, Row: t.Row, Seen: t.Seen} // there may be thousands
	run.Parent = parent
	told, err := m.experiment.Tell(ctx, run)
	if err != nil {
		return serverError{err}
	}
	m.note(t.Dir, told)
	m.told[t.Dir] = stamp
	return nil
}

// paint draws and measures a run, unless the server has that of these parameters.
func (m *mlflowTeller) paint(ctx context.Context, t *tracked.Run, identity string, what *mlflow.What) error {
	sum, err := mlflow.SumOfParameters(t.Dir)
	if err != nil {
		m.warn(t.Dir, "it has no parameters, so nothing is drawn or measured")
		return nil
	}
	measured, err := m.experiment.Mark(ctx, identity, mlflow.MeasuredTag)
	if err != nil {
		return serverError{err}
	}
	if measured == sum {
		what.KeepFigures = true
		return nil
	}
	if m.painter.paint(t, nil) {
		what.Measured = sum
	}
	return m.painter.failed
}

// note prints where a run is, and warns of what could not be told.
func (m *mlflowTeller) note(dir string, told mlflow.Told) {
	for _, warning := range told.Warnings {
		m.warn(dir, warning)
	}
	if !m.printed[told.URL] {
		m.printed[told.URL] = true
		fmt.Fprintln(m.out, told.URL)
	}
	if told.Points+told.Params+told.Files > 0 {
		slog.Debug("told", "run", dir, "points", told.Points, "parameters", told.Params, "files", told.Files)
	}
}

// warn says something once.
func (m *mlflowTeller) warn(dir, what string) {
	if key := dir + "\n" + what; !m.warned[key] {
		m.warned[key] = true
		if dir == "" {
			slog.Warn(what)
		} else {
			slog.Warn(what, "run", dir)
		}
	}
}

// stampOf says how a run is, as far as one sees without reading it.
func stampOf(t *tracked.Run) string {
	stamp := string(t.State())
	if t.Row != nil {
		stamp += fmt.Sprint(t.Row.Key, t.Row.Status, t.Row.Started.UnixNano())
	}
	if t.Seen != nil {
		stamp += fmt.Sprint(t.Seen.Step, t.Seen.Logged.UnixNano(), t.Seen.Started.UnixNano())
	}
	return stamp
}
