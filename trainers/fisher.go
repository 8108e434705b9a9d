package trainers

import (
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/strictyaml"
	"joule/models"
)

// Fisher minimises the Fisher divergence to a known density p: ½ mean ‖s(x) − ∇ log p(x)‖².
type Fisher struct {
	// Points says where the scores are compared: at the training data, or at fresh draws from the known density. The
	// second is for small data sets whose density was fitted.
	Points string `yaml:"points" check:"in data|density"`
}

// NewFisher returns the default settings: scores are compared at the data.
func NewFisher() *Fisher { return &Fisher{Points: "data"} }

// Prepare implements Method. It fails when the density of the data is not known, or has no score.
func (m *Fisher) Prepare(p Problem) (Objective, error) {
	density := densityOf(p.Data)
	if density == nil {
		return nil, errors.New(needsDensity)
	}
	for _, set := range p.Data {
		if !datasets.HasScore(set.Density) {
			return nil, errors.New(needsScore)
		}
	}
	return fisher{m, density}, nil
}

// What is wrong with data whose density is not known, or has no score.
const (
	needsDensity = "method fisher needs data with a known density: any data.kind but csv and npy, " +
		"or for a file a data.density to be fitted (kind: gaussian_mixture); dsm, nce and mle need none"
	needsScore = "method fisher needs a density with a score, and that of this data.kind jumps: it has none; dsm, nce and mle need none"
)

// Suits implements Picky.
func (m *Fisher) Suits(s Setting, report func(key, problem string)) {
	switch {
	case s.Data == nil:
	case !datasets.KnowsDensity(s.Data):
		report("data.kind", fmt.Sprintf("%q: %s", strictyaml.KindOf(datasets.Kinds, s.Data), needsDensity))
	case !datasets.KnowsScore(s.Data):
		report("data.kind", fmt.Sprintf("%q: %s", strictyaml.KindOf(datasets.Kinds, s.Data), needsScore))
	}
}

// Cost implements Method: a score, learned from. That of the data's density is not counted.
func (m *Fisher) Cost(models.Energy, int) (Cost, error) {
	return learning(models.CostOfScore), nil
}

type fisher struct {
	*Fisher
	density Density
}

func (fisher) Parameters() []models.Parameter { return nil }
func (fisher) State() []State                 { return nil }
func (fisher) Metrics() []Metric              { return nil }

func (m fisher) Loss(in Input) Output {
	x := in.Batch
	if m.Points == "density" {
		x = m.density.Draw(in.Batch.Shape(), in.Draws)
	}
	return Output{Loss: m.Fisher.Loss(in.Net, m.density, x)}
}

// Loss is the loss at points x [batch, dim] for the density that they are drawn from.
func (m *Fisher) Loss(net models.Net, density Density, x *graph.Node) *graph.Node {
	target := graph.StopGradient(datasets.Score(density, x))
	return graph.MulScalar(meanSquaredNorm(graph.Sub(net.Score(x), target)), 0.5)
}
