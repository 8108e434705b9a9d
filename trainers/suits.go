package trainers

import (
	"joule/datasets"
	"joule/models"
	"joule/samplers"
)

// Setting is what else a config has that a method has to go with. Parts that are wrong by themselves are nil.
type Setting struct {
	Data   datasets.Source
	Model  models.Energy
	Method Method
	Loop   Loop
}

// Picky is implemented by methods that can tell by the settings alone, before any data is loaded, that they cannot train.
type Picky interface {
	// Suits reports what does not go with the method, by its key in the config.
	Suits(s Setting, report func(key, problem string))
}

// suits reports a sampler that cannot run on the model, or not from where chains start: anew from noise, or elsewhere.
func (c *Contrast) suits(s Setting, anew bool, report func(key, problem string)) {
	if c.Sampler == nil || s.Model == nil {
		return
	}
	if err := c.Sampler.Fit(s.Model); err != nil {
		report("method.sampler", err.Error())
	}
	if !anew && samplers.Spreads(c.Sampler) {
		report("method.sampler", spreadInVain)
	}
}

// suits reports noise of a density that is not known.
func suits(noise Noise, s Setting, report func(key, problem string)) {
	n, ok := noise.(*DensityNoise)
	switch {
	case !ok:
	case n.Data != nil && !datasets.KnowsDensity(n.Data):
		report("method.noise.data", noDensityNamed)
	case n.Data == nil && s.Data != nil && !datasets.KnowsDensity(s.Data):
		report("method.noise", noDensityOwn)
	}
}

// SpecError says which part of a spec does not fit the others.
type SpecError struct {
	error
	// ByMethod says that it is the method that refuses the model or the data.
	ByMethod bool
}

// Unwrap is what is wrong.
func (e *SpecError) Unwrap() error { return e.error }
