package models

import "github.com/gomlx/gomlx/core/graph"

// Normalized is an energy whose exp(−E) is a density as it stands, log Z = 0, and that can be drawn from.
type Normalized interface {
	Energy
	// Sample maps standard normal numbers [batch, dim] to points of the density [batch, dim]. It is differentiable, by the
	// parameters too.
	Sample(theta []*graph.Node, normal *graph.Node) *graph.Node
}
