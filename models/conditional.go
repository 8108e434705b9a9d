package models

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// Conditional is an energy with a noise level: E(x, σ) stands for the density of points to which noise N(0, σ²I) was
// added. As an Energy it is the one at the smallest level, the sharpest that there is.
type Conditional interface {
	Energy
	// EnergyAt maps points [batch, dim] with their noise levels σ, [batch] or [1] for one that they share, to energies [batch].
	// It is differentiable by σ too.
	EnergyAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node
	// Levels are the smallest and the largest σ that the energy is meant for.
	Levels() (smallest, largest float64)
}

// At is a conditional energy at a noise level: a scalar node, or one for each point, [batch] or [replicas, batch]. It
// panics, as graph functions do, when the energy has none.
func (n Net) At(sigma *graph.Node) Net {
	c, ok := n.Model.(Conditional)
	if !ok {
		panic(fmt.Errorf("an energy of type %T has no noise levels", n.Model))
	}
	return Net{Model: atLevel{c}, Theta: append(n.Theta[:len(n.Theta):len(n.Theta)], sigma)}
}

// atLevel is a conditional energy whose last parameter is its level. So a loop carries the level like any parameter.
type atLevel struct{ Conditional }

// Energy implements Energy.
func (a atLevel) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	last := len(theta) - 1
	sigma := theta[last]
	if sigma.IsScalar() {
		sigma = shared(sigma, x)
	}
	return a.EnergyAt(theta[:last:last], x, sigma)
}

// shared is a scalar as one number for all points of a batch: [1], or [replicas, 1].
func shared(sigma, points *graph.Node) *graph.Node {
	dims := slices.Clone(points.Shape().Dimensions[:points.Rank()-1])
	dims[len(dims)-1] = 1
	return graph.BroadcastToDims(sigma, dims...)
}
