package conformance

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
	"joule/trainers"
)

func cnce(s scope) values {
	var settings struct {
		NoiseRatio int              `json:"noise_ratio"`
		NoiseScale float64          `json:"noise_scale"`
		Optimizer  *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	demand(settings.NoiseRatio > 0, "settings.noise_ratio is %d; want a positive number", settings.NoiseRatio)
	demand(settings.NoiseScale > 0, "settings.noise_scale is %v; want a positive number", settings.NoiseScale)
	method := &trainers.CNCE{NoiseRatio: settings.NoiseRatio, NoiseScale: settings.NoiseScale}
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return method.Loss(net, s.x(), s.need("noise", settings.NoiseRatio*s.points(), s.dim()))
	})
}

func rankingNCE(s scope) values {
	var settings struct {
		NoiseRatio        int              `json:"noise_ratio"`
		NoiseDistribution noiseOfCase      `json:"noise_distribution"`
		Optimizer         *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	demand(settings.NoiseRatio > 0, "settings.noise_ratio is %d; want a positive number", settings.NoiseRatio)
	density := settings.NoiseDistribution.density(s)
	method := &trainers.RankingNCE{NoiseRatio: settings.NoiseRatio}
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return method.Loss(net, density, s.x(), s.need("noise", settings.NoiseRatio*s.points(), s.dim()))
	})
}

func energyDiscrepancy(s scope) values {
	var settings struct {
		T         float64          `json:"t"`
		Negatives int              `json:"negatives"`
		W         float64          `json:"w"`
		Optimizer *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	demand(settings.T > 0, "settings.t is %v; want a positive number", settings.T)
	demand(settings.Negatives > 0, "settings.negatives is %d; want a positive number", settings.Negatives)
	demand(settings.W >= 0, "settings.w is %v; want no negative number", settings.W)
	method := &trainers.EnergyDiscrepancy{T: settings.T, Negatives: settings.Negatives, W: settings.W}
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		away := s.need("noise", s.points(), s.dim())
		return method.Loss(net, s.x(), away, s.need("noise_back", settings.Negatives*s.points(), s.dim()))
	})
}

// adversarial is the energy's part, with the points and the densities of the sampler given.
func adversarial(s scope) values {
	var settings struct {
		Weights           string           `json:"weights"`
		EnergyL2          float64          `json:"energy_l2"`
		GradientPenalty   float64          `json:"gradient_penalty"`
		NoiseDistribution noiseOfCase      `json:"noise_distribution"`
		Optimizer         *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	demand(settings.Weights == "equal" || settings.Weights == "importance", "settings.weights %q is not known; known: equal, importance", settings.Weights)
	demand(settings.EnergyL2 >= 0 && settings.GradientPenalty >= 0, "settings: energy_l2 %v and gradient_penalty %v; want no negative numbers", settings.EnergyL2, settings.GradientPenalty)
	density := settings.NoiseDistribution.density(s)
	method := &trainers.Adversarial{Weights: settings.Weights, EnergyL2: settings.EnergyL2, GradientPenalty: settings.GradientPenalty}
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return method.Loss(net, density, s.x(), s.need("negatives", s.points(), s.dim()))
	})
}

// noiseOfCase is a noise distribution as a case describes it.
type noiseOfCase struct {
	Kind string    `json:"kind"`
	Mean []float64 `json:"mean"`
	Std  []float64 `json:"std"`
}

// density is the distribution, which has to fit the case.
func (n noiseOfCase) density(s scope) *trainers.DiagonalGaussian {
	demand(n.Kind == "gaussian", "settings.noise_distribution.kind %q is not known; known: gaussian", n.Kind)
	demand(len(n.Mean) == s.dim() && len(n.Std) == s.dim(), "settings.noise_distribution has %d means and %d standard deviations; want %d of each", len(n.Mean), len(n.Std), s.dim())
	demand(slices.Min(n.Std) > 0, "settings.noise_distribution.std holds %v; want positive numbers", slices.Min(n.Std))
	return &trainers.DiagonalGaussian{Mean: [][]float64{n.Mean}, Std: [][]float64{n.Std}}
}
