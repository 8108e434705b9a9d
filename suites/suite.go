// Package suites says which runs there are to be: a grid of settings over configs, so that methods, data, models and whatever
// else has a key can be compared.
//
// A [Suite] is read from YAML, as strictly as a config is. The suites that come with the program are the YAML files of this
// folder, embedded in it.
package suites

import (
	"fmt"
	"slices"
	"strings"

	"joule/internal/strictyaml"
	"joule/results"
)

// Suite is a grid of runs, and what is measured of each.
type Suite struct {
	Name        string `yaml:"name" check:"required"`
	Description string `yaml:"description"`
	// Config is what runs start from: a file beside the suite's, or a config that comes with the program. An axis config of the
	// grid has others.
	Config string `yaml:"config"`
	// Set are keys of the config, dotted paths, with values for all runs.
	Set strictyaml.Tree `yaml:"set"`
	// Grid are keys of the config with a list of values each: there is a cell for every combination. A key of Budget, such as
	// budget.steps, can be one of them.
	Grid strictyaml.Tree `yaml:"grid"`
	// Exclude takes cells out: those that have all the values of one of its maps, a value or a list of them each.
	Exclude []strictyaml.Tree `yaml:"exclude"`
	// Include adds cells, each by a map of keys and values.
	Include []strictyaml.Tree `yaml:"include"`
	// Overrides change keys in some cells.
	Overrides []Override `yaml:"overrides"`
	// Seeds is the number of runs of each cell, with seeds from FirstSeed on.
	Seeds     int   `yaml:"seeds" check:"> 0, <= 100000"`
	FirstSeed int64 `yaml:"first_seed" check:">= 0"`
	// Budget is what each run may take; empty leaves that to its config.
	Budget Budget `yaml:"budget"`
	// Metrics are the figures that are measured, by their names; what a run takes is always among its figures.
	Metrics []string `yaml:"metrics" check:"len >= 1"`
	// Measure says how.
	Measure Measure `yaml:"measure"`
	// Replicas is how many runs of a cell are trained at once in one program; 0 leaves it to the program: all seeds up to sixteen
	// where the data are drawn from a density, and otherwise one.
	Replicas int `yaml:"replicas" check:">= 0, <= 4096"`
	// Timeout is how many seconds a run may take, measuring included, before it is given up; 0 is for ever.
	Timeout float64 `yaml:"timeout" check:">= 0"`
	// Keep says what is kept of a run beside its row: its run directory, or nothing.
	Keep string `yaml:"keep" check:"in runs|rows"`

	// Dir is the folder that configs are looked for in; empty is that of the embedded ones. It is not a key.
	Dir string `yaml:"-"`
	// Text is the suite with all that it extends, as YAML.
	Text string `yaml:"-"`
}

// Override changes keys in the cells that have all the values of Where.
type Override struct {
	Where strictyaml.Tree `yaml:"where"`
	// Config is what these start from; empty leaves it as it is.
	Config string          `yaml:"config"`
	Set    strictyaml.Tree `yaml:"set"`
}

// Budget is what a run may take, so that methods compare at equal cost. At most one of them is given.
type Budget struct {
	// Steps is the number of training steps.
	Steps int `yaml:"steps" check:">= 0, <= 2000000000"`
	// Seconds is wall time of training, compilation apart: the number of steps follows from a short trial.
	Seconds float64 `yaml:"seconds" check:">= 0"`
	// GradientEvaluations is how often the gradient of the network may be evaluated at a point.
	GradientEvaluations float64 `yaml:"gradient_evaluations" check:">= 0, <= 1e18"`
}

// Check refuses two budgets at once.
func (b *Budget) Check(report func(key, problem string)) {
	given := 0
	for _, is := range []bool{b.Steps > 0, b.Seconds > 0, b.GradientEvaluations > 0} {
		if is {
			given++
		}
	}
	if given > 1 {
		report("", "has several; want one of steps, seconds and gradient_evaluations")
	}
}

// Measure says how trained models are measured.
type Measure struct {
	// Samples is the number of points that are drawn from the model where a metric needs them, with the sampler of its config.
	Samples int `yaml:"samples" check:"> 0, <= 1000000"`
	// Grid is the number of points an axis of the quadrature; 0 is the default.
	Grid int `yaml:"grid" check:">= 0, <= 4001"`
	// AISChains and AISSteps are those of annealed importance sampling.
	AISChains int `yaml:"ais_chains" check:"> 0, <= 100000"`
	AISSteps  int `yaml:"ais_steps" check:"> 0, <= 1000000"`
	// TargetKL is what time_to_target and steps_to_target are about: the first look at which the KL is no more.
	TargetKL float64 `yaml:"target_kl" check:"> 0"`
	// Looks is how often the KL is looked at while a run trains, where these are asked for.
	Looks int `yaml:"looks" check:"> 0, <= 10000"`
}

// needs are metrics that a suite can ask for. Everything else in results.Figures is there without asking.
var needs = []string{"kl", "fisher", "test_nll", "ais_nll", "ksd", "mmd", "sliced_wasserstein", "modes", "auroc", "accuracy", "time_to_target"}

// Metrics that are drawn samples of.
var ofSamples = []string{"mmd", "sliced_wasserstein", "modes"}

// Metrics lists what a suite can ask for.
func Metrics() []string { return slices.Clone(needs) }

// Wants says whether a metric is asked for.
func (s *Suite) Wants(metric string) bool { return slices.Contains(s.Metrics, metric) }

// NeedsSamples says whether some metric needs points of the model.
func NeedsSamples(metrics []string) bool {
	return slices.ContainsFunc(metrics, func(m string) bool { return slices.Contains(ofSamples, m) })
}

// Defaults is what keys that a file leaves out are set to.
func defaults() *Suite {
	return &Suite{
		Seeds: 1, Metrics: []string{"kl", "fisher", "test_nll"}, Keep: "runs",
		Measure: Measure{Samples: 2000, AISChains: 512, AISSteps: 1000, TargetKL: 0.1, Looks: 20},
	}
}

// Check refuses metrics that there are not, and a name that is no name of a folder.
func (s *Suite) Check(report func(key, problem string)) {
	for i, m := range s.Metrics {
		if slices.Contains(needs, m) {
			continue
		}
		problem := fmt.Sprintf("%.40q is unknown; known: %s", m, strings.Join(needs, ", "))
		if near, ok := strictyaml.Nearest(m, needs); ok {
			problem = fmt.Sprintf("%.40q is unknown; did you mean %q?", m, near)
		} else if _, isFigure := results.FigureOf(m); isFigure {
			problem = fmt.Sprintf("%q is measured without asking; what can be asked for is %s", m, strings.Join(needs, ", "))
		}
		report(fmt.Sprintf("metrics[%d]", i), problem)
	}
	if s.Name != "" && s.Name != plain(s.Name) {
		report("name", fmt.Sprintf("%.60q is to be the name of a folder; want letters, digits and any of . _ = + -", s.Name))
	}
}
