package datasets

import (
	"fmt"
	"math"
	"slices"
)

// EightGaussians draws points from equal isotropic Gaussians whose means are evenly spaced on a circle around the origin,
// the first of them on the x0 axis.
type EightGaussians struct {
	Modes     int     `yaml:"modes" check:"> 0, <= 1000"`  // number of Gaussians
	Radius    float64 `yaml:"radius" check:"> 0, <= 1000"` // of the circle
	Std       float64 `yaml:"std" check:"> 0, <= 1000"`    // standard deviation of each, along every axis
	Synthetic `yaml:",inline"`
}

// NewEightGaussians returns the default settings: eight, on a circle of radius 2√2.
func NewEightGaussians() *EightGaussians {
	return &EightGaussians{Modes: 8, Radius: 2 * math.Sqrt2, Std: 0.2, Synthetic: defaultSynthetic}
}

// Load draws the points.
func (s *EightGaussians) Load(env Env) (*Set, error) {
	if s.Modes < 1 {
		return nil, fmt.Errorf("modes: %d is not positive", s.Modes)
	}
	means := make([][]float64, s.Modes)
	for k := range means {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / float64(s.Modes))
		means[k] = []float64{s.Radius * cos, s.Radius * sin}
	}
	m, err := NewIsotropic(equalWeights(s.Modes), means, slices.Repeat([]float64{s.Std * s.Std}, s.Modes))
	if err != nil {
		return nil, err
	}
	return s.load(m, env)
}
