package models

import "github.com/gomlx/gomlx/core/graph"

// Scaled is the net in the coordinates u = x/scale, scale being a node [1, dim] or [dim] of positive numbers: its energy at u
// is that at x, and its score that by u.
func (n Net) Scaled(scale *graph.Node) Net {
	return Net{Model: scaled{n.Model}, Theta: append(n.Theta[:len(n.Theta):len(n.Theta)], scale)}
}

// scaled is an energy whose last parameter is the scale of its coordinates.
type scaled struct{ model Energy }

// Parameters implements Energy.
func (s scaled) Parameters(dim int) ([]Parameter, error) { return s.model.Parameters(dim) }

// Energy implements Energy.
func (s scaled) Energy(theta []*graph.Node, u *graph.Node) *graph.Node {
	net, scale := s.apart(theta, u)
	return net.Energy(graph.Mul(u, scale))
}

// Score implements Scorer.
func (s scaled) Score(theta []*graph.Node, u *graph.Node, final bool) *graph.Node {
	net, scale := s.apart(theta, u)
	return graph.Mul(net.score(graph.Mul(u, scale), final), scale)
}

// apart separates the net from the scale, which it makes fit points.
func (s scaled) apart(theta []*graph.Node, points *graph.Node) (Net, *graph.Node) {
	last := len(theta) - 1
	scale := graph.ConvertDType(theta[last], points.DType())
	return Net{s.model, theta[:last:last]}, graph.ExpandLeftToRank(scale, points.Rank())
}
