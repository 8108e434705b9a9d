// Package configs says what a run is made of: which data, which model, which method, and all their settings.
//
// A [Config] is read from YAML, strictly (see package strictyaml). The configs that come with the program are the YAML
// files of this folder, embedded in it; files whose name starts with an underscore hold what others share.
package configs

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"joule/datasets"
	"joule/internal/strictyaml"
	"joule/models"
	"joule/samplers"
	"joule/trainers"
)

// Config is all the settings of a run. Together with a backend it determines the run.
type Config struct {
	Name string `yaml:"name" check:"required"`
	// Seed fixes the data drawn, its split, the initial parameters and all randomness of the training.
	Seed int64 `yaml:"seed" check:">= 0"`
	// DataSeed fixes the data drawn and its split, in the place of Seed: runs of other seeds then share them.
	DataSeed *int64 `yaml:"data_seed"`
	// Backend is auto, go, xla:cpu, xla:cuda or xla: with the path of a PJRT plugin.
	Backend string `yaml:"backend"`

	Data      datasets.Source    `yaml:"data" check:"required"`
	Model     models.Energy      `yaml:"model" check:"required"`
	Method    trainers.Method    `yaml:"method" check:"required"`
	Optimizer trainers.Optimizer `yaml:"optimizer"`
	Train     trainers.Loop      `yaml:"train"`
	// Sampler draws from the trained model; a method that samples while it trains has a sampler of its own.
	Sampler samplers.Sampler `yaml:"sampler"`
	// Sampling says how points are taken from its chains.
	Sampling samplers.Sampling `yaml:"sampling"`

	// Dir is the folder that relative paths in Data refer to; empty is the working directory. It is not a key.
	Dir string `yaml:"-"`
}

// defaults is what keys that a file leaves out are set to.
func defaults() *Config {
	return &Config{
		Backend:   "auto",
		Optimizer: trainers.NewOptimizer(),
		Train:     trainers.NewLoop(),
		// Long enough for chains to reach the model's density from a Gaussian around the data.
		Sampler:  samplers.NewULA(1000, 0.01),
		Sampling: samplers.NewSampling(),
	}
}

// kinds are the sections that come in several kinds, as they are when the first config is read: until then a program can add its own
// to the Kinds of their packages.
var kinds = sync.OnceValue(func() *strictyaml.Registry {
	r := strictyaml.NewRegistry()
	strictyaml.Register(r, datasets.Kinds)
	strictyaml.Register(r, models.Kinds)
	strictyaml.Register(r, samplers.Kinds)
	strictyaml.Register(r, trainers.Kinds)
	strictyaml.Register(r, trainers.NoiseKinds)
	return r
})

// backends are the names that Backend can have, besides xla: with a path.
var backends = []string{"auto", "go", "xla:cpu", "xla:cuda"}

// Check refuses a backend that cannot exist, a sampler that does not fit the model or the chains that there are to be, and
// a method that cannot train the model on this kind of data. Whether the backend exists on this machine is found out when it
// is opened.
func (c *Config) Check(report func(key, problem string)) {
	c.checkSampling(report)
	setting := trainers.Setting{Data: c.Data, Model: c.Model, Method: c.Method, Loop: c.Train}
	if picky, ok := c.Method.(trainers.Picky); ok {
		picky.Suits(setting, report)
	}
	c.Train.EarlyStopping.Suits(setting, report)
	c.checkBackend(report)
}

func (c *Config) checkSampling(report func(key, problem string)) {
	if c.Sampler == nil || c.Model == nil {
		return
	}
	if err := c.Sampler.Fit(c.Model); err != nil {
		report("sampler", err.Error())
	} else if c.Sampling.Scales() {
		if err := samplers.FitScaled(c.Sampler, c.Model); err != nil {
			report("sampling.precondition", fmt.Sprintf("is %q: %s", c.Sampling.Precondition, err))
		}
	}
	if c.Sampling.Chains > 0 {
		if err := samplers.CheckChains(c.Sampler, c.Sampling.Chains, 1, 1); err != nil {
			report("sampling.chains", err.Error())
		}
	}
}

func (c *Config) checkBackend(report func(key, problem string)) {
	for _, name := range backends {
		if c.Backend == name {
			return
		}
	}
	if plugin, ok := strings.CutPrefix(c.Backend, "xla:"); ok && filepath.IsAbs(plugin) {
		return
	}
	const known = "known: auto, go, xla:cpu, xla:cuda, xla:/path/plugin.so"
	if near, ok := strictyaml.Nearest(c.Backend, backends); ok {
		report("backend", fmt.Sprintf("%.60q is unknown; did you mean %q? %s", c.Backend, near, known))
		return
	}
	report("backend", fmt.Sprintf("%.60q is unknown; %s", c.Backend, known))
}

// LoadData draws or reads the data of the config.
func (c *Config) LoadData() (*datasets.Set, error) {
	return c.Data.Load(datasets.Env{Dir: c.Dir, Seed: c.SeedOfData()})
}

// SeedOfData fixes the data drawn and its split.
func (c *Config) SeedOfData() int64 {
	if c.DataSeed != nil {
		return *c.DataSeed
	}
	return c.Seed
}

// Encode writes the config with all its settings, the defaults too, as YAML that Load reads back as the same config.
func (c *Config) Encode() ([]byte, error) { return strictyaml.Encode(c, kinds()) }
