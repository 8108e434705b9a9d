package main

import (
	"cmp"
	"path/filepath"

	"joule/datasets"
	"joule/internal/strictyaml"
	"joule/metrics"
	"joule/models"
	"joule/samplers"
	"joule/serve"
	"joule/trainers"
)

// model is what is served of a run that is open.
func (o *serveOptions) model(t *trained) (*serve.Model, error) {
	m := &serve.Model{
		Info: serve.Info{Name: t.config.Name, Method: strictyaml.KindOf(trainers.Kinds, t.config.Method),
			Model: strictyaml.KindOf(models.Kinds, t.config.Model), Run: filepath.Base(t.dir.Dir()), Step: t.step,
			Backend: t.backend.Spec, Version: version},
		Encoding: t.encoding(), Transform: t.transform(), Energy: t.model, Sigma: t.noise(),
	}
	if o.logDensity {
		z, err := t.normalizer(metrics.Options{Grid: o.grid, AIS: &o.ais})
		if err != nil {
			return nil, err
		}
		m.LogZ = z
	}
	if o.anomaly {
		score, found, err := ensemble{t}.judgement(o.score, o.rate)
		if err != nil {
			return nil, err
		}
		m.Anomaly = &serve.Anomaly{Score: score, Name: o.score, Threshold: found.threshold, Rate: o.rate}
	}
	drawer := *t // a model of its own, so that chains do not hold up energies
	if err := drawer.load(t.backend); err != nil {
		return nil, err
	}
	m.Draw = drawer.points
	m.CanDraw = func(n int) error {
		return samplers.CheckChains(t.config.Sampler, t.config.Sampling.Of(n), 1, 1)
	}
	return m, nil
}

// points draws n points, in the units of the data.
func (t *trained) points(n int, seed int64) (datasets.Points, error) {
	points, _, err := t.drawn(n, seed)
	if err != nil {
		return datasets.Points{}, err
	}
	return t.transform().Undo(points), nil
}

// noise is the standard deviation of the noise of the points that the energy stands for, in the coordinates of the model; 0: none.
func (t *trained) noise() float64 {
	if conditional, ok := t.config.Model.(models.Conditional); ok {
		lowest, _ := conditional.Levels()
		return cmp.Or(t.sigma, lowest)
	}
	if method, isDSM := t.config.Method.(*trainers.DSM); isDSM {
		return method.Sigma
	}
	return 0
}
