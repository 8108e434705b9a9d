package mlflow

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"joule/checkpoints"
)

// metric is a point as the server takes it.
type metric struct {
	Key   string             `json:"key"`
	Value checkpoints.Number `json:"value"`
	At    int64              `json:"timestamp"`
	Step  int64              `json:"step"`
}

// tellPoints adds the points whose steps are above the last of their metric. They go there in the order of their steps, so that the last
// one says of all before it that they are there; after a request of which nobody knows whether the server has heard it, that is asked.
func (e *Experiment) tellPoints(ctx context.Context, k *known, r Run, t *Told) error {
	points := make([]metric, 0, len(r.Points))
	for _, p := range r.Points {
		points = append(points, metric{nameOf(p.Metric), checkpoints.Number(p.Value), milliseconds(p.At), p.Step})
	}
	slices.SortStableFunc(points, func(a, b metric) int { return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Key, b.Key)) })
	parts, err := batches(k.fresh(points), metricsATime)
	if err != nil {
		return err
	}
	for _, part := range parts {
		count := len(part)
		err := e.server.try(ctx, func() error {
			return e.server.once(ctx, request{method: http.MethodPost, path: "runs/log-batch", in: logged{Run: k.id, Metrics: part}})
		}, func() (bool, error) {
			now, err := e.get(ctx, k.id)
			if err != nil {
				return false, err
			}
			k.last = now.last
			part = k.fresh(part)
			return len(part) == 0, nil
		})
		if err != nil {
			return err
		}
		for _, m := range part {
			k.last[m.Key] = m.Step
		}
		t.Points += count
	}
	return nil
}

// fresh are the points that the server has not: of each metric those with steps above its last, and of one step the first. Points are
// sorted by their steps.
func (k *known) fresh(points []metric) (list []metric) {
	last := maps.Clone(k.last)
	for _, m := range points {
		if step, is := last[m.Key]; is && m.Step <= step {
			continue
		}
		last[m.Key] = m.Step
		list = append(list, m)
	}
	return list
}
