package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
)

// Pinwheel draws points from bent blades around the origin. Before it is bent, a blade is a Gaussian of mean (1, 0) that is
// wider along the radius than across; blade k of K is turned clockwise by 2πk/K. Then every point is turned further, by
// rate·exp(r) where r is its distance from the origin, and the whole is scaled.
//
// In the pinwheel of Johnson et al. 2016 r is the coordinate along the blade in place of the distance. The two hardly
// differ, and this one keeps areas, so that its density is known.
type Pinwheel struct {
	Blades        int     `yaml:"blades" check:"> 0, <= 100"`
	RadialStd     float64 `yaml:"radial_std" check:"> 0, <= 1"`     // standard deviation along the radius, before the scaling
	TangentialStd float64 `yaml:"tangential_std" check:"> 0, <= 1"` // standard deviation across, before the scaling
	Rate          float64 `yaml:"rate" check:">= -10, <= 10"`       // how much the blades are bent
	Scale         float64 `yaml:"scale" check:"> 0, <= 1000"`
	Synthetic     `yaml:",inline"`
}

// NewPinwheel returns the default settings: five blades.
func NewPinwheel() *Pinwheel {
	return &Pinwheel{Blades: 5, RadialStd: 0.3, TangentialStd: 0.05, Rate: 0.25, Scale: 2, Synthetic: defaultSynthetic}
}

// Load draws the points.
func (s *Pinwheel) Load(env Env) (*Set, error) {
	if s.Blades < 1 || !(s.Scale > 0) {
		return nil, fmt.Errorf("blades: %d and scale: %v, want positive numbers", s.Blades, s.Scale)
	}
	along, across := s.RadialStd*s.RadialStd, s.TangentialStd*s.TangentialStd
	means, covariances := make([][]float64, s.Blades), make([][][]float64, s.Blades)
	for k := range means {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / float64(s.Blades))
		means[k] = []float64{cos, -sin}
		off := (across - along) * sin * cos
		covariances[k] = [][]float64{
			{along*cos*cos + across*sin*sin, off},
			{off, along*sin*sin + across*cos*cos},
		}
	}
	m, err := NewMixture(equalWeights(s.Blades), means, covariances)
	if err != nil {
		return nil, err
	}
	return s.load(&twisted{m, s.Rate, s.Scale}, env)
}

// twisted is the density of the points of a mixture in the plane after they are turned clockwise by rate·exp(r), r being
// their distance from the origin, and scaled. Turning a circle within itself keeps areas, whatever the angle.
type twisted struct {
	straight    *Mixture
	rate, scale float64
}

// furthest is where the angle stops growing with the distance, in the mixture's units: its cosine would lose its digits.
const furthest = 5.0

// LogDensity implements [Density].
func (p *twisted) LogDensity(x *graph.Node) *graph.Node {
	straight := p.turn(graph.DivScalar(x, p.scale), -1)
	return graph.AddScalar(p.straight.LogDensity(straight), -2*math.Log(p.scale))
}

// turn turns points [n, 2] clockwise, or back for a direction of −1.
func (p *twisted) turn(x *graph.Node, direction float64) *graph.Node {
	a, b := column(x, 0), column(x, 1)
	angle := graph.MulScalar(graph.Exp(graph.MinScalar(norm(a, b), furthest)), direction*p.rate)
	cos, sin := graph.Cos(angle), graph.Sin(angle)
	return graph.Concatenate([]*graph.Node{
		graph.Add(graph.Mul(a, cos), graph.Mul(b, sin)),
		graph.Sub(graph.Mul(b, cos), graph.Mul(a, sin)),
	}, -1)
}

// Draw implements [Density].
func (p *twisted) Draw(shape shapes.Shape, draws random.Draws) *graph.Node {
	return graph.StopGradient(graph.MulScalar(p.turn(p.straight.Draw(shape, draws), 1), p.scale))
}

// Entropy implements [Density]: that of the mixture, as areas are kept, and of the scaling.
func (p *twisted) Entropy() (nats float64, known bool) {
	if nats, known = p.straight.Entropy(); known {
		nats += 2 * math.Log(p.scale)
	}
	return nats, known
}

// Dim is 2.
func (p *twisted) Dim() int { return 2 }

// Sample draws n points.
func (p *twisted) Sample(r *rand.Rand, n int) Points {
	points := p.straight.Sample(r, n)
	for i := range n {
		x := points.Row(i)
		sin, cos := math.Sincos(p.rate * math.Exp(min(math.Hypot(x[0], x[1]), furthest)))
		x[0], x[1] = p.scale*(x[0]*cos+x[1]*sin), p.scale*(x[1]*cos-x[0]*sin)
	}
	return points
}
