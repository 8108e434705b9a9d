package trainers

import (
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// defence is a wide Gaussian around the data, of which a share of the points come that a generator would otherwise supply
// alone (a defensive mixture, Hesterberg 1995): what the generator never visits is seen all the same.
type defence struct{ wide NoiseDensity }

// defenceScale is the standard deviation of the wide Gaussian in multiples of the data's.
const defenceScale = 2

func newDefence(p Problem) (defence, error) {
	wide, err := (&GaussianNoise{Scale: defenceScale, Covariance: "diagonal"}).Fit(p)
	return defence{wide}, err
}

// join puts wide points of the given shape after those of a generator, y [n, dim].
func (d defence) join(y *graph.Node, shape shapes.Shape, draws random.Draws) *graph.Node {
	return graph.Concatenate([]*graph.Node{y, d.wide.Sample(shape, draws)}, -2)
}

// density is that of points of which so many of all are wide, and the others of a generator.
func (d defence) density(flow LogDensity, wide, all int) LogDensity {
	return mixed{flow, d.wide, float64(wide) / float64(all)}
}

// mixed is a mixture of two densities; share is that of the second.
type mixed struct {
	first, second LogDensity
	share         float64
}

// LogProb implements LogDensity.
func (d mixed) LogProb(x *graph.Node) *graph.Node {
	a := graph.AddScalar(d.first.LogProb(x), math.Log1p(-d.share))
	b := graph.AddScalar(d.second.LogProb(x), math.Log(d.share))
	return models.LogSumExp(graph.Stack([]*graph.Node{a, b}, -1))
}
