package mlflow

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"
)

// Status says how a run is getting on, as MLflow knows it.
type Status string

// The states of a run.
const (
	Running  Status = "RUNNING"
	Finished Status = "FINISHED"
	Failed   Status = "FAILED"
	Killed   Status = "KILLED"
)

// Run is what is told of a run.
type Run struct {
	// Identity is what the run is known by, as the tag [IdentityTag].
	Identity string
	Name     string
	// Parent is the ID of the run that it belongs to; empty: to none.
	Parent string
	Status Status
	// Started and Ended are zero where they are not known.
	Started, Ended time.Time
	// Params and Tags are added where there is none of the name; Marks are tags that are kept up to date; one
	// that is empty need not be there.
	Params, Tags, Marks map[string]string
	// Points are added where their step is above the last that there is of their metric.
	Points []Point
	// Dataset is added where the run has none.
	Dataset *Dataset
	// Files are put there where they have changed.
	Files []File
}

// Point is a value of a metric, which may be NaN or infinite.
type Point struct {
	Metric string
	Step   int64
	Value  float64
	At     time.Time
}

// Dataset is what a run was trained on. Source, Schema and Profile are JSON documents.
type Dataset struct {
	Name       string `json:"name"`
	Digest     string `json:"digest"`
	SourceType string `json:"source_type"`
	Source     string `json:"source"`
	Schema     string `json:"schema,omitempty"`
	Profile    string `json:"profile,omitempty"`
}

// Told is what became of it.
type Told struct {
	// ID is MLflow's for the run, and URL where it is looked at.
	ID, URL string
	// IsNew says that there was no such run. Points, Params and Files are how many were added.
	IsNew                 bool
	Points, Params, Files int
	// Warnings say what could not be told as it is.
	Warnings []string
}

// Make finds the run of an identity, or makes it where there is none; Points and the like are for [Experiment.Tell].
func (e *Experiment) Make(ctx context.Context, r Run) (t Told, err error) {
	_, t, err = e.make(ctx, r)
	return t, err
}

func (e *Experiment) make(ctx context.Context, r Run) (k *known, t Told, err error) {
	if k = e.known[r.Identity]; k == nil {
		if k, err = e.find(ctx, r.Identity); err != nil {
			return nil, t, err
		}
	}
	if k == nil {
		if k, err = e.create(ctx, r); err != nil {
			return nil, t, err
		}
		t.IsNew = true
	}
	e.known[r.Identity] = k
	t.ID, t.URL = k.id, e.URL()+"/runs/"+k.id
	return k, t, nil
}

// Tell makes the run where there is none of its identity, and adds what is new. After an error the same may be told again. One that was
// deleted on the server meanwhile is made anew.
func (e *Experiment) Tell(ctx context.Context, r Run) (t Told, err error) {
	_, isOld := e.known[r.Identity]
	if t, err = e.tell(ctx, r); err == nil {
		return t, nil
	}
	delete(e.known, r.Identity) // whatever the server has now
	if problem, ok := errors.AsType[*Error](err); isOld && ok && (problem.Code == "INVALID_PARAMETER_VALUE" || problem.Code == "RESOURCE_DOES_NOT_EXIST") {
		if t, err = e.tell(ctx, r); err != nil {
			delete(e.known, r.Identity)
		}
	}
	return t, err
}

func (e *Experiment) tell(ctx context.Context, r Run) (t Told, err error) {
	k, t, err := e.make(ctx, r)
	if err != nil {
		return t, err
	}
	for _, tell := range []func(context.Context, *known, Run, *Told) error{e.tellParams, e.tellPoints, e.tellDataset, e.tellFiles, e.tellTags, e.tellStatus} {
		if err := tell(ctx, k, r, &t); err != nil {
			return t, err
		}
	}
	return t, nil
}

