package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"

	"joule/models"
	"joule/samplers"
)

// AIS are the settings of annealed importance sampling (Neal 2001), which estimates log Z in any number of dimensions.
//
// Chains start at independent points of a normalised Gaussian p₀ and are moved by Hamiltonian Monte Carlo along the path
// p₀^(1−β) exp(−βE), β from 0 to 1 in steps; the mean of their weights is an unbiased estimate of Z, so that its logarithm is
// a lower bound of log Z in expectation. The way back from points of the model gives an upper one (Grosse, Ghahramani &
// Adams 2015; Burda, Grosse & Salakhutdinov 2015).
type AIS struct {
	// Chains is the number of chains.
	Chains int
	// Steps is the number of steps of β, and of transitions of each chain.
	Steps int
	// Leapfrog is the number of leapfrog steps of a transition.
	Leapfrog int
	// Seed fixes all randomness.
	Seed int64
}

// NewAIS returns the default settings: 512 chains, 1000 steps of 5 leapfrog steps.
func NewAIS() AIS { return AIS{Chains: 512, Steps: 1000, Leapfrog: 5} }

// Check says what is wrong with the settings; nil: nothing is.
func (a AIS) Check() error {
	switch {
	case a.Chains < 2 || a.Chains > 1_000_000:
		return fmt.Errorf("%d chains; want 2 to 1000000", a.Chains)
	case a.Steps < segments || a.Steps > 10_000_000:
		return fmt.Errorf("%d steps; want %d to 10000000", a.Steps, segments)
	case a.Leapfrog < 1 || a.Leapfrog > 1000:
		return fmt.Errorf("%d leapfrog steps; want 1 to 1000", a.Leapfrog)
	}
	return nil
}

// Bounds are what annealed importance sampling says of log Z, in nats.
type Bounds struct {
	// Lower estimates log Z, and is below it in expectation; LowerError is its standard error.
	Lower      float64 `json:"lower"`
	LowerError float64 `json:"lower_standard_error"`
	// Upper is the estimate of the way back, which is above log Z in expectation as far as the points that it starts from are
	// samples of the model: chains that went on for half as many steps from the ends of the way there. Those that went on from
	// the same end count as one in UpperError, since they may still be in the same mode.
	Upper      float64 `json:"upper"`
	UpperError float64 `json:"upper_standard_error"`
	// EffectiveChains is how many chains of equal weight would be worth as much as those of the way there, or as the ends that
	// the way back begins at: the smaller one.
	EffectiveChains float64 `json:"effective_chains"`
	// Acceptance is the share of accepted proposals.
	Acceptance float64 `json:"acceptance"`
}

// segments is the number of parts of the path, each of which has a step size of its own: found in a run that only adapts.
const segments = 20

// firstStep is the step size that adapting starts from, in standard deviations of the start, and target the acceptance that it
// aims at.
const (
	firstStep = 0.3
	target    = 0.8
	aisGain   = 0.1
)

// The purposes of the random numbers.
const (
	purposePilot = iota + 201
	purposeThere
	purposeMix
	purposeBack
	purposeResample
)

// LogZ estimates log Z of a model from a Gaussian that should be at least as wide as the model's density. An error says
// that the chains have left the numbers.
func (a AIS) LogZ(model *models.Compiled, start samplers.Start) (*Bounds, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if len(start.Mean) != model.Dim || len(start.Std) != model.Dim {
		return nil, fmt.Errorf("the start has %d means and %d standard deviations, and the model %d coordinates", len(start.Mean), len(start.Std), model.Dim)
	}
	p, err := newPath(a, model, start)
	if err != nil {
		return nil, err
	}
	defer p.close()
	scales := slices.Repeat([]float64{1}, segments)
	if _, err := p.travel(purposePilot, true, aisGain, scales, p.first); err != nil { // which leaves the step sizes found
		return nil, err
	}
	there, err := p.travel(purposeThere, true, 0, scales, p.first)
	if err != nil {
		return nil, err
	}
	mixed, ancestors, err := p.mix(there, scales[segments-1])
	if err != nil {
		return nil, err
	}
	back, err := p.travel(purposeBack, false, 0, scales, mixed)
	if err != nil {
		return nil, err
	}
	b := &Bounds{Acceptance: there.acceptance}
	var ends float64
	b.Lower, b.LowerError, b.EffectiveChains = logMean(there.logWeights, each(a.Chains))
	negative := make([]float64, len(back.logWeights))
	for i, w := range back.logWeights {
		negative[i] = -w
	}
	b.Upper, b.UpperError, ends = logMean(negative, ancestors)
	b.Upper, b.EffectiveChains = -b.Upper, min(b.EffectiveChains, ends)
	for _, std := range start.Std { // the path is in units of the start
		b.Lower += math.Log(std)
		b.Upper += math.Log(std)
	}
	for _, v := range []float64{b.Lower, b.LowerError, b.Upper, b.UpperError} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, errors.New("annealed importance sampling gives no finite log Z: the energy is not finite, or has no lower bound, where its chains go")
		}
	}
	return b, nil
}

// logMean is the logarithm of the mean of weights given by theirs, its standard error by the delta method, and how many
// equal weights would vary as little. Weights of one group, a number below theirs, depend on each other, and count as one draw;
// the error of a single group, which cannot be told, is put at 1.
func logMean(logWeights []float64, groups []int) (log, standardError, effective float64) {
	n, largest, sum := len(logWeights), slices.Max(logWeights), 0.0
	sums, sizes := make([]float64, n), make([]float64, n) // of the groups
	for i, w := range logWeights {
		v := math.Exp(w - largest)
		sum += v
		sums[groups[i]] += v
		sizes[groups[i]]++
	}
	mean, squares, deviations, count := sum/float64(n), 0.0, 0.0, 0.0
	for group, size := range sizes {
		if size > 0 {
			count++
			squares += sums[group] * sums[group]
			deviations += math.Pow(sums[group]-size*mean, 2)
		}
	}
	standardError = 1
	if count > 1 {
		standardError = math.Sqrt(deviations*count/(count-1)) / sum
	}
	return largest + math.Log(mean), standardError, sum * sum / squares
}

// each are n groups of one.
func each(n int) []int {
	groups := make([]int, n)
	for i := range groups {
		groups[i] = i
	}
	return groups
}

// travelled is where chains have come to.
type travelled struct {
	x          *tensors.Tensor // [chains, dim]
	logWeights []float64       // those of the way, always in its direction from p₀ to the model
	acceptance float64
}
