package datasets

import (
	"fmt"
	"math"
)

// TwoMoons draws points from two interleaving half circles with Gaussian noise: scikit-learn's make_moons, times 2 and
// moved by (−1, −0.2). Each half circle has the same weight, and points lie on it uniformly.
type TwoMoons struct {
	Noise     float64 `yaml:"noise" check:"> 0, <= 1000"` // its standard deviation before the scaling: that of the points is twice as large
	Synthetic `yaml:",inline"`
}

// NewTwoMoons returns the default settings.
func NewTwoMoons() *TwoMoons { return &TwoMoons{Noise: 0.1, Synthetic: defaultSynthetic} }

// density is that of the points: of (cos t, sin t) and (1 − cos t, ½ − sin t), scaled and moved.
func (s *TwoMoons) density() (*noisyCurve, error) {
	return newNoisyCurve(curve{
		centres: [][2]float64{{-1, -0.2}, {1, 0.8}}, signs: []float64{1, -1}, radius: 2, to: math.Pi,
	}, 2*s.Noise, 2)
}

// Check reports noise for which there is no density.
func (s *TwoMoons) Check(report func(key, problem string)) {
	if _, err := s.density(); err != nil {
		report("noise", err.Error())
	}
}

// Load draws the points.
func (s *TwoMoons) Load(env Env) (*Set, error) {
	p, err := s.density()
	if err != nil {
		return nil, fmt.Errorf("noise: %w", err)
	}
	return s.load(p, env)
}
