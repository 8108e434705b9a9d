package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/random"
	"joule/models"
	"joule/samplers"
	"joule/trainers"
)

// values are what a calculation gives, by the names that a case's expect uses.
type values map[string][]*graph.Node

// calculations are the methods that a case may name: one function for each, which decodes its settings and calls the
// graph functions that training calls. They panic with an error that says what is wrong with the case.
var calculations map[string]func(scope) values

func init() {
	calculations = map[string]func(scope) values{
		"energy": energy, "langevin": langevin,
		"mle": mle, "fisher": fisher, "dsm": dsm, "nce": nce,
	}
}

func knownMethods() []string { return slices.Sorted(maps.Keys(calculations)) }

func energy(s scope) values {
	s.settings(&struct{}{})
	x := s.need("x")
	return values{"energy": {s.net().Energy(x)}, "score": {s.net().Score(x)}}
}

func langevin(s scope) values {
	settings := struct {
		StepSize    float64 `json:"step_size"`
		Steps       int     `json:"steps"`
		Temperature float64 `json:"temperature"`
	}{Temperature: 1}
	s.settings(&settings)
	sampler := &samplers.Langevin{Steps: settings.Steps, StepSize: settings.StepSize, Temperature: settings.Temperature}
	draws := random.NewReplay(s.graph, s.need("noise"), nil)
	return values{"x": {samplers.Run(sampler, s.net(), s.need("x"), draws)}}
}

func mle(s scope) values {
	var settings struct {
		EnergyL2  float64          `json:"energy_l2"`
		Optimizer *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	method := &trainers.MLE{EnergyL2: settings.EnergyL2}
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return method.Loss(net, s.need("x"), s.need("negatives"))
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
	if err != nil {
		panic(fmt.Errorf("settings.target: %w", err))
	}
	x := s.need("x")
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
	if settings.Weighting != "none" && settings.Weighting != "variance" {
		panic(fmt.Errorf("settings.weighting %q is not known; known: none, variance", settings.Weighting))
	}
	method := &trainers.DSM{Sigma: settings.Sigma, Weighting: settings.Weighting}
	return s.train(settings.Optimizer, func(net models.Net) *graph.Node {
		return method.Loss(net, s.need("x"), s.need("noise"))
	})
}

func nce(s scope) values {
	var settings struct {
		NoiseRatio        int     `json:"noise_ratio"`
		LogZ              float64 `json:"log_z"`
		NoiseDistribution struct {
			Kind string    `json:"kind"`
			Mean []float64 `json:"mean"`
			Std  []float64 `json:"std"`
		} `json:"noise_distribution"`
		Optimizer *optimizerOfCase `json:"optimizer"`
	}
	s.settings(&settings)
	noise := settings.NoiseDistribution
	if noise.Kind != "gaussian" {
		panic(fmt.Errorf("settings.noise_distribution.kind %q is not known; known: gaussian", noise.Kind))
	}
	density := &trainers.DiagonalGaussian{Mean: noise.Mean, Std: noise.Std}
	method := &trainers.NCE{NoiseRatio: settings.NoiseRatio}
	logZ := graph.Scalar(s.graph, s.dtype, settings.LogZ)
	loss := func(net models.Net) *graph.Node { return method.Loss(net, logZ, density, s.need("x"), s.need("noise")) }
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
	if err := strict(text, into); err != nil {
		panic(fmt.Errorf("settings: %w", err))
	}
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

// train gives the loss and its gradients, or with an optimizer the losses before each step and the parameters after
// the last.
func (s scope) train(o *optimizerOfCase, loss func(models.Net) *graph.Node) values {
	if o == nil {
		l := loss(s.net())
		return values{"loss": {l}, "grads": graph.Gradient(l, s.theta...)}
	}
	if o.Kind != "adam" || o.Steps < 1 {
		panic(fmt.Errorf("settings.optimizer: kind %q with %d steps; want adam and at least one", o.Kind, o.Steps))
	}
	adam := trainers.Optimizer{Kind: o.Kind, LearningRate: o.Rate, Schedule: "constant", Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon}
	theta, moments := s.theta, make([]trainers.Moments, len(s.theta))
	for i, p := range theta {
		moments[i] = trainers.Moments{First: graph.ZerosLike(p), Second: graph.ZerosLike(p)}
	}
	var losses []*graph.Node
	for i := range o.Steps {
		l := loss(models.Net{Model: s.c.model(), Theta: theta})
		losses = append(losses, l)
		step := graph.Const(s.graph, int32(i))
		theta, moments = adam.Update(step, adam.Rate(step, o.Steps, s.dtype), theta, graph.Gradient(l, theta...), moments)
	}
	return values{"losses": losses, "params": theta}
}
