package datasets

import (
	"fmt"
	"math"
	"strconv"
)

// Synthetic holds the settings of points drawn from a known density.
type Synthetic struct {
	Size        int `yaml:"size" check:"> 0, <= 100000000"` // points drawn, both parts together
	Preparation `yaml:",inline"`
}

var defaultSynthetic = Synthetic{Size: 10000, Preparation: defaultPreparation}

// maxDrawn is the largest number of coordinates that are drawn: two gigabytes, and as much again for the split.
const maxDrawn = 1 << 28

// maxDim is the largest number of coordinates of a mixture, which keeps a matrix of that many rows for each component.
const maxDim = 2048

// maxCovariances is the largest number of entries of these matrices together: half a gigabyte, three times over.
const maxCovariances = 1 << 26

// tooLarge says why a mixture cannot be kept, or nothing.
func tooLarge(components, dim int) string {
	switch {
	case dim > maxDim:
		return fmt.Sprintf("%d coordinates are more than %d", dim, maxDim)
	case dim > 0 && components > maxCovariances/dim/dim:
		return fmt.Sprintf("%d components of %d coordinates are more than %d, for which there is memory", components, dim, maxCovariances/dim/dim)
	}
	return ""
}

// load draws the points from the density and prepares them.
func (s Synthetic) load(p hosted, env Env) (*Set, error) {
	if s.Size < 1 {
		return nil, fmt.Errorf("size: %d is not positive", s.Size)
	}
	if s.Size > maxDrawn/p.Dim() {
		return nil, fmt.Errorf("size: %d points of %d coordinates are more than %d numbers; at most %d points can be drawn", s.Size, p.Dim(), maxDrawn, maxDrawn/p.Dim())
	}
	return s.prepare(p.Sample(newRand(env.Seed, streamPoints), s.Size), nil, p, env.Seed)
}

// GaussianMixture draws points from a mixture of Gaussians, whose density is known exactly. They are isotropic where
// variances are given, and any where covariances are.
type GaussianMixture struct {
	Means       [][]float64   `yaml:"means" check:"len >= 1"`     // one a component, all of the same length
	Variances   []float64     `yaml:"variances" check:"each > 0"` // one a component, the same in every direction
	Covariances [][][]float64 `yaml:"covariances"`                // one a component, symmetric and positive definite
	Weights     []float64     `yaml:"weights" check:"each > 0"`   // one a component, summing to 1; all equal when left out
	Labels      bool          `yaml:"labels"`                     // whether points have their component as their class
	Synthetic   `yaml:",inline"`
}

// Check reports what is wrong across the keys.
func (s *GaussianMixture) Check(report func(key, problem string)) {
	if len(s.Means) > 0 {
		if problem := tooLarge(len(s.Means), len(s.Means[0])); problem != "" {
			report("means", problem)
		}
	}
	for k, mean := range s.Means {
		if len(mean) == 0 || len(mean) != len(s.Means[0]) {
			report("means", fmt.Sprintf("mean %d has %d coordinates, want at least one and as many as mean 1 (%d)",
				k+1, len(mean), len(s.Means[0])))
		}
	}
	s.checkWidths(report)
	if len(s.Weights) == 0 {
		return
	}
	if len(s.Weights) != len(s.Means) {
		report("weights", fmt.Sprintf("%d weights for %d means, want one each or none at all", len(s.Weights), len(s.Means)))
	} else if sum := total(s.Weights); !sumsToOne(sum) {
		report("weights", fmt.Sprintf("they sum to %v, want 1", sum))
	}
}

// checkWidths reports what is wrong with variances and covariances, of which there is one.
func (s *GaussianMixture) checkWidths(report func(key, problem string)) {
	switch variances, covariances, means := len(s.Variances), len(s.Covariances), len(s.Means); {
	case covariances == 0 && variances == 0:
		report("variances", "there are none, and no covariances, want one of the two with an entry for each mean")
	case covariances == 0:
		if variances != means {
			report("variances", fmt.Sprintf("%d variances for %d means, want one each", variances, means))
		}
	case variances > 0:
		report("covariances", "variances are given too, want one of the two")
	case covariances != means:
		report("covariances", fmt.Sprintf("%d covariances for %d means, want one each", covariances, means))
	case tooLarge(means, len(s.Means[0])) == "":
		for k, c := range s.Covariances {
			if _, err := cholesky(c, len(s.Means[0])); err != nil {
				report("covariances", fmt.Sprintf("covariance %d: %v", k+1, err))
			}
		}
	}
}

// Load draws the points.
func (s *GaussianMixture) Load(env Env) (*Set, error) {
	weights := s.Weights
	if len(weights) == 0 {
		weights = equalWeights(len(s.Means))
	}
	var m *Mixture
	var err error
	if len(s.Covariances) > 0 {
		m, err = NewMixture(weights, s.Means, s.Covariances)
	} else {
		m, err = NewIsotropic(weights, s.Means, s.Variances)
	}
	if err != nil {
		return nil, err
	}
	set, err := s.load(m, env)
	if err == nil && s.Labels {
		set.Labels, err = s.labels(m, env.Seed)
	}
	return set, err
}

// labels are the components of the points that load draws, named by their numbers, counted from 0. They are drawn again, and
// dealt as the points are, of which there are as many.
func (s *GaussianMixture) labels(m *Mixture, seed int64) (*Labels, error) {
	_, components := m.sampleComponents(newRand(seed, streamPoints), s.Size)
	column := NewPoints(s.Size, 1)
	for i, k := range components {
		column.Values[i] = float64(k)
	}
	deal := s.Preparation
	deal.Standardize = false
	dealt, err := deal.prepare(column, nil, nil, seed)
	if err != nil {
		return nil, err
	}
	of := func(part Points) []int {
		labels := make([]int, part.N)
		for i, v := range part.Values {
			labels[i] = int(v)
		}
		return labels
	}
	l := &Labels{Train: of(dealt.Train), Validation: of(dealt.Validation), Test: of(dealt.Test)}
	for k := range m.Means {
		l.Classes = append(l.Classes, strconv.Itoa(k))
	}
	return l, nil
}

// TwoGaussians draws points from equal parts of N((−2, −2), ½I) and N((2, 2), ½I).
type TwoGaussians struct {
	Synthetic `yaml:",inline"`
}

// Load draws the points.
func (s *TwoGaussians) Load(env Env) (*Set, error) {
	m, err := NewIsotropic(equalWeights(2), [][]float64{{-2, -2}, {2, 2}}, []float64{0.5, 0.5})
	if err != nil {
		return nil, err
	}
	return s.load(m, env)
}

func equalWeights(components int) []float64 {
	weights := make([]float64, components)
	for k := range weights {
		weights[k] = 1 / float64(components)
	}
	return weights
}

func total(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum
}

// sumsToOne allows for weights that were written with six decimals.
func sumsToOne(sum float64) bool { return math.Abs(sum-1) <= 1e-6 }
