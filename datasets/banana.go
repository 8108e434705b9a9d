package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
)

// Banana draws points from a bent Gaussian, after Haario, Saksman and Tamminen 1999: x0 ~ N(0, std²), and x1 from
// N(curvature·(x0² − std²), noise²), whose mean is 0.
type Banana struct {
	Std       float64 `yaml:"std" check:"> 0, <= 1000"`            // standard deviation of x0
	Curvature float64 `yaml:"curvature" check:">= -1000, <= 1000"` // of the parabola that x1 lies around
	Noise     float64 `yaml:"noise" check:"> 0, <= 1000"`          // standard deviation of x1 around it
	Synthetic `yaml:",inline"`
}

// NewBanana returns the default settings.
func NewBanana() *Banana {
	return &Banana{Std: 2, Curvature: 0.25, Noise: 0.5, Synthetic: defaultSynthetic}
}

// Load draws the points.
func (s *Banana) Load(env Env) (*Set, error) {
	if !(s.Std > 0 && s.Noise > 0) {
		return nil, fmt.Errorf("std: %v and noise: %v, want positive numbers", s.Std, s.Noise)
	}
	return s.load(&bent{s.Std, s.Curvature, s.Noise}, env)
}

// bent is the density of a banana.
type bent struct{ std, curvature, noise float64 }

// LogDensity implements [Density].
func (p *bent) LogDensity(x *graph.Node) *graph.Node {
	first, second := column(x, 0), column(x, 1)
	apart := graph.DivScalar(graph.Sub(second, p.ridge(first)), p.noise)
	squares := graph.Add(graph.Square(graph.DivScalar(first, p.std)), graph.Square(apart))
	return graph.AddScalar(graph.Squeeze(graph.MulScalar(squares, -0.5), -1), -math.Log(2*math.Pi*p.std*p.noise))
}

// ridge is the mean of x1 given x0.
func (p *bent) ridge(first *graph.Node) *graph.Node {
	return graph.MulScalar(graph.AddScalar(graph.Square(first), -p.std*p.std), p.curvature)
}

// Draw implements [Density].
func (p *bent) Draw(shape shapes.Shape, draws random.Draws) *graph.Node {
	z := draws.Normal(shape)
	first := graph.MulScalar(column(z, 0), p.std)
	second := graph.Add(p.ridge(first), graph.MulScalar(column(z, 1), p.noise))
	return graph.StopGradient(graph.Concatenate([]*graph.Node{first, second}, -1))
}

// Entropy implements [Density]: that of two Gaussians, since bending keeps areas.
func (p *bent) Entropy() (nats float64, known bool) {
	return math.Log(2*math.Pi*math.E) + math.Log(p.std) + math.Log(p.noise), true
}

// Dim is 2.
func (p *bent) Dim() int { return 2 }

// Sample draws n points.
func (p *bent) Sample(r *rand.Rand, n int) Points {
	points := NewPoints(n, 2)
	for i := range n {
		x := points.Row(i)
		x[0] = p.std * r.NormFloat64()
		x[1] = p.curvature*(x[0]*x[0]-p.std*p.std) + p.noise*r.NormFloat64()
	}
	return points
}
