package models

import "github.com/gomlx/gomlx/core/graph"

// AtLevel is a conditional energy at one of its noise levels: an energy like any other, with the same parameters.
func AtLevel(model Conditional, sigma float64) Energy { return fixedLevel{model, sigma} }

type fixedLevel struct {
	of    Conditional
	sigma float64
}

// Parameters implements Energy.
func (f fixedLevel) Parameters(dim int) ([]Parameter, error) { return f.of.Parameters(dim) }

// Energy implements Energy.
func (f fixedLevel) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return f.at(theta, x).Energy(x)
}

// Score implements Scorer.
func (f fixedLevel) Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node {
	return f.at(theta, x).score(x, final)
}

func (f fixedLevel) at(theta []*graph.Node, x *graph.Node) Net {
	return Net{f.of, theta}.At(graph.Scalar(x.Graph(), x.DType(), f.sigma))
}
