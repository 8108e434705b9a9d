package mlflow

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// IdentityTag is the tag that a run is known by.
const IdentityTag = "joule.run"

// known is what the server has of a run.
type known struct {
	id         string
	artifacts  string // the artifact_uri
	status     Status
	end        int64
	last       map[string]int64 // the last step of each metric
	params     map[string]string
	tags       map[string]string
	hasDataset bool
}

// integer is an int64 that may be a string in JSON, as protocol buffers have it.
type integer int64

// UnmarshalJSON implements json.Unmarshaler.
func (i *integer) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	*i = integer(n)
	return err
}

// stored is a run as the server tells it.
type stored struct {
	Info struct {
		ID        string  `json:"run_id"`
		Status    Status  `json:"status"`
		End       integer `json:"end_time"`
		Artifacts string  `json:"artifact_uri"`
		Stage     string  `json:"lifecycle_stage"`
	} `json:"info"`
	Data struct {
		Metrics []struct {
			Key  string  `json:"key"`
			Step integer `json:"step"`
		} `json:"metrics"`
		Params []pair `json:"params"`
		Tags   []pair `json:"tags"`
	} `json:"data"`
	Inputs struct {
		Datasets []struct{} `json:"dataset_inputs"`
	} `json:"inputs"`
}

func (r *stored) known(s *Server) (*known, error) {
	if r == nil || r.Info.ID == "" {
		return nil, &Error{URL: s.URL(), Status: http.StatusOK, hint: notMLflow}
	}
	k := &known{id: r.Info.ID, artifacts: r.Info.Artifacts, status: r.Info.Status, end: int64(r.Info.End), last: map[string]int64{},
		params: map[string]string{}, tags: map[string]string{}, hasDataset: len(r.Inputs.Datasets) > 0}
	for _, m := range r.Data.Metrics {
		k.last[m.Key] = int64(m.Step)
	}
	for _, p := range r.Data.Params {
		k.params[p.Key] = p.Value
	}
	for _, p := range r.Data.Tags {
		k.tags[p.Key] = p.Value
	}
	return k, nil
}

// aPage is how many runs are asked for at once.
const aPage = 200

// search finds the active runs that have a tag of a value.
func (e *Experiment) search(ctx context.Context, tag, value string) (all []*stored, err error) {
	in := struct {
		Experiments []string `json:"experiment_ids"`
		Filter      string   `json:"filter"`
		Most        int      `json:"max_results"`
		Page        string   `json:"page_token,omitempty"`
	}{[]string{e.id}, fmt.Sprintf("tags.`%s` = '%s'", tag, value), aPage, ""}
	for {
		var found struct {
			Runs []*stored `json:"runs"`
			Next string    `json:"next_page_token"`
		}
		if err := e.server.call(ctx, request{method: http.MethodPost, path: "runs/search", in: in, out: &found}); err != nil {
			return nil, err
		}
		all = append(all, found.Runs...)
		if found.Next == "" {
			return all, nil
		}
		in.Page = found.Next
	}
}

// find is the run of an identity; nil: there is none, or it was deleted.
func (e *Experiment) find(ctx context.Context, identity string) (*known, error) {
	found, err := e.search(ctx, IdentityTag, identity)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	first := slices.MinFunc(found, func(a, b *stored) int { return strings.Compare(a.Info.ID, b.Info.ID) }) // always the same one
	return first.known(e.server)
}

// Learn looks up the runs that belong to one, so that they need not be looked up one by one.
func (e *Experiment) Learn(ctx context.Context, parent string) error {
	found, err := e.search(ctx, parentTag, parent)
	if err != nil {
		return err
	}
	for _, r := range found {
		k, err := r.known(e.server)
		if err != nil {
			return err
		}
		identity := k.tags[IdentityTag]
		if other := e.known[identity]; identity != "" && (other == nil || k.id < other.id) {
			e.known[identity] = k
		}
	}
	return nil
}

// get is the run of an ID.
func (e *Experiment) get(ctx context.Context, id string) (*known, error) {
	var found struct {
		Run *stored `json:"run"`
	}
	if err := e.server.call(ctx, request{method: http.MethodGet, path: "runs/get", query: url.Values{"run_id": {id}}, out: &found}); err != nil {
		return nil, err
	}
	return found.Run.known(e.server)
}

// Mark is a tag of a run as the server has it, of one that was told of or that there is; empty: it has none.
func (e *Experiment) Mark(ctx context.Context, identity, tag string) (string, error) {
	k := e.known[identity]
	if k == nil {
		var err error
		if k, err = e.find(ctx, identity); k == nil || err != nil {
			return "", err
		}
		e.known[identity] = k
	}
	return k.tags[tag], nil
}

// changed says which parameters are others than on the server, which does not change them.
func (k *known) changed(params map[string]string) (warnings []string) {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		old, is := k.params[nameOf(name)]
		if value, _ := cut(params[name], paramLimit); is && old != value {
			warnings = append(warnings, fmt.Sprintf("the parameter %s is %.60q there, and %.60q now; MLflow keeps the first", name, old, value))
		}
	}
	return warnings
}
