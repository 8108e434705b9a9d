package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
)

// Funnel draws points from the funnel of Neal 2003: x0 ~ N(0, std²), and each other coordinate from N(0, exp(x0)).
type Funnel struct {
	Dim       int     `yaml:"dim" check:">= 2, <= 2048"` // coordinates of a point
	Std       float64 `yaml:"std" check:"> 0, <= 5"`     // standard deviation of x0
	Synthetic `yaml:",inline"`
}

// NewFunnel returns the default settings.
func NewFunnel() *Funnel { return &Funnel{Dim: 2, Std: 3, Synthetic: defaultSynthetic} }

// Load draws the points.
func (s *Funnel) Load(env Env) (*Set, error) {
	if s.Dim < 2 || !(s.Std > 0) {
		return nil, fmt.Errorf("dim: %d and std: %v, want at least 2 and a positive number", s.Dim, s.Std)
	}
	return s.load(&neal{s.Dim, s.Std}, env)
}

// neal is the density of a funnel.
type neal struct {
	dim int
	std float64
}

// narrowest is minus the least log standard deviation that is told from a smaller one: at x0 = −60, at least twelve
// standard deviations out. The squares of what is divided by it are still finite in float32.
const narrowest = 30.0

// LogDensity implements [Density].
func (p *neal) LogDensity(x *graph.Node) *graph.Node {
	first := column(x, 0)
	others := make([]float64, p.dim)
	for k := 1; k < p.dim; k++ {
		others[k] = 1
	}
	narrow := graph.Exp(graph.MinScalar(graph.MulScalar(first, -0.5), narrowest)) // 1/std of the others
	z := graph.Mul(graph.Mul(x, row(x, others)), narrow)
	squares := graph.Add(graph.Square(graph.DivScalar(first, p.std)), graph.ReduceAndKeep(graph.Square(z), graph.ReduceSum, -1))
	exponent := graph.Add(graph.MulScalar(squares, -0.5), graph.MulScalar(first, -float64(p.dim-1)/2))
	return graph.AddScalar(graph.Squeeze(exponent, -1), -float64(p.dim)/2*math.Log(2*math.Pi)-math.Log(p.std))
}

// Draw implements [Density].
func (p *neal) Draw(shape shapes.Shape, draws random.Draws) *graph.Node {
	z := draws.Normal(shape)
	first := graph.MulScalar(column(z, 0), p.std)
	unit := make([]float64, p.dim)
	unit[0] = 1
	isFirst := graph.GreaterThan(graph.Add(graph.ZerosLike(z), row(z, unit)), graph.ZerosLike(z))
	others := graph.Mul(z, graph.Exp(graph.MulScalar(first, 0.5)))
	return graph.StopGradient(graph.Where(isFirst, graph.Add(graph.ZerosLike(z), first), others))
}

// Entropy implements [Density]: that of x0, and of the others given x0, whose mean log variance is 0.
func (p *neal) Entropy() (nats float64, known bool) {
	return float64(p.dim)/2*math.Log(2*math.Pi*math.E) + math.Log(p.std), true
}

// Dim is the number of coordinates.
func (p *neal) Dim() int { return p.dim }

// Sample draws n points.
func (p *neal) Sample(r *rand.Rand, n int) Points {
	points := NewPoints(n, p.dim)
	for i := range n {
		x := points.Row(i)
		x[0] = p.std * r.NormFloat64()
		width := math.Exp(x[0] / 2)
		for k := 1; k < p.dim; k++ {
			x[k] = width * r.NormFloat64()
		}
	}
	return points
}
