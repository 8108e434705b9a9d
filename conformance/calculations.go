package conformance

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/models"
	"joule/trainers"
)

// values are what a calculation gives, by the names that a case's expect uses.
type values map[string][]*graph.Node

// calculations are the methods that a case may name: one function for each, which decodes its settings and calls the
// graph functions that training calls. They panic with an error that says what is wrong with the case.
var calculations map[string]func(scope) values

func init() {
	calculations = map[string]func(scope) values{
		"energy":   energy,
		"langevin": langevin, "mala": mala, "hmc": hmc, "underdamped": underdamped,
		"parallel_tempering": parallelTempering, "svgd": svgd, "descent": descent,
		"mle": mle, "fisher": fisher, "dsm": dsm, "nce": nce,
		"sm": sm, "ssm": ssm, "fdsm": fdsm, "ksd": ksd,
		"cnce": cnce, "ranking_nce": rankingNCE, "energy_discrepancy": energyDiscrepancy, "adversarial": adversarial,
	}
}

func knownMethods() []string { return slices.Sorted(maps.Keys(calculations)) }

func energy(s scope) values {
	s.settings(&struct{}{})
	x := s.x()
	return values{"energy": {s.net().Energy(x)}, "score": {s.net().Score(x)}}
}

func mle(s scope) values {
	var settings struct {
		EnergyL2  float64          `json:"energy_l2"`
		Optimizer *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	demand(settings.EnergyL2 >= 0, "settings.energy_l2 is %v; want no negative number", settings.EnergyL2)
	method := &trainers.Contrast{EnergyL2: settings.EnergyL2}
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return method.Loss(net, s.x(), s.need("negatives", s.points(), s.dim()))
	})
}

func fisher(s scope) values {
	var settings struct {
		Target struct {
			Means     [][]float64 `json:"means"`
			Variances []float64   `json:"variances"`
			Weights   []float64   `json:"weights"`
		} `json:"target"`
		Optimizer *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	target, err := datasets.NewIsotropic(settings.Target.Weights, settings.Target.Means, settings.Target.Variances)
	demand(err == nil, "settings.target: %w", err)
	demand(target.Dim() == s.dim(), "settings.target has %d coordinates, and the model %d", target.Dim(), s.dim())
	x := s.x()
	out := s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return (&trainers.Fisher{}).Loss(net, target, x)
	})
	out["target_score"] = []*graph.Node{datasets.Score(target, x)}
	out["target_log_prob"] = []*graph.Node{target.LogDensity(x)}
	return out
}

func dsm(s scope) values {
	var settings struct {
		Sigma     float64          `json:"sigma"`
		Weighting string           `json:"weighting"`
		Optimizer *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	demand(settings.Sigma > 0, "settings.sigma is %v; want a positive number", settings.Sigma)
	demand(settings.Weighting == "none" || settings.Weighting == "variance", "settings.weighting %q is not known; known: none, variance", settings.Weighting)
	method := &trainers.DSM{Sigma: settings.Sigma, Weighting: settings.Weighting}
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return method.Loss(net, s.x(), s.need("noise", s.points(), s.dim()))
	})
}

func nce(s scope) values {
	var settings struct {
		NoiseRatio        int              `json:"noise_ratio"`
		LogZ              float64          `json:"log_z"`
		NoiseDistribution noiseOfCase      `json:"noise_distribution"`
		Optimizer         *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	demand(settings.NoiseRatio > 0, "settings.noise_ratio is %d; want a positive number", settings.NoiseRatio)
	density := settings.NoiseDistribution.density(s)
	method := &trainers.NCE{NoiseRatio: settings.NoiseRatio}
	logZ := graph.Scalar(s.graph, s.dtype, settings.LogZ)
	loss := func(net models.Net) *graph.Node {
		return method.Loss(net, logZ, density, s.x(), s.need("noise", settings.NoiseRatio*s.points(), s.dim()))
	}
	out := s.train(settings.Optimizer, loss)
	out["grad_log_z"] = graph.Gradient(loss(s.net()), logZ)
	return out
}

// settings decodes the case's settings strictly.
func (s scope) settings(into any) {
	text := s.c.Settings
	if len(text) == 0 {
		text = json.RawMessage("{}")
	}
	err := strict(text, into)
	demand(err == nil, "settings: %w", err)
}

// optimizerOfCase is an optimizer as a case describes it.
type optimizerOfCase struct {
	Kind    string  `json:"kind"`
	Rate    float64 `json:"lr"`
	Beta1   float64 `json:"beta1"`
	Beta2   float64 `json:"beta2"`
	Epsilon float64 `json:"epsilon"`
	Steps   int     `json:"steps"`
}

// maxUnrolled is the largest number of optimizer steps, each of which is a part of the graph.
const maxUnrolled = 100

// train gives the loss and its gradients, or with an optimizer the losses before each step and the parameters after
// the last.
func (s scope) train(o *optimizerOfCase, loss func(models.Net) *graph.Node) values {
	if o == nil {
		l := loss(s.net())
		return values{"loss": {l}, "grads": graph.Gradient(l, s.theta...)}
	}
	demand(o.Kind == "adam" && o.Steps > 0, "settings.optimizer: kind %q with %d steps; want adam and at least one", o.Kind, o.Steps)
	demand(o.Steps <= maxUnrolled, "settings.optimizer: %d steps; at most %d are computed", o.Steps, maxUnrolled)
	adam := trainers.Optimizer{Kind: o.Kind, LearningRate: o.Rate, Schedule: "constant", Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon}
	theta, moments := slices.Clone(s.theta), make([]trainers.Moments, len(s.theta))
	for i, p := range theta {
		moments[i] = trainers.Moments{First: graph.ZerosLike(p), Second: graph.ZerosLike(p)}
	}
	var losses []*graph.Node
	for i := range o.Steps {
		l := loss(models.Net{Model: s.c.model(), Theta: slices.Clone(theta)})
		losses = append(losses, l)
		step := graph.Const(s.graph, int32(i))
		rate := adam.Rate(step, o.Steps, s.dtype)
		for k, g := range graph.Gradient(l, theta...) {
			theta[k], moments[k] = adam.Update(step, rate, theta[k], g, moments[k])
		}
	}
	return values{"losses": losses, "params": theta}
}
