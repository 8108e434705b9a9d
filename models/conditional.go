package models

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Conditional is an energy with a noise level: E(x, σ) stands for the density of points to which noise N(0, σ²I) was
// added. As an Energy it is the one at the smallest level, the sharpest that there is.
type Conditional interface {
	Energy
	// EnergyAt maps points [batch, dim] with their noise levels σ [batch] to energies [batch]. It is differentiable by σ too.
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
	if shape := x.Shape().Dimensions[:x.Rank()-1]; sigma.Rank() < len(shape) {
		sigma = graph.BroadcastToDims(sigma, shape...)
	}
	return a.EnergyAt(theta[:last:last], x, sigma)
}
