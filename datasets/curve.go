package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/integrate/quad"

	"joule/internal/random"
)

// curve is one or more arms in the plane, each the points centre ± ρ(t)·(cos t, sin t) with ρ(t) = radius + slope·t.
type curve struct {
	centres       [][2]float64 // one an arm
	signs         []float64    // 1 or −1, one an arm
	radius, slope float64
	from, to      float64 // of t
	growing       bool    // t has a density proportional to t, which spreads a spiral's points evenly; else it is uniform
}

// parameter maps a uniform number in [0, 1) to t.
func (c curve) parameter(u float64) float64 {
	if c.growing {
		return math.Sqrt(c.from*c.from + u*(c.to*c.to-c.from*c.from))
	}
	return c.from + u*(c.to-c.from)
}

// weight is the density of t.
func (c curve) weight(t float64) float64 {
	if c.growing {
		return 2 * t / (c.to*c.to - c.from*c.from)
	}
	return 1 / (c.to - c.from)
}

// place writes the point of an arm at t to x.
func (c curve) place(arm int, t float64, x []float64) {
	rho := c.signs[arm] * (c.radius + c.slope*t)
	x[0], x[1] = c.centres[arm][0]+rho*math.Cos(t), c.centres[arm][1]+rho*math.Sin(t)
}

// pieces cuts the range of t into as few pieces as there may be, and returns their ends: each is at most longest long on
// an arm, and turns by at most widest. There are none when it would be more than maxPieces, of which count is the number.
func (c curve) pieces(longest, widest float64) (ends []float64, count float64) {
	const steps = 1 << 14
	step := (c.to - c.from) / steps
	soFar := make([]float64, steps) // pieces before each step
	for i := range soFar {
		soFar[i] = count
		t := c.from + (float64(i)+0.5)*step
		count += step * max(math.Hypot(c.radius+c.slope*t, c.slope)/longest, 1/widest)
	}
	total := count
	if count = math.Ceil(count); !(count >= 1 && count <= maxPieces) {
		return nil, count
	}
	for i, s := range soFar {
		if n := float64(len(ends)); n < count && s >= total*n/count {
			ends = append(ends, c.from+float64(i)*step)
		}
	}
	return append(ends, c.to), count
}

const (
	pieceNodes  = 16  // of the Gauss–Legendre rule on each piece of an arm
	pieceLength = 6.0 // the most, in standard deviations of the noise
	pieceAngle  = 1.0 // the most, in radians
	maxPieces   = 128 // of each arm
)

// noisyCurve is the density of points on a curve, each arm with the same weight, plus Gaussian noise.
//
// It is the integral of N(x; point, std² I) along the curve, by the Gauss–Legendre rule: a mixture of Gaussians at the
// nodes. These are so many for the width of the Gaussians that the relative error is below 1e-6, up to a distance of
// several radii of curvature on the outer side of the curve, where the integrand narrows.
type noisyCurve struct {
	curve
	std     float64
	nodes   [][]float64 // [K][2]
	weights []float64   // [K], summing to 1
}

// leastNoise is about the least noise for which there is a density, where its standard deviation is so many times as much:
// rounded up to two digits.
func (c curve) leastNoise(times float64) float64 {
	const short = 1e-9
	_, count := c.pieces(short, math.Inf(1))
	noise := count * short / (pieceLength * maxPieces * times) // a little too little, where the angle counts as well
	for {
		unit := math.Pow(10, math.Floor(math.Log10(noise))-1)
		noise = math.Ceil(noise/unit) * unit
		noise, _ = strconv.ParseFloat(strconv.FormatFloat(noise, 'g', 2, 64), 64) // as it is written
		if ends, _ := c.pieces(pieceLength*noise*times, pieceAngle); ends != nil || noise > 1e6 {
			return noise
		}
		noise *= 1.01
	}
}

