package models

import "github.com/gomlx/gomlx/core/graph"

// Tilted is an exponential tilting: E(x) = E_base(x) + E_tilt(x), that is p(x) ∝ p_base(x)·exp(−E_tilt(x)), a correction by one
// network of the density of another, such as a flow (Nijkamp et al. 2022). Both are learned.
type Tilted struct {
	// Base and Tilt are the two energies, each a model of any kind.
	Base Energy `yaml:"base" check:"required"`
	Tilt Energy `yaml:"tilt" check:"required"`
}

// NewTilted returns a Tilted that has no energies yet.
func NewTilted() *Tilted { return &Tilted{} }

func (m *Tilted) parts() []part {
	return []part{{"base", "base", m.Base}, {"tilt", "tilt", m.Tilt}}
}

// Parameters implements Energy: those of the two energies, with base. and tilt. in front.
func (m *Tilted) Parameters(dim int) ([]Parameter, error) {
	return partParameters(dim, m.parts()...)
}

// Multiplications implements Shared: those of all within.
func (m *Tilted) Multiplications(dim int) (int, error) { return partMultiplications(dim, m.parts()...) }

// Energy implements Energy.
func (m *Tilted) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	both := nets(theta, x, m.parts()...)
	return graph.Add(both[0].Energy(x), both[1].Energy(x))
}

// Score implements Scorer: the sum of both scores.
func (m *Tilted) Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node {
	both := nets(theta, x, m.parts()...)
	return graph.Add(both[0].score(x, final), both[1].score(x, final))
}
