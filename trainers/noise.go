package trainers

import (
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/random"
)

// Noise is the settings of the noise that noise contrastive estimation compares the data with.
type Noise interface {
	// Fit places the noise around the training data.
	Fit(train datasets.Points) NoiseDensity
}

// NoiseKinds are the noise distributions that a config can name.
var NoiseKinds = map[string]func() Noise{
	"gaussian": func() Noise { return &GaussianNoise{Scale: 1.5} },
	"uniform":  func() Noise { return &UniformNoise{Scale: 1.5} },
}

// NoiseDensity is a distribution that can be drawn from and evaluated.
type NoiseDensity interface {
	// Sample draws points [n, dim].
	Sample(shape shapes.Shape, draws random.Draws) *graph.Node
	// LogProb maps points [n, dim] to log densities [n].
	LogProb(x *graph.Node) *graph.Node
}

// GaussianNoise is a Gaussian with independent coordinates around the data's mean.
type GaussianNoise struct {
	// Scale is its standard deviation in multiples of the data's, coordinate by coordinate.
	Scale float64 `yaml:"scale" check:"> 0"`
}

// Fit implements Noise.
func (n *GaussianNoise) Fit(train datasets.Points) NoiseDensity {
	mean, std := train.Moments()
	for k := range std {
		std[k] *= n.Scale
	}
	return &DiagonalGaussian{mean, std}
}

// DiagonalGaussian is a normal distribution with independent coordinates.
type DiagonalGaussian struct{ Mean, Std []float64 }

// Sample implements NoiseDensity.
func (d *DiagonalGaussian) Sample(shape shapes.Shape, draws random.Draws) *graph.Node {
	z := draws.Normal(shape)
	return graph.Add(graph.Mul(z, rowOf(z, d.Std)), rowOf(z, d.Mean))
}

// LogProb implements NoiseDensity.
func (d *DiagonalGaussian) LogProb(x *graph.Node) *graph.Node {
	constant := 0.0
	for _, std := range d.Std {
		constant -= math.Log(std) + 0.5*math.Log(2*math.Pi)
	}
	z := graph.Div(graph.Sub(x, rowOf(x, d.Mean)), rowOf(x, d.Std))
	return graph.AddScalar(graph.MulScalar(graph.ReduceSum(graph.Square(z), -1), -0.5), constant)
}

// UniformNoise is uniform on a box around the data.
type UniformNoise struct {
	// Scale is the box's width in multiples of the data's range, coordinate by coordinate. Below 1 some data would lie
	// outside, where the noise has no density.
	Scale float64 `yaml:"scale" check:">= 1"`
}

// Fit implements Noise.
func (n *UniformNoise) Fit(train datasets.Points) NoiseDensity {
	low, high := train.Range()
	for k := range low {
		centre, half := (low[k]+high[k])/2, n.Scale*(high[k]-low[k])/2
		low[k], high[k] = centre-half, centre+half
	}
	return &Uniform{low, high}
}

// Uniform is the uniform distribution on a box.
type Uniform struct{ Low, High []float64 }

// Sample implements NoiseDensity.
func (d *Uniform) Sample(shape shapes.Shape, draws random.Draws) *graph.Node {
	u := draws.Uniform(shape)
	return graph.Add(graph.Mul(u, rowOf(u, d.width())), rowOf(u, d.Low))
}

// LogProb implements NoiseDensity. It is meant for points in the box, and constant: outside it is not −∞, which would
// only make the loss infinite.
func (d *Uniform) LogProb(x *graph.Node) *graph.Node {
	constant := 0.0
	for _, width := range d.width() {
		constant -= math.Log(width)
	}
	return graph.AddScalar(graph.MulScalar(graph.ReduceSum(x, -1), 0), constant)
}

func (d *Uniform) width() []float64 {
	width := make([]float64, len(d.Low))
	for k := range width {
		width[k] = d.High[k] - d.Low[k]
	}
	return width
}

// rowOf is a constant [1, dim] of x's graph and type.
func rowOf(x *graph.Node, values []float64) *graph.Node {
	return graph.InsertAxes(graph.ConvertDType(graph.Const(x.Graph(), values), x.DType()), 0)
}
