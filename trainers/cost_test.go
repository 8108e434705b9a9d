package trainers

import (
	"errors"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/backendtest"
	"joule/internal/products"
	"joule/internal/strictyaml"
	"joule/models"
	"joule/samplers"
)

// costDim is the number of coordinates of the points that costs are counted for.
const costDim = 3

// costSpecs are methods of every kind, and further settings that what they cost depends on.
func costSpecs(t *testing.T) map[string]Spec {
	t.Helper()
	data := normalData(60, make([]float64, costDim), 1)
	data.Density = gaussian(t, make([]float64, costDim), 1)
	labelled := *data
	labelled.Labels = twoClasses(60).Labels
	spec := func(method Method) Spec {
		s := Spec{
			Model: &models.MLP{Hidden: []int{64, 64, 64}, Activation: "silu", Confinement: 2}, Method: method, Data: data,
			Optimizer: NewOptimizer(), Loop: Loop{Steps: 1, BatchSize: 20, LogEvery: 1, EMA: 0.9},
		}
		switch method.(type) {
		case *MSDSM:
			s.Model = &models.ConditionalMLP{Hidden: []int{64, 64, 64}, Activation: "silu", NoiseLevels: models.NoiseLevels{SigmaMin: 0.1, SigmaMax: 3, DataStd: 1, Embedding: 4}}
		case *JEM:
			s.Data = &labelled
			s.Model = &models.MLP{Hidden: []int{64, 64, 64}, Activation: "silu", Confinement: 2, Head: models.Head{Number: 2}}
		}
		return s
	}
	specs := map[string]Spec{}
	for kind, construct := range Kinds {
		specs[kind] = spec(construct())
	}
	small := &models.Flow{Layers: 2, Hidden: []int{4}, Activation: "tanh", ScaleBound: 1}
	short := Contrast{Sampler: samplers.NewULA(1, 0.1)}
	steep := Contrast{GradientPenalty: 0.1, SpectralPenalty: 0.1, EnergyL2: 0.1, Sampler: &samplers.HMC{Steps: 2, StepSize: 0.1, Leapfrog: 3, TargetAcceptance: 0.8}}
	hot := Contrast{Sampler: &samplers.ParallelTempering{Steps: 3, StepSize: 0.1, Temperatures: 4, MaxTemperature: 5}}
	pcd := PCD{InitStd: 1, BufferSize: 40, RestartFraction: 0.1, Contrast: Contrast{DataNoise: 0.1, Sampler: samplers.NewMALA()}}
	pcd.Sampler.(*samplers.MALA).Steps = 2
	for name, method := range map[string]Method{
		"cd-1": &CD{short}, "cd with penalties": &CD{steep}, "short_run at temperatures": &ShortRun{1, hot}, "mle of data": &MLE{"data", pcd}, "mle of chains": &MLE{"persistent", pcd},
		"ssm, three": &SSM{Projections: 3, Distribution: "gaussian"}, "fdsm, three": &FDSM{Epsilon: 1, Projections: 3, Distribution: "spherical"},
		"fisher of draws": &Fisher{Points: "density"}, "ksd, v": &KSD{Kernel: "rbf", Bandwidth: 1, Statistic: "v"},
		"msdsm, no levels": &MSDSM{}, "nce, seven": &NCE{NoiseRatio: 7, Noise: NewGaussianNoise()}, "cnce, one": &CNCE{NoiseRatio: 1, NoiseScale: 1},
		"energy_discrepancy, two":      &EnergyDiscrepancy{T: 1, Negatives: 2, W: 1},
		"flow_nce, small flow":         &FlowNCE{NoiseRatio: 2, Flow: small, Defence: 0.25},
		"flow_nce, no defence":         &FlowNCE{NoiseRatio: 2, Flow: small, Likelihood: 1},
		"flow_nce, large flow":         &FlowNCE{NoiseRatio: 2, Flow: models.NewFlow(), Likelihood: 1},
		"adversarial, small flow":      &Adversarial{Flow: small, Weights: importance, Defence: 0.5},
		"adversarial, no defence":      &Adversarial{Flow: small, Weights: importance},
		"adversarial, equal weights":   &Adversarial{Flow: small, Weights: "equal", Defence: 0.5, GradientPenalty: 1, Likelihood: 1},
		"adversarial, large flow":      &Adversarial{Flow: models.NewFlow(), Weights: importance, Likelihood: 1},
		"jem of cd-1":                  &JEM{Generative: &CD{short}, Classification: 1},
		"jem of dsm":                   &JEM{Generative: NewDSM(), Classification: 1},
		"jem of dsm, conditional":      &JEM{Generative: NewDSM(), Classification: 1, Conditional: true},
		"jem of sm":                    &JEM{Generative: NewSM(), Classification: 1},
		"jem of nce":                   &JEM{Generative: NewNCE(), Classification: 1},
		"jem of cd-1, conditional":     &JEM{Generative: &CD{short}, Classification: 1, Conditional: true},
		"dsm of a model within models": NewDSM(),
	} {
		specs[name] = spec(method)
	}
	within := specs["dsm of a model within models"]
	within.Model = &models.Radial{Inner: &models.Tilted{Base: models.NewMLP(), Tilt: models.NewFlow()}, Scale: 2, Power: 2}
	specs["dsm of a model within models"] = within
	pair := specs["dsm"]
	pair.Replicas = []Replica{{data, 1}}
	specs["dsm of two replicas"] = pair
	large := specs["nce"]
	large.Loop.BatchSize = 50
	specs["nce of larger batches"] = large
	return specs
}

