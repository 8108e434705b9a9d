package metrics

import (
	"errors"

	"joule/datasets"
	"joule/models"
)

// Normalizer is log Z of a model, in its coordinates, in nats.
type Normalizer struct {
	LogZ float64
	// StandardError is that of annealed importance sampling; 0 where log Z is not an estimate.
	StandardError float64
	// Way is how it was found: WayExact, WayGrid or WayAIS.
	Way string
	// Warnings say what makes it doubtful, one sentence each.
	Warnings []string
}

// The ways to find log Z.
const (
	WayExact = "exactly"    // the model is normalised as it stands
	WayGrid  = "quadrature" // in one or two dimensions
	WayAIS   = "annealed importance sampling"
)

// Normalize finds log Z of a model that was trained on a set: it is 0 for a density that is normalised as it stands, from a grid
// in one or two dimensions, and otherwise the lower estimate of annealed importance sampling. It is an error that that comes down
// to too few chains to be trusted.
func Normalize(model *models.Compiled, set *datasets.Set, o Options) (*Normalizer, error) {
	if _, ok := model.Model.(models.Normalized); ok {
		return &Normalizer{Way: WayExact}, nil
	}
	e := &Evaluation{}
	if model.Dim <= 2 {
		if err := e.integrate(model, &datasets.Set{Train: set.Train}, o.Grid); err != nil {
			return nil, err
		}
		return &Normalizer{LogZ: *e.LogZ, Way: WayGrid, Warnings: e.Warnings()}, nil
	}
	ais := NewAIS()
	if o.AIS != nil {
		ais = *o.AIS
	}
	e.anneal(model, set, ais)
	switch {
	case e.failed != nil:
		return nil, e.failed
	case e.LogZ == nil:
		return nil, errors.New(e.Warnings()[0])
	}
	return &Normalizer{LogZ: *e.LogZ, StandardError: e.AIS.LowerError, Way: WayAIS, Warnings: e.Warnings()}, nil
}