// newNoisyCurve makes the density, for a standard deviation so many times what the setting says. It is an error when it is so
// small that it would take too many nodes.
func newNoisyCurve(c curve, std, times float64) (*noisyCurve, error) {
	if !(std > 0) || math.IsInf(std, 1) {
		return nil, fmt.Errorf("%v is not a positive number", std)
	}
	ends, count := c.pieces(pieceLength*std, pieceAngle)
	if ends == nil {
		return nil, fmt.Errorf("too little for so long a curve: its density would take a quadrature of %.0f points an arm, more than %d; want at least %v",
			count*pieceNodes, maxPieces*pieceNodes, c.leastNoise(times))
	}
	p := &noisyCurve{curve: c, std: std}
	t, w := make([]float64, pieceNodes), make([]float64, pieceNodes)
	for arm := range c.signs {
		for i := range len(ends) - 1 {
			quad.Legendre{}.FixedLocations(t, w, ends[i], ends[i+1])
			for k := range t {
				x := make([]float64, 2)
				c.place(arm, t[k], x)
				p.nodes = append(p.nodes, x)
				p.weights = append(p.weights, w[k]*c.weight(t[k])/float64(len(c.signs)))
			}
		}
	}
	return p, nil
}

// LogDensity implements [Density]. It takes differences from each node, which keep their digits in float32.
func (p *noisyCurve) LogDensity(x *graph.Node) *graph.Node {
	var at [2][]float64
	logWeights := make([]float64, len(p.nodes))
	for k, node := range p.nodes {
		at[0], at[1] = append(at[0], node[0]), append(at[1], node[1])
		logWeights[k] = math.Log(p.weights[k] / (2 * math.Pi * p.std * p.std))
	}
	squared := func(k int) *graph.Node { // [n, K]
		return graph.Square(graph.DivScalar(graph.Sub(column(x, k), row(x, at[k])), p.std))
	}
	distance := graph.Add(squared(0), squared(1))
	return logSumExp(graph.Sub(row(x, logWeights), graph.MulScalar(distance, 0.5)))
}

// Draw implements [Density].
func (p *noisyCurve) Draw(shape shapes.Shape, draws random.Draws) *graph.Node {
	z := draws.Normal(shape)                                                                         // [n, 2]
	arm, u := deal(draws.Uniform(shapes.Make(dtypes.Float64, shape.Dimensions[0], 1)), len(p.signs)) // [n, arms] and [n, 1]
	var t *graph.Node
	if p.growing {
		t = graph.Sqrt(graph.AddScalar(graph.MulScalar(u, p.to*p.to-p.from*p.from), p.from*p.from))
	} else {
		t = graph.AddScalar(graph.MulScalar(u, p.to-p.from), p.from)
	}
	ofArm := func(values []float64) *graph.Node { // [n, 1]
		return graph.ReduceAndKeep(graph.Mul(arm, row(arm, values)), graph.ReduceSum, -1)
	}
	var centres [2][]float64
	for _, c := range p.centres {
		centres[0], centres[1] = append(centres[0], c[0]), append(centres[1], c[1])
	}
	rho := graph.Mul(ofArm(p.signs), graph.AddScalar(graph.MulScalar(t, p.slope), p.radius))
	point := graph.Concatenate([]*graph.Node{
		graph.Add(ofArm(centres[0]), graph.Mul(rho, graph.Cos(t))),
		graph.Add(ofArm(centres[1]), graph.Mul(rho, graph.Sin(t))),
	}, -1)
	return graph.StopGradient(graph.Add(graph.ConvertDType(point, shape.DType), graph.MulScalar(z, p.std)))
}

// Entropy implements [Density], by quadrature on a grid.
func (p *noisyCurve) Entropy() (nats float64, known bool) {
	return gridEntropy(p.nodes, p.weights, [2]float64{p.std, p.std})
}

// Dim is 2.
func (p *noisyCurve) Dim() int { return 2 }

// Sample draws n points.
func (p *noisyCurve) Sample(r *rand.Rand, n int) Points {
	points := NewPoints(n, 2)
	for i := range n {
		x := points.Row(i)
		p.place(r.IntN(len(p.signs)), p.parameter(r.Float64()), x)
		x[0] += p.std * r.NormFloat64()
		x[1] += p.std * r.NormFloat64()
	}
	return points
}
