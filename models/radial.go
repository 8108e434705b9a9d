package models

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Radial is an energy in a bowl that makes Z finite whatever the energy does far from the data: with r = ‖x − μ‖/c,
//
//	E(x) = E_inner(x) + ((1 + r²)^(p/2) − 1)/p,
//
// which is ½r² for p = 2, a Gaussian of standard deviation c around μ, and otherwise ½r² near μ and rᵖ/p far from it.
type Radial struct {
	// Inner is the energy in the bowl, a model of any kind.
	Inner Energy `yaml:"energy" check:"required"`
	// Scale is c, in the units of the data as trained on.
	Scale float64 `yaml:"scale" check:"> 0"`
	// Centre is μ; empty: the origin.
	Centre []float64 `yaml:"centre"`
	// Power is p. An energy that grows linearly, as that of an MLP, needs more than 1.
	Power float64 `yaml:"power" check:"> 0, <= 8"`
}

// NewRadial returns a quadratic bowl of scale 3 around the origin that has no energy in it yet.
func NewRadial() *Radial { return &Radial{Scale: 3, Power: 2} }

func (m *Radial) part() part { return part{"energy", "energy", m.Inner} }

// Parameters implements Energy: those of the inner energy, with energy. in front.
func (m *Radial) Parameters(dim int) ([]Parameter, error) {
	if len(m.Centre) > 0 && len(m.Centre) != dim {
		return nil, fmt.Errorf("model.centre has %d coordinates, and the data %d", len(m.Centre), dim)
	}
	return partParameters(dim, m.part())
}

// Multiplications implements Shared: those of the energy within.
func (m *Radial) Multiplications(dim int) (int, error) { return partMultiplications(dim, m.part()) }

// Energy implements Energy.
func (m *Radial) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	_, square := m.radius(x)
	bowl := graph.MulScalar(square, 0.5)
	if m.Power != 2 {
		bowl = graph.DivScalar(graph.AddScalar(power(square, m.Power/2), -1), m.Power)
	}
	return graph.Add(nets(theta, x, m.part())[0].Energy(x), graph.Squeeze(bowl, -1))
}

// Score implements Scorer: the bowl adds −(1 + r²)^(p/2−1)·(x − μ)/c².
func (m *Radial) Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node {
	d, square := m.radius(x)
	if m.Power != 2 {
		d = graph.Mul(d, power(square, m.Power/2-1))
	}
	return graph.Sub(nets(theta, x, m.part())[0].score(x, final), graph.DivScalar(d, m.Scale))
}

// radius is (x − μ)/c [batch, dim] and its squared length [batch, 1].
func (m *Radial) radius(x *graph.Node) (d, square *graph.Node) {
	if len(m.Centre) > 0 {
		x = graph.Sub(x, row(graph.Const(x.Graph(), m.Centre), x))
	}
	d = graph.DivScalar(x, m.Scale)
	return d, graph.ReduceAndKeep(graph.Square(d), graph.ReduceSum, -1)
}

// power is (1 + x)ᵖ.
func power(x *graph.Node, p float64) *graph.Node {
	return graph.Exp(graph.MulScalar(graph.Log1p(x), p))
}
