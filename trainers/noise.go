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
	// Fit places the noise around the training data, of each replica where there are several.
	Fit(train ...datasets.Points) NoiseDensity
}

// NoiseKinds are the noise distributions that a config can name.
var NoiseKinds = map[string]func() Noise{
	"gaussian": func() Noise { return &GaussianNoise{Scale: 1.5} },
	"uniform":  func() Noise { return &UniformNoise{Scale: 1.5} },
}

// NoiseDensity is a distribution that can be drawn from and evaluated.
type NoiseDensity interface {
	// Sample draws points [n, dim], or [replicas, n, dim].
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
func (n *GaussianNoise) Fit(train ...datasets.Points) NoiseDensity {
	var d DiagonalGaussian
	for _, points := range train {
		mean, std := points.Moments()
		for k := range std {
			std[k] *= n.Scale
		}
		d.Mean, d.Std = append(d.Mean, mean), append(d.Std, std)
	}
	return &d
}

// DiagonalGaussian is a normal distribution with independent coordinates, or one for each replica.
type DiagonalGaussian struct{ Mean, Std [][]float64 } // [replicas][dim]

// Sample implements NoiseDensity.
func (d *DiagonalGaussian) Sample(shape shapes.Shape, draws random.Draws) *graph.Node {
	z := draws.Normal(shape)
	return graph.Add(graph.Mul(z, rowOf(z, d.Std)), rowOf(z, d.Mean))
}

// LogProb implements NoiseDensity.
func (d *DiagonalGaussian) LogProb(x *graph.Node) *graph.Node {
	z := graph.Div(graph.Sub(x, rowOf(x, d.Mean)), rowOf(x, d.Std))
	distance := graph.MulScalar(graph.ReduceSum(graph.Square(z), -1), -0.5)
	return graph.Add(distance, constantOf(distance, d.Std, func(std float64) float64 {
		return -math.Log(std) - 0.5*math.Log(2*math.Pi)
	}))
}

// UniformNoise is uniform on a box around the data.
type UniformNoise struct {
	// Scale is the box's width in multiples of the data's range, coordinate by coordinate. Below 1 some data would lie
	// outside, where the noise has no density.
	Scale float64 `yaml:"scale" check:">= 1"`
}

// Fit implements Noise.
func (n *UniformNoise) Fit(train ...datasets.Points) NoiseDensity {
	var d Uniform
	for _, points := range train {
		low, high := points.Range()
		for k := range low {
			centre, half := (low[k]+high[k])/2, n.Scale*(high[k]-low[k])/2
			low[k], high[k] = centre-half, centre+half
		}
		d.Low, d.High = append(d.Low, low), append(d.High, high)
	}
	return &d
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

// rowOf is a constant of x's type that fits points x: [1, dim], or [replicas, 1, dim].
func rowOf(x *graph.Node, values [][]float64) *graph.Node {
	row := graph.ConvertDType(graph.Const(x.Graph(), values), x.DType()) // [replicas, dim]
	if x.Rank() > 2 {
		row = graph.InsertAxes(row, 1)
	}
	return row
}

// constantOf is the sum of a function of the coordinates' values, as a constant that fits x: [batch] or
// [replicas, batch].
func constantOf(x *graph.Node, values [][]float64, f func(float64) float64) *graph.Node {
	sums := make([][]float64, len(values)) // [replicas][1]
	for i, row := range values {
		sums[i] = []float64{0}
		for _, v := range row {
			sums[i][0] += f(v)
		}
	}
	if x.Rank() == 1 {
		return graph.Scalar(x.Graph(), x.DType(), sums[0][0])
	}
	return graph.ConvertDType(graph.Const(x.Graph(), sums), x.DType())
}
