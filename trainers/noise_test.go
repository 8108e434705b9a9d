package trainers

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/random"
)

var fourPoints = datasets.Points{N: 4, Dim: 2, Values: []float64{0, 10, 2, 10, 0, 30, 2, 30}}

// fitted is noise fitted to training points, of each replica where there are several.
func fitted(t *testing.T, noise Noise, train ...datasets.Points) NoiseDensity {
	t.Helper()
	var p Problem
	for _, points := range train {
		p.Data = append(p.Data, &datasets.Set{Train: points})
	}
	density, err := noise.Fit(p)
	if err != nil {
		t.Fatal(err)
	}
	return density
}

// Noise is placed around the data: Gaussian with its mean and a multiple of its standard deviation, uniform on a multiple
// of its range.
func TestNoiseFit(t *testing.T) {
	gauss := fitted(t, &GaussianNoise{Scale: 1.5}, fourPoints).(*DiagonalGaussian)
	if !slices.Equal(gauss.Mean[0], []float64{1, 20}) || !slices.Equal(gauss.Std[0], []float64{1.5, 15}) {
		t.Errorf("Gaussian noise %+v, want mean (1, 20) and standard deviation (1.5, 15)", gauss)
	}
	box := fitted(t, &UniformNoise{Scale: 2}, fourPoints).(*Uniform)
	if !slices.Equal(box.Low[0], []float64{-1, 0}) || !slices.Equal(box.High[0], []float64{3, 40}) {
		t.Errorf("uniform noise %+v, want from (-1, 0) to (3, 40)", box)
	}
}

// Draws have the distribution's mean and standard deviation, within five standard errors (σ/√n; for the standard
// deviation σ·√((κ−1)/4n) with the kurtosis κ, 3 or 9/5), and uniform ones stay in the box.
func TestNoiseSample(t *testing.T) {
	const n = 20000
	box := &Uniform{Low: [][]float64{{-1, 0}}, High: [][]float64{{3, 40}}}
	tests := []struct {
		noise     NoiseDensity
		mean, std []float64
		kurtosis  float64
	}{
		{&DiagonalGaussian{Mean: [][]float64{{1, 20}}, Std: [][]float64{{1.5, 15}}}, []float64{1, 20}, []float64{1.5, 15}, 3},
		{box, []float64{1, 20}, []float64{4 / math.Sqrt(12), 40 / math.Sqrt(12)}, 1.8},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, test := range tests {
			got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{test.noise.Sample(shapes.Make(dtypes.Float32, n, 2), random.NewStream(in[0]))}
			}, random.Seed(1, 1))[0]
			points := datasets.Points{N: n, Dim: 2, Values: got}
			mean, std := points.Moments()
			for k := range mean {
				near(t, fmt.Sprintf("%T: mean %d", test.noise, k), mean[k], test.mean[k], 5*test.std[k]/math.Sqrt(n))
				near(t, fmt.Sprintf("%T: standard deviation %d", test.noise, k), std[k], test.std[k], 5*test.std[k]*math.Sqrt((test.kurtosis-1)/(4*n)))
			}
			if test.noise == NoiseDensity(box) {
				low, high := points.Range()
				for k := range low {
					if low[k] < box.Low[0][k] || high[k] > box.High[0][k] {
						t.Errorf("uniform draws reach from %v to %v", low, high)
					}
				}
			}
		}
	})
}
