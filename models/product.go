package models

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Product is a product of experts (Hinton 2002): E(x) = Σᵢ wᵢEᵢ(x), so that a point is as likely as all experts agree. A weight
// is an inverse temperature: above 1 it sharpens its expert's density, below it flattens it.
type Product struct {
	// Experts are the factors, each a model of any kind.
	Experts []Energy `yaml:"experts" check:"len >= 1"`
	// Weights are wᵢ, one for each expert; empty: all 1.
	Weights []float64 `yaml:"weights" check:"each > 0"`
}

// NewProduct returns a Product that has no experts yet.
func NewProduct() *Product { return &Product{} }

// Check reports weights that are not one for each expert.
func (p *Product) Check(report func(key, problem string)) {
	if len(p.Weights) > 0 && len(p.Weights) != len(p.Experts) {
		report("weights", fmt.Sprintf("%d weights for %d experts, want one each", len(p.Weights), len(p.Experts)))
	}
}

func (p *Product) parts() []part {
	parts := make([]part, len(p.Experts))
	for i, model := range p.Experts {
		parts[i] = part{fmt.Sprintf("experts.%d", i), fmt.Sprintf("experts[%d]", i), model}
	}
	return parts
}

// Parameters implements Energy: those of expert I, with experts.I. in front.
func (p *Product) Parameters(dim int) ([]Parameter, error) {
	return partParameters(dim, p.parts()...)
}

// Multiplications implements Shared: those of all within.
func (p *Product) Multiplications(dim int) (int, error) {
	return partMultiplications(dim, p.parts()...)
}

// Energy implements Energy.
func (p *Product) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return p.sum(theta, x, Net.Energy)
}

// Score implements Scorer: the weighted sum of the experts' scores.
func (p *Product) Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node {
	return p.sum(theta, x, func(n Net, x *graph.Node) *graph.Node { return n.score(x, final) })
}

// sum adds up what the experts make of the points.
func (p *Product) sum(theta []*graph.Node, x *graph.Node, of func(Net, *graph.Node) *graph.Node) *graph.Node {
	var sum *graph.Node
	for i, net := range nets(theta, x, p.parts()...) {
		term := of(net, x)
		if len(p.Weights) > 0 {
			term = graph.MulScalar(term, p.Weights[i])
		}
		if i > 0 {
			term = graph.Add(sum, term)
		}
		sum = term
	}
	return sum
}
