package trainers

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/random"
)

// Noise is the settings of the noise that noise contrastive estimation compares the data with.
type Noise interface {
	// Fit places the noise around the training data, of each replica where there are several. An error says which setting
	// does not fit the data.
	Fit(p Problem) (NoiseDensity, error)
}

// NoiseKinds are the noise distributions that a config can name.
var NoiseKinds = map[string]func() Noise{
	"gaussian": func() Noise { return NewGaussianNoise() },
	"uniform":  func() Noise { return &UniformNoise{Scale: 1.5} },
	"mixture":  func() Noise { return NewMixtureNoise() },
	"density":  func() Noise { return &DensityNoise{} },
}

// fitNoise is Fit for a method of a kind, which needs data that varies: other data has no density.
func fitNoise(kind string, noise Noise, p Problem) (NoiseDensity, error) {
	if err := checkVaries(kind, p); err != nil {
		return nil, err
	}
	return noise.Fit(p)
}

// checkVaries refuses data of which a coordinate has one value everywhere.
func checkVaries(kind string, p Problem) error {
	seen, err := p.seen()
	if err != nil {
		return err
	}
	for _, points := range seen {
		low, high := points.Range()
		for k := range low {
			if low[k] == high[k] {
				return fmt.Errorf("method %s needs data that varies: coordinate %d is %v at every training point, and noise around it would have no density", kind, k+1, low[k])
			}
		}
	}
	return nil
}

// NoiseDensity is a distribution that can be drawn from and evaluated.
type NoiseDensity interface {
	LogDensity
	// Sample draws points [n, dim], or [replicas, n, dim].
	Sample(shape shapes.Shape, draws Draws) *graph.Node
}

// LogDensity is a density that can be evaluated.
type LogDensity interface {
	// LogProb maps points [n, dim] to log densities [n].
	LogProb(x *graph.Node) *graph.Node
}

// GaussianNoise is a Gaussian around the data's mean.
type GaussianNoise struct {
	// Scale is its standard deviation in multiples of the data's, coordinate by coordinate or, with a full covariance, in
	// every direction.
	Scale float64 `yaml:"scale" check:"> 0"`
	// Covariance is diagonal, with independent coordinates, or full, as the data's.
	Covariance string `yaml:"covariance" check:"in diagonal|full"`
}

// NewGaussianNoise returns the default settings: independent coordinates of 1.5 times the data's spread.
func NewGaussianNoise() *GaussianNoise { return &GaussianNoise{Scale: 1.5, Covariance: "diagonal"} }

// Fit implements Noise.
func (n *GaussianNoise) Fit(p Problem) (NoiseDensity, error) {
	if n.Covariance == "full" {
		return fitEach(p, func(train datasets.Points) (*datasets.Mixture, error) {
			return (&MixtureNoise{Components: 1, Scale: n.Scale}).fit(train)
		})
	}
	var d DiagonalGaussian
	seen, err := p.seen()
	if err != nil {
		return nil, err
	}
	for _, points := range seen {
		mean, std := points.Moments()
		for k := range std {
			std[k] *= n.Scale
		}
		d.Mean, d.Std = append(d.Mean, mean), append(d.Std, std)
	}
	return &d, nil
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
