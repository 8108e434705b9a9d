package datasets

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
)

// standardized is the density of y = (x − mean)/std for x from another density.
type standardized struct {
	of Density
	by *Standardizer
}

// LogDensity implements [Density]: log p(y) = log p(x) + Σ log std.
func (p standardized) LogDensity(y *graph.Node) *graph.Node {
	x := graph.Add(graph.Mul(y, row(y, p.by.Std)), row(y, p.by.Mean))
	return graph.AddScalar(p.of.LogDensity(x), -p.by.LogDetJacobian())
}

// Draw implements [Density].
func (p standardized) Draw(shape shapes.Shape, draws random.Draws) *graph.Node {
	x := p.of.Draw(shape, draws)
	return graph.Div(graph.Sub(x, row(x, p.by.Mean)), row(x, p.by.Std))
}

// Entropy implements [Density]: −Σ log std is added to that of x.
func (p standardized) Entropy() (nats float64, known bool) {
	if nats, known = p.of.Entropy(); known {
		nats += p.by.LogDetJacobian()
	}
	return nats, known
}

// HasScore says whether the density of x has a score.
func (p standardized) HasScore() bool { return HasScore(p.of) }
