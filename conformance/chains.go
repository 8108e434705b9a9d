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
	sampler := samplers.NewULA(settings.Steps, settings.StepSize)
	sampler.Temperature = settings.Temperature
	return values{"x": {s.chains(sampler, sampler.StepSize, "noise").X}}
}

func mala(s scope) values {
	var settings struct {
		StepSize float64 `json:"step_size"`
		Steps    int     `json:"steps"`
	}
	s.settings(&settings)
	end := s.chains(&samplers.MALA{Steps: settings.Steps, StepSize: settings.StepSize}, settings.StepSize, "noise")
	return values{"x": {end.X}, "accept_rate": {graph.DivScalar(end.Accepted, float64(settings.Steps))}}
}

func hmc(s scope) values {
	var settings struct {
		StepSize float64 `json:"step_size"`
		Steps    int     `json:"steps"`
		Leapfrog int     `json:"leapfrog"`
	}
	s.settings(&settings)
	demand(settings.Leapfrog > 0, "settings.leapfrog is %d; want a positive number", settings.Leapfrog)
	sampler := &samplers.HMC{Steps: settings.Steps, StepSize: settings.StepSize, Leapfrog: settings.Leapfrog}
	end := s.chains(sampler, settings.StepSize, "momentum")
	return values{"x": {end.X}, "accept_rate": {graph.DivScalar(end.Accepted, float64(settings.Steps))}}
}

// chains runs a sampler from x, with the case's normal numbers under a name and its uniform ones where it has any.
func (s scope) chains(sampler samplers.Sampler, stepSize float64, normals string) samplers.State {
	steps := sampler.Length()
	demand(stepSize > 0 && steps > 0, "settings: step_size %v and steps %d; want both positive", stepSize, steps)
	var uniforms *graph.Node
	if _, isLangevin := sampler.(*samplers.Langevin); !isLangevin {
		uniforms = s.need("uniform", steps, s.points())
	}
	draws := random.NewReplay(s.graph, s.need(normals, steps, s.points(), s.dim()), uniforms)
	return samplers.Run(sampler, s.net(), s.x(), samplers.Options{}, draws)
}
