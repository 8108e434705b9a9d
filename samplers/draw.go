package samplers

import (
	"errors"
	"fmt"
	"math"

	"joule/models"
)

// Sampling says how points are taken from chains.
type Sampling struct {
	// Chains is the number of chains; 0 is one for each point, and there are never more.
	Chains int `yaml:"chains" check:">= 0, <= 10000000"`
	// Thinning is the number of transitions from one point of a chain to its next. Before the first one are the sampler's
	// steps: the burn-in.
	Thinning int `yaml:"thinning" check:"> 0, <= 1000000000"`
	// Precondition says what the coordinates are divided by while chains move: none, nothing; start, the standard deviations
	// of where they start; chains, those of chains, measured in a run before those that count.
	Precondition string `yaml:"precondition" check:"in none|start|chains"`
}

// NewSampling returns the default settings: one point from each chain.
func NewSampling() Sampling { return Sampling{Thinning: 10, Precondition: "none"} }

// Of is the number of chains that n points are taken from.
func (s Sampling) Of(n int) int {
	if s.Chains == 0 {
		return n
	}
	return min(s.Chains, n)
}

// Scales says whether chains move in scaled coordinates.
func (s Sampling) Scales() bool { return s.Precondition != "none" }

// FitScaled says what keeps a sampler that fits a model from moving in scaled coordinates; nil: nothing does.
func FitScaled(s Sampler, model models.Energy) error {
	if s.Fit(models.Net{Model: model}.Scaled(nil).Model) != nil {
		return errors.New("the sampler goes through the noise levels of the model, which are in the coordinates of the data and not in scaled ones; want none")
	}
	if within, ok := s.(*Ensemble); ok {
		s = within.Local
	}
	if l, ok := s.(*Langevin); ok && len(l.Bounds) > 0 {
		return errors.New("the sampler has bounds, which are in the coordinates of the data and not in scaled ones; want none")
	}
	return nil
}

// Sample is what was drawn.
type Sample struct {
	// Chains and Draws are the number of chains, and that of the points of each.
	Chains, Draws, Dim int
	// Points are the points, [draws][chains][dim] in one row: the first of every chain, the second of every chain, and so on.
	Points []float64
	// Energies are theirs, [draws][chains].
	Energies []float64
	// Acceptance is the share of proposals that were accepted once the step size was no longer adapted; NaN where the sampler
	// accepts all.
	Acceptance float64
	// StepScale is what the step size was multiplied by in the end.
	StepScale float64
}

// Draw takes n points from Markov chains of a compiled model, or more where the chains have no equal share of n. The same
// seed gives the same points. With other settings of how points are taken the noise is other noise, too: a chain that is
// thinned differently does not pass through the same points.
//
// A sampler that adapts its step size does so in the first half of the burn-in. Where chains are measured for the
// preconditioner, others are run before, as long as the burn-in; the chains that count start anew, as a Gaussian of what was
// measured.
func Draw(model *models.Compiled, s Sampler, how Sampling, start Start, n int, seed int64) (*Sample, error) {
	count := how.Of(n)
	scale, burnIn := []float64(nil), s.Length()
	if how.Scales() {
		scale = widths(start)
	}
	var c *Chains
	var err error
	if how.Precondition == "chains" {
		if start, err = measured(model, s, start, count, ^seed); err != nil { // with random numbers of its own
			return nil, err
		}
		scale = widths(start)
	}
	if c, err = NewChains(model, s, start, scale, count, seed, burnIn/2); err != nil {
		return nil, err
	}
	defer c.Close()
	return c.take(n, burnIn, how.Thinning)
}

// take makes the burn-in, and takes at least n points of all chains together.
func (c *Chains) take(n, burnIn, thinning int) (*Sample, error) {
	sample := &Sample{Chains: c.n, Draws: (n + c.n - 1) / c.n, Dim: c.model.Dim}
	if err := c.Run(burnIn / 2); err != nil {
		return nil, err
	}
	if err := c.Recount(); err != nil {
		return nil, err
	}
	for draw := range sample.Draws {
		transitions := thinning
		if draw == 0 {
			transitions = burnIn - burnIn/2
		}
		if err := c.Run(transitions); err != nil {
			return nil, err
		}
		points, energies, err := c.Points()
		if err != nil {
			return nil, err
		}
		sample.Points, sample.Energies = append(sample.Points, points...), append(sample.Energies, energies...)
	}
	var err error
	if sample.Acceptance, err = c.Acceptance(); err != nil {
		return nil, err
	}
	sample.StepScale, err = c.StepScale()
	return sample, err
}

// widths are the standard deviations of a start, to divide by: 1 in place of 0, where all chains start alike.
func widths(start Start) []float64 {
	std := append([]float64(nil), start.Std...)
	for k := range std {
		if std[k] == 0 {
			std[k] = 1
		}
	}
	return std
}

// How chains are measured: in the second half of a run as long as the burn-in, so many times, and trusted no further than
// this factor away from the start.
const (
	measurements = 20
	maxMeasured  = 1e4
)

// measured is where chains are after a burn-in: the mean and the standard deviation of all of them, coordinate by
// coordinate.
func measured(model *models.Compiled, s Sampler, start Start, n int, seed int64) (Start, error) {
	scale := widths(start)
	c, err := NewChains(model, s, start, scale, n, seed, s.Length()/2)
	if err != nil {
		return Start{}, err
	}
	defer c.Close()
	half := s.Length() / 2
	if err := c.Run(half); err != nil {
		return Start{}, err
	}
	dim, count := model.Dim, 0
	mean, square := make([]float64, dim), make([]float64, dim)
	for range measurements {
		if err := c.Run(max(half/measurements, 1)); err != nil {
			return Start{}, err
		}
		points, _, err := c.Points()
		if err != nil {
			return Start{}, err
		}
		for i, v := range points {
			d := v - start.Mean[i%dim]
			mean[i%dim] += d
			square[i%dim] += d * d
		}
		count += n
	}
	found := Start{Mean: make([]float64, dim), Std: make([]float64, dim)}
	for k := range dim {
		mean[k] /= float64(count)
		std := math.Sqrt(max(square[k]/float64(count)-mean[k]*mean[k], 0)) // rounding may make it less
		found.Mean[k] = start.Mean[k] + mean[k]
		found.Std[k] = min(max(std, scale[k]/maxMeasured), scale[k]*maxMeasured)
		if math.IsNaN(std) || math.IsInf(std, 0) {
			return Start{}, fmt.Errorf("the chains diverged while they were measured (sampling.precondition: chains): coordinate %d is not finite; a smaller sampler.step_size keeps them stable", k+1)
		}
	}
	return found, nil
}
