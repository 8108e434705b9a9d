// Package measured is runs with their data and how good they are on it, and draws their figures.
package measured

import (
	"fmt"
	"sync"

	"joule/cmd/internal/trained"
	"joule/datasets"
	"joule/metrics"
)

// Run is a run with its data and how good it is on it.
type Run struct {
	*trained.Run
	Set        *datasets.Set
	Evaluation *metrics.Evaluation // empty where there is a problem
	Problem    error               // why the model cannot be measured, as one that diverged
	// samples draws the samples of the figures, once, in the units of the data.
	samples func() (datasets.Points, error)
}

// open loads the data of a run and evaluates its model.
func open(t *trained.Run) (*Run, error) {
	set, err := t.Data()
	if err != nil {
		return nil, err
	}
	return On(t, set, metrics.Options{}), nil
}

// On evaluates the model of a run on its data. Of images log Z is left out: it would take longer than all else.
func On(t *trained.Run, set *datasets.Set, how metrics.Options) *Run {
	m := &Run{Run: t, Set: set}
	m.samples = sync.OnceValues(m.drawSamples)
	how.NoAIS = how.NoAIS || set.Image != nil
	var err error
	if m.Evaluation, err = t.Evaluate(set, how); err != nil {
		m.Evaluation, m.Problem = &metrics.Evaluation{}, fmt.Errorf("cannot be measured: %w", err)
	}
	return m
}
