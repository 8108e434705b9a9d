package datasets

import (
	"fmt"
	"math"
)

// SwissRoll draws points from a spiral with Gaussian noise: the plane of scikit-learn's make_swiss_roll, divided by 5.
// The spiral is t·(cos t, sin t) with t uniform from 1.5π to 4.5π.
type SwissRoll struct {
	Noise     float64 `yaml:"noise" check:"> 0, <= 1000"` // its standard deviation before the division: that of the points is a fifth
	Synthetic `yaml:",inline"`
}

// NewSwissRoll returns the default settings.
func NewSwissRoll() *SwissRoll { return &SwissRoll{Noise: 1, Synthetic: defaultSynthetic} }

func (s *SwissRoll) density() (*noisyCurve, error) {
	return newNoisyCurve(curve{
		centres: [][2]float64{{0, 0}}, signs: []float64{1}, slope: 1. / 5, from: 1.5 * math.Pi, to: 4.5 * math.Pi,
	}, s.Noise/5, 0.2)
}

// Check reports noise for which there is no density.
func (s *SwissRoll) Check(report func(key, problem string)) {
	if _, err := s.density(); err != nil {
		report("noise", err.Error())
	}
}

// Load draws the points.
func (s *SwissRoll) Load(env Env) (*Set, error) {
	p, err := s.density()
	if err != nil {
		return nil, fmt.Errorf("noise: %w", err)
	}
	return s.load(p, env)
}