// multiplied counts the multiplications of the graph of a training step, of each replica.
func multiplied(t *testing.T, name string, spec Spec) float64 {
	t.Helper()
	c := &crew{spec: spec, backend: backendtest.Open(t, "go")}
	for _, r := range append([]Replica{{spec.Data, spec.Seed}}, spec.Replicas...) {
		c.replicas = append(c.replicas, member{Replica: r, rate: 1})
	}
	if err := errors.Join(c.prepare(1), c.initialise()); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	p, g := c.program, graph.NewGraph(c.backend, name)
	nodes := func(of []*tensors.Tensor) (nodes []*graph.Node) {
		for _, tensor := range of {
			nodes = append(nodes, graph.Parameter(g, g.UniqueName("input"), tensor.Shape()))
		}
		return nodes
	}
	step := graph.Parameter(g, "step", shapes.Make(dtypes.Int32))
	next, values := p.step(p.unflatten(nodes(c.states[0])), newConstants(nodes(c.fixed[0])), step)
	n, err := products.Count(append(next.flatten(), values)...)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return float64(n) / float64(len(c.replicas))
}

// costsLess are those of costSpecs with chains that start at the points whose energies are learned from, with logits of points whose
// energies are asked for, or without the derivative by the level: what such parts have in common is made once, and counted twice.
var costsLess = []string{
	"cd with penalties", "mle of data", "jem", "jem of cd-1", "jem of cd-1, conditional", "jem of sm", "msdsm, no levels",
}

// What a step of every method is said to cost is what the graph of the whole step multiplies, metrics and optimizer included, in
// units of the two passes of a score: within a twentieth, since biases, which passes are counted with, are not multiplied, nor is
// anything led back to the points of a loss. Where parts have something in common it is within 15 %.
func TestCostPerStep(t *testing.T) {
	specs := costSpecs(t)
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		spec := specs[name]
		cost, err := CostPerStep(spec.Model, spec.Method, costDim, spec.Loop)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		once, err := models.Multiplications(spec.Model, costDim)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		within := 0.05
		if slices.Contains(costsLess, name) {
			within = 0.15
		}
		got, want := multiplied(t, name, spec)/float64(2*once), cost.Total()
		if !(math.Abs(got-want) <= within*want) {
			t.Errorf("%s (%s): a step multiplies as much as %.2f scores, and is said to cost %+v, %.2f", name, strictyaml.KindOf(Kinds, spec.Method), got, cost, want)
		}
	}
}

// What does not fit is an error that says where in the config it is.
func TestCostErrors(t *testing.T) {
	loop := Loop{BatchSize: 1}
	for _, c := range []struct {
		model  models.Energy
		method Method
		want   string
	}{
		{models.NewMLP(), &FlowNCE{NoiseRatio: 1, Flow: &models.Flow{Layers: 1, Hidden: []int{2}, Activation: "silu", ScaleBound: 1}}, "method.flow.layers is 1"},
		{&models.MLP{Hidden: []int{2}, Activation: "none"}, NewDSM(), `activation "none"`},
		{&models.Quadratic{Mean: []float64{0, 0}, Precision: [][]float64{{1, 0}, {0, 1}}}, NewAdversarial(), "nothing to learn"},
	} {
		if _, err := CostPerStep(c.model, c.method, 2, loop); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T of %T: error %v, want one about %s", c.method, c.model, err, c.want)
		}
	}
}

// The documentation says what methods cost as set by default.
func TestDocumentedCosts(t *testing.T) {
	text, err := os.ReadFile("../docs/methods.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Cost\n")
	section, _, _ = strings.Cut(section, "\n## ")
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|.*\\| ([0-9.]+) \\|$").FindAllStringSubmatch(section, -1) {
		documented[row[1]] = row[2]
	}
	for kind, construct := range Kinds {
		cost, err := CostPerStep(models.NewMLP(), construct(), 2, Loop{BatchSize: 1})
		want := strconv.FormatFloat(math.Round(10*cost.Total())/10, 'f', -1, 64)
		if got := documented[kind]; err != nil || got != want {
			t.Errorf("docs/methods.md says %q for %s, and it is %s, %v", got, kind, want, err)
		}
	}
	if len(documented) != len(Kinds) {
		t.Errorf("docs/methods.md has the costs of %d methods, and there are %d", len(documented), len(Kinds))
	}
}