// create makes a run.
func (e *Experiment) create(ctx context.Context, r Run) (k *known, err error) {
	tags := []pair{{IdentityTag, r.Identity}}
	if r.Parent != "" {
		tags = append(tags, pair{parentTag, r.Parent})
	}
	in := struct {
		Experiment string `json:"experiment_id"`
		Name       string `json:"run_name"`
		Start      int64  `json:"start_time"`
		Tags       []pair `json:"tags"`
	}{e.id, r.Name, milliseconds(r.Started), tags}
	if r.Started.IsZero() {
		in.Start = time.Now().UnixMilli()
	}
	var made struct {
		Run *stored `json:"run"`
	}
	err = e.server.try(ctx, func() error {
		return e.server.once(ctx, request{method: http.MethodPost, path: "runs/create", in: in, out: &made})
	}, func() (bool, error) {
		var err error
		k, err = e.find(ctx, r.Identity)
		return k != nil, err
	})
	if k == nil && err == nil {
		k, err = made.Run.known(e.server)
	}
	return k, err
}

// parentTag has the ID of the run that a run belongs to.
const parentTag = "mlflow.parentRunId"

// milliseconds is a time as MLflow has it, not before 1970.
func milliseconds(t time.Time) int64 { return max(t.UnixMilli(), 0) }

// logged is the body of a request to log.
type logged struct {
	Run     string   `json:"run_id"`
	Params  []pair   `json:"params,omitempty"`
	Tags    []pair   `json:"tags,omitempty"`
	Metrics []metric `json:"metrics,omitempty"`
}

func (e *Experiment) tellParams(ctx context.Context, k *known, r Run, t *Told) error {
	pairs, warnings := pairsOf("parameter", r.Params, k.params, paramLimit)
	t.Warnings = append(t.Warnings, warnings...)
	t.Warnings = append(t.Warnings, k.changed(r.Params)...)
	parts, err := batches(pairs, paramsATime)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := e.server.call(ctx, request{method: http.MethodPost, path: "runs/log-batch", in: logged{Run: k.id, Params: part}}); err != nil {
			return err
		}
		for _, p := range part {
			k.params[p.Key] = p.Value
		}
		t.Params += len(part)
	}
	return nil
}

// tellTags adds tags, and brings marks up to date.
func (e *Experiment) tellTags(ctx context.Context, k *known, r Run, t *Told) error {
	pairs, warnings := pairsOf("tag", r.Tags, k.tags, tagLimit)
	wanted := maps.Clone(r.Marks)
	if r.Parent != "" {
		if wanted == nil {
			wanted = map[string]string{}
		}
		wanted[parentTag] = r.Parent
	}
	marks, more := pairsOf[string]("tag", wanted, nil, tagLimit)
	for _, m := range marks {
		if k.tags[m.Key] != m.Value {
			pairs = append(pairs, m)
		}
	}
	t.Warnings = append(append(t.Warnings, warnings...), more...)
	parts, err := batches(pairs, paramsATime)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := e.server.call(ctx, request{method: http.MethodPost, path: "runs/log-batch", in: logged{Run: k.id, Tags: part}}); err != nil {
			return err
		}
		for _, p := range part {
			k.tags[p.Key] = p.Value
		}
	}
	return nil
}

func (e *Experiment) tellDataset(ctx context.Context, k *known, r Run, _ *Told) error {
	if r.Dataset == nil || k.hasDataset {
		return nil
	}
	type input struct {
		Tags    []pair   `json:"tags"`
		Dataset *Dataset `json:"dataset"`
	}
	in := struct {
		Run      string  `json:"run_id"`
		Datasets []input `json:"datasets"`
	}{k.id, []input{{[]pair{{"mlflow.data.context", "training"}}, r.Dataset}}}
	err := e.server.try(ctx, func() error {
		return e.server.once(ctx, request{method: http.MethodPost, path: "runs/log-inputs", in: in})
	}, func() (bool, error) {
		now, err := e.get(ctx, k.id)
		return err == nil && now.hasDataset, err
	})
	k.hasDataset = err == nil
	return err
}

func (e *Experiment) tellStatus(ctx context.Context, k *known, r Run, _ *Told) error {
	end := int64(0)
	if r.Status != Running && !r.Ended.IsZero() {
		end = milliseconds(r.Ended)
	}
	if k.status == r.Status && (k.end == end || end == 0) {
		return nil
	}
	err := e.server.call(ctx, request{method: http.MethodPost, path: "runs/update", in: struct {
		Run    string `json:"run_id"`
		Status Status `json:"status"`
		End    int64  `json:"end_time,omitempty"`
	}{k.id, r.Status, end}})
	if err == nil {
		k.status = r.Status
		if end != 0 {
			k.end = end
		}
	}
	return err
}
