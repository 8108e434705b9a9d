package serve

import (
	"path/filepath"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/internal/strictyaml"
	"joule/metrics"
	"joule/models"
	"joule/samplers"
	"joule/serve"
	"joule/trainers"
)

// model is what is served of a run that is open.
func (o *options) model(t *trained.Run) (*serve.Model, error) {
	m := &serve.Model{
		Info: serve.Info{Name: t.Config.Name, Method: strictyaml.KindOf(trainers.Kinds, t.Config.Method),
			Model: strictyaml.KindOf(models.Kinds, t.Config.Model), Run: filepath.Base(t.Dir.Dir()), Step: t.Step,
			Backend: t.Backend.Spec, Version: cli.Version},
		Encoding: t.Encoding(), Transform: t.Transform(), Energy: t.Model, Sigma: t.Noise(),
	}
	if o.logDensity {
		z, err := t.Normalizer(metrics.Options{Grid: o.grid, AIS: &o.ais})
		if err != nil {
			return nil, err
		}
		m.LogZ = z
	}
	if o.anomaly {
		score, found, err := trained.Ensemble{t}.Judgement(o.score, o.rate)
		if err != nil {
			return nil, err
		}
		m.Anomaly = &serve.Anomaly{Score: score, Name: o.score, Threshold: found.Threshold, Rate: o.rate}
	}
	drawer := *t // a model of its own, so that chains do not hold up energies
	if err := drawer.Load(t.Backend); err != nil {
		return nil, err
	}
	m.Draw = drawer.Points
	m.CanDraw = func(n int) error {
		return samplers.CheckChains(t.Config.Sampler, t.Config.Sampling.Of(n), 1, 1)
	}
	return m, nil
}
