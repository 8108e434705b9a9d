package datasets

import (
	"fmt"
	"math"
)

// Spirals draws points from two interleaved spirals with Gaussian noise, like those of Grathwohl et al. 2019 (FFJORD): the
// arms are ±(t/3)·(cos t, sin t), where t is 2π·turns times the root of a uniform number, so that the points are spread
// almost evenly along them.
type Spirals struct {
	Turns     float64 `yaml:"turns" check:"> 0, <= 10"`   // of each arm around the origin
	Noise     float64 `yaml:"noise" check:"> 0, <= 1000"` // its standard deviation
	Synthetic `yaml:",inline"`
}

// NewSpirals returns the default settings.
func NewSpirals() *Spirals { return &Spirals{Turns: 1.5, Noise: 0.1, Synthetic: defaultSynthetic} }

func (s *Spirals) density() (*noisyCurve, error) {
	return newNoisyCurve(curve{
		centres: [][2]float64{{0, 0}, {0, 0}}, signs: []float64{1, -1}, slope: 1. / 3, to: 2 * math.Pi * s.Turns, growing: true,
	}, s.Noise, 1)
}

// Check reports noise for which there is no density.
func (s *Spirals) Check(report func(key, problem string)) {
	if _, err := s.density(); err != nil {
		report("noise", err.Error())
	}
}

// Load draws the points.
func (s *Spirals) Load(env Env) (*Set, error) {
	if !(s.Turns > 0) {
		return nil, fmt.Errorf("turns: %v is not positive", s.Turns)
	}
	p, err := s.density()
	if err != nil {
		return nil, fmt.Errorf("noise: %w", err)
	}
	return s.load(p, env)
}
