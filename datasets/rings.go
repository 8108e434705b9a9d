package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/integrate/quad"

	"joule/internal/random"
)

// Rings draws points from circles around the origin, each as often and uniformly, with Gaussian noise.
type Rings struct {
	Radii     []float64 `yaml:"radii" check:"len >= 1, len <= 100, each > 0, each <= 1000"` // of the circles
	Noise     float64   `yaml:"noise" check:"> 0, <= 1000"`                                 // its standard deviation
	Synthetic `yaml:",inline"`
}

// NewRings returns the default settings: four rings.
func NewRings() *Rings {
	return &Rings{Radii: []float64{0.75, 1.5, 2.25, 3}, Noise: 0.08, Synthetic: defaultSynthetic}
}

// thinnest is the least noise of a ring, as a fraction of its radius: with less, float32 does not tell how far a point is
// from it.
const thinnest = 1e-4

// Check reports rings that are too thin.
func (s *Rings) Check(report func(key, problem string)) {
	if len(s.Radii) == 0 {
		return
	}
	if least := thinnest * slices.Max(s.Radii); s.Noise < least {
		report("noise", fmt.Sprintf("%v is too little for a ring of radius %v, want at least %.3g", s.Noise, slices.Max(s.Radii), least))
	}
}

// Load draws the points.
func (s *Rings) Load(env Env) (*Set, error) {
	var err error
	s.Check(func(key, problem string) { err = fmt.Errorf("%s: %s", key, problem) })
	switch {
	case err != nil:
		return nil, err
	case len(s.Radii) == 0 || !(slices.Min(s.Radii) > 0):
		return nil, fmt.Errorf("radii: %v, want at least one, all positive", s.Radii)
	case !(s.Noise > 0):
		return nil, fmt.Errorf("noise: %v is not positive", s.Noise)
	}
	return s.load(&noisyRings{s.Radii, s.Noise}, env)
}

// noisyRings is the density of rings:
//
//	p(x) = mean over r of exp(−(ρ² + r²)/2σ²) I₀(ρr/σ²)/(2πσ²), ρ = ‖x‖.
type noisyRings struct {
	radii []float64
	std   float64
}

// LogDensity implements [Density]. The exponent is −(ρ − r)²/2σ² where that of I₀ is taken out of it.
func (p *noisyRings) LogDensity(x *graph.Node) *graph.Node {
	rho, radii := norm(column(x, 0), column(x, 1)), row(x, p.radii)
	apart := graph.DivScalar(graph.Sub(rho, radii), p.std) // [n, K]
	bessel := logI0e(graph.DivScalar(graph.Mul(graph.DivScalar(rho, p.std), radii), p.std))
	joint := graph.Sub(bessel, graph.MulScalar(graph.Square(apart), 0.5))
	return graph.AddScalar(logSumExp(joint), p.logNorm())
}

func (p *noisyRings) logNorm() float64 {
	return -math.Log(2*math.Pi*p.std*p.std) - math.Log(float64(len(p.radii)))
}

// logProb is log p at the distance rho from the origin.
func (p *noisyRings) logProb(rho float64) float64 {
	var sum logSum
	for _, r := range p.radii {
		apart := (rho - r) / p.std
		sum.add(hostLogI0e(rho/p.std*r/p.std) - apart*apart/2)
	}
	return sum.value() + p.logNorm()
}

// Draw implements [Density].
func (p *noisyRings) Draw(shape shapes.Shape, draws random.Draws) *graph.Node {
	z := draws.Normal(shape)                                                                          // [n, 2]
	ring, u := deal(draws.Uniform(shapes.Make(dtypes.Float64, shape.Dimensions[0], 1)), len(p.radii)) // [n, K] and [n, 1]
	radius := graph.ReduceAndKeep(graph.Mul(ring, row(ring, p.radii)), graph.ReduceSum, -1)
	angle := graph.MulScalar(u, 2*math.Pi)
	point := graph.Mul(radius, graph.Concatenate([]*graph.Node{graph.Cos(angle), graph.Sin(angle)}, -1))
	return graph.StopGradient(graph.Add(graph.ConvertDType(point, shape.DType), graph.MulScalar(z, p.std)))
}

// Entropy implements [Density]: the integral −∫ 2πρ p log p dρ, by the Gauss–Legendre rule on pieces as wide as the rings.
// Its error is below 1e-6.
func (p *noisyRings) Entropy() (nats float64, known bool) {
	const reach = 10 // standard deviations
	end := slices.Max(p.radii) + reach*p.std
	pieces := math.Ceil(end / p.std)
	for i := range int(pieces) {
		from, to := end*float64(i)/pieces, end*float64(i+1)/pieces
		nats -= quad.Fixed(func(rho float64) float64 {
			logP := p.logProb(rho)
			return 2 * math.Pi * rho * math.Exp(logP) * logP
		}, from, to, 16, quad.Legendre{}, 0)
	}
	return nats, true
}

// Dim is 2.
func (p *noisyRings) Dim() int { return 2 }

// Sample draws n points.
func (p *noisyRings) Sample(r *rand.Rand, n int) Points {
	points := NewPoints(n, 2)
	for i := range n {
		radius := p.radii[r.IntN(len(p.radii))]
		sin, cos := math.Sincos(2 * math.Pi * r.Float64())
		points.Row(i)[0] = radius*cos + p.std*r.NormFloat64()
		points.Row(i)[1] = radius*sin + p.std*r.NormFloat64()
	}
	return points
}
