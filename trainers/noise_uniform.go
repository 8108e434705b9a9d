package trainers

import (
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
)

// UniformNoise is uniform on a box around the data.
type UniformNoise struct {
	// Scale is the box's width in multiples of the data's range, coordinate by coordinate. Below 1 some data would lie
	// outside, where the noise has no density.
	Scale float64 `yaml:"scale" check:">= 1"`
}

// Fit implements Noise.
func (n *UniformNoise) Fit(p Problem) (NoiseDensity, error) {
	var d Uniform
	seen, err := p.seen()
	if err != nil {
		return nil, err
	}
	for _, points := range seen {
		low, high := points.Range()
		for k := range low {
			centre, half := (low[k]+high[k])/2, n.Scale*(high[k]-low[k])/2
			low[k], high[k] = centre-half, centre+half
		}
		d.Low, d.High = append(d.Low, low), append(d.High, high)
	}
	return &d, nil
}

// Uniform is the uniform distribution on a box, or one for each replica.
type Uniform struct{ Low, High [][]float64 } // [replicas][dim]

// Sample implements NoiseDensity.
func (d *Uniform) Sample(shape shapes.Shape, draws random.Draws) *graph.Node {
	u := draws.Uniform(shape)
	return graph.Add(graph.Mul(u, rowOf(u, d.width())), rowOf(u, d.Low))
}

// LogProb implements NoiseDensity. It is meant for points in the box, and constant: outside it is not −∞, which would
// only make the loss infinite.
func (d *Uniform) LogProb(x *graph.Node) *graph.Node {
	zero := graph.MulScalar(graph.ReduceSum(x, -1), 0)
	return graph.Add(zero, constantOf(zero, d.width(), func(width float64) float64 { return -math.Log(width) }))
}

func (d *Uniform) width() [][]float64 {
	width := make([][]float64, len(d.Low))
	for i := range width {
		for k := range d.Low[i] {
			width[i] = append(width[i], d.High[i][k]-d.Low[i][k])
		}
	}
	return width
}
