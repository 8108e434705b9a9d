package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// SimplexMixture draws points from isotropic Gaussians whose means are as far from each other, each from every other, in any
// number of dimensions: a regular simplex around the origin, in some direction that depends on the dimension alone. So what a
// number of dimensions does to a method can be seen alone: the modes are no farther apart, and no other.
type SimplexMixture struct {
	Dim       int       `yaml:"dim" check:"> 0, <= 2048"` // coordinates of a point
	Modes     int       `yaml:"modes" check:"> 0, <= 64"` // number of Gaussians, at most one more than coordinates
	Distance  float64   `yaml:"distance" check:"> 0"`     // of two means
	Std       float64   `yaml:"std" check:"> 0"`          // standard deviation of each, along every axis
	Weights   []float64 `yaml:"weights" check:"each > 0"` // one a mode, summing to 1; all equal when left out
	Synthetic `yaml:",inline"`
}

// NewSimplexMixture returns the default settings: three modes, six standard deviations apart, each as likely as the others.
func NewSimplexMixture() *SimplexMixture {
	return &SimplexMixture{Dim: 2, Modes: 3, Distance: 6, Std: 1, Synthetic: defaultSynthetic}
}

// Check reports what is wrong across the keys.
func (s *SimplexMixture) Check(report func(key, problem string)) {
	if s.Modes > s.Dim+1 {
		report("modes", fmt.Sprintf("%d points cannot be equally far from each other in %d dimensions; want at most %d", s.Modes, s.Dim, s.Dim+1))
	} else if problem := tooLarge(s.Modes, s.Dim); problem != "" {
		report("dim", problem)
	}
	if len(s.Weights) == 0 {
		return
	}
	if len(s.Weights) != s.Modes {
		report("weights", fmt.Sprintf("%d weights for %d modes, want one each or none at all", len(s.Weights), s.Modes))
	} else if sum := total(s.Weights); !sumsToOne(sum) {
		report("weights", fmt.Sprintf("they sum to %v, want 1", sum))
	}
}

// Load draws the points.
func (s *SimplexMixture) Load(env Env) (*Set, error) {
	if s.Dim < 1 || s.Modes < 1 || s.Modes > s.Dim+1 {
		return nil, fmt.Errorf("modes: %d in %d dimensions, want at least one and at most one more than dimensions", s.Modes, s.Dim)
	}
	weights := s.Weights
	if len(weights) == 0 {
		weights = equalWeights(s.Modes)
	}
	m, err := NewIsotropic(weights, simplex(s.Dim, s.Modes, s.Distance), slices.Repeat([]float64{s.Std * s.Std}, s.Modes))
	if err != nil {
		return nil, err
	}
	return s.load(m, env)
}

// simplex is n points in dim dimensions, each as far from every other, with their middle at the origin.
func simplex(dim, n int, distance float64) [][]float64 {
	// The corners of the unit cube next to the origin are √2 apart; less their middle they lie in n−1 dimensions, of which a
	// basis is turned to one of as many directions that are drawn.
	corners := make([][]float64, n)
	for k := range corners {
		corners[k] = make([]float64, n)
		for j := range corners[k] {
			corners[k][j] = -1 / float64(n)
		}
		corners[k][k]++
	}
	within := orthonormal(corners[:n-1])
	r := rand.New(rand.NewPCG(uint64(dim), 0))
	drawn := make([][]float64, n-1)
	for k := range drawn {
		drawn[k] = make([]float64, dim)
		for j := range drawn[k] {
			drawn[k][j] = r.NormFloat64()
		}
	}
	directions := orthonormal(drawn)
	points := make([][]float64, n)
	for k, corner := range corners {
		points[k] = make([]float64, dim)
		for b, direction := range directions {
			along := dot(corner, within[b]) * distance / math.Sqrt2
			for j, v := range direction {
				points[k][j] += along * v
			}
		}
	}
	return points
}
