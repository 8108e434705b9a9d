package conformance

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/samplers"
)

func langevin(s scope) values {
	settings := struct {
		StepSize    float64 `json:"step_size"`
		Steps       int     `json:"steps"`
		Temperature float64 `json:"temperature"`
	}{Temperature: 1}
	s.settings(&settings)
	demand(settings.Temperature >= 0, "settings.temperature is %v; want no negative number", settings.Temperature)
	sampler := samplers.NewULA(settings.Steps, settings.StepSize)
	sampler.Temperature = settings.Temperature
	return s.chains(sampler, sampler.StepSize, needed{normals: "noise", each: 1})
}

func mala(s scope) values {
	var settings struct {
		StepSize float64 `json:"step_size"`
		Steps    int     `json:"steps"`
	}
	s.settings(&settings)
	sampler := &samplers.MALA{Steps: settings.Steps, StepSize: settings.StepSize}
	return s.chains(sampler, sampler.StepSize, needed{normals: "noise", uniforms: 1, each: 1})
}

func hmc(s scope) values {
	var settings struct {
		StepSize float64 `json:"step_size"`
		Steps    int     `json:"steps"`
		Leapfrog int     `json:"leapfrog"`
	}
	s.settings(&settings)
	demand(settings.Leapfrog > 0 && settings.Leapfrog <= maxLeapfrog, "settings.leapfrog is %d; want 1 to %d", settings.Leapfrog, maxLeapfrog)
	sampler := &samplers.HMC{Steps: settings.Steps, StepSize: settings.StepSize, Leapfrog: settings.Leapfrog}
	return s.chains(sampler, sampler.StepSize, needed{normals: "momentum", uniforms: 1, each: 1})
}

func underdamped(s scope) values {
	var settings struct {
		StepSize float64 `json:"step_size"`
		Steps    int     `json:"steps"`
		Friction float64 `json:"friction"`
	}
	s.settings(&settings)
	demand(settings.Friction > 0, "settings.friction is %v; want a positive number", settings.Friction)
	sampler := &samplers.Underdamped{Steps: settings.Steps, StepSize: settings.StepSize, Friction: settings.Friction}
	return s.chains(sampler, sampler.StepSize, needed{normals: "noise", first: 1, each: 1})
}

func parallelTempering(s scope) values {
	var settings struct {
		StepSize       float64 `json:"step_size"`
		Steps          int     `json:"steps"`
		Temperatures   int     `json:"temperatures"`
		MaxTemperature float64 `json:"max_temperature"`
	}
	s.settings(&settings)
	k := settings.Temperatures
	demand(k >= 2 && k <= 1000 && settings.MaxTemperature > 1, "settings: %d temperatures up to %v; want 2 to 1000, and more than 1", k, settings.MaxTemperature)
	sampler := &samplers.ParallelTempering{Steps: settings.Steps, StepSize: settings.StepSize, Temperatures: k, MaxTemperature: settings.MaxTemperature}
	return s.chains(sampler, sampler.StepSize, needed{normals: "noise", uniforms: 2, each: k})
}

func svgd(s scope) values {
	var settings struct {
		StepSize  float64 `json:"step_size"`
		Steps     int     `json:"steps"`
		Bandwidth float64 `json:"bandwidth"`
	}
	s.settings(&settings)
	demand(settings.Bandwidth >= 0, "settings.bandwidth is %v; want a positive number, or 0", settings.Bandwidth)
	return s.chains(&samplers.SVGD{Steps: settings.Steps, StepSize: settings.StepSize, Bandwidth: settings.Bandwidth}, settings.StepSize, needed{})
}

func descent(s scope) values {
	var settings struct {
		StepSize float64 `json:"step_size"`
		Steps    int     `json:"steps"`
		Momentum string  `json:"momentum"`
	}
	s.settings(&settings)
	demand(settings.Momentum == "none" || settings.Momentum == "nesterov", "settings.momentum %q is not known; known: nesterov, none", settings.Momentum)
	return s.chains(&samplers.Descent{Steps: settings.Steps, StepSize: settings.StepSize, Momentum: settings.Momentum}, settings.StepSize, needed{})
}

// The largest numbers of transitions, and of leapfrog steps in each, that are computed.
const (
	maxTransitions = 10_000
	maxLeapfrog    = 1000
)

// needed says which random numbers a kernel takes.
type needed struct {
	normals  string // the input with the normal ones, [first + steps, each·B, D]; empty: none
	uniforms int    // draws of uniform ones in a transition, of the input uniform [uniforms·steps, each·B]
	first    int    // draws of normal ones before the first transition
	each     int    // rows of a draw for each point
}

// chains runs a sampler from x, with the random numbers of the case.
func (s scope) chains(sampler samplers.Sampler, stepSize float64, n needed) values {
	steps := sampler.Length()
	demand(stepSize > 0 && steps > 0, "settings: step_size %v and steps %d; want both positive", stepSize, steps)
	demand(steps <= maxTransitions, "settings.steps is %d; at most %d are computed", steps, maxTransitions)
	var normals, uniforms *graph.Node
	if n.normals != "" {
		normals = s.need(n.normals, n.first+steps, n.each*s.points(), s.dim())
	}
	if n.uniforms > 0 {
		uniforms = s.need("uniform", n.uniforms*steps, n.each*s.points())
		for _, u := range s.c.Inputs["uniform"].values {
			demand(u >= 0 && u < 1, "inputs.uniform holds %v; want numbers in [0, 1)", u)
		}
	}
	end := samplers.Run(sampler, s.net(), s.x(), samplers.Options{}, random.NewReplay(s.graph, normals, uniforms))
	out := values{"x": {end.X}}
	if end.Accepted != nil {
		out["accept_rate"] = []*graph.Node{graph.DivScalar(end.Accepted, float64(steps))}
	}
	return out
}
