package samplers

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/products"
	"joule/internal/random"
	"joule/models"
)

// costly are samplers of every kind, and further settings that what they cost depends on.
func costly() map[string]Sampler {
	all := map[string]Sampler{}
	for kind, construct := range Kinds {
		all[kind] = construct()
	}
	all["hmc, one step"] = &HMC{Steps: 7, StepSize: 0.1, Leapfrog: 1}
	all["descent, plain"] = &Descent{Steps: 9, StepSize: 0.1, Momentum: "none"}
	all["parallel_tempering, two"] = &ParallelTempering{Steps: 5, StepSize: 0.1, Temperatures: 2, MaxTemperature: 3}
	for name, local := range map[string]Sampler{
		"langevin": NewULA(3, 0.1), "hmc": &HMC{Steps: 2, StepSize: 0.1, Leapfrog: 3}, "underdamped": &Underdamped{Steps: 5, StepSize: 0.1, Friction: 1},
	} {
		all["ensemble of "+name] = &Ensemble{Steps: 4, Local: local, Jitter: 0.01}
	}
	return all
}

// costModels are energies with different ways to their scores, in few dimensions and in more.
var costModels = map[string]struct {
	model models.Energy
	dim   int
}{
	"mlp":            {&models.MLP{Hidden: []int{48, 48, 48}, Activation: "silu"}, 5},
	"mlp, plane":     {&models.MLP{Hidden: []int{48, 48, 48}, Activation: "silu"}, 2},
	"fourier":        {&models.FourierMLP{Features: 3, Scale: 1, MLP: models.MLP{Hidden: []int{48, 48}, Activation: "tanh"}}, 5},
	"residual":       {&models.ResidualMLP{Width: 48, Blocks: 3, Activation: "silu"}, 5},
	"differentiated": {&models.Flow{Layers: 4, Hidden: []int{32, 32}, Activation: "tanh", ScaleBound: 1}, 5},
	"levels":         {&models.ConditionalMLP{Hidden: []int{48, 48}, Activation: "silu", NoiseLevels: models.NoiseLevels{SigmaMin: 0.1, SigmaMax: 3, DataStd: 1, Embedding: 4}}, 5},
}

// costChains is a number of chains whose distances from each other take few products beside the network's.
const costChains = 8

// multiplied counts the multiplications of a graph of a model's chains.
func multiplied(t *testing.T, model models.Energy, dim int, define func(net models.Net, x *graph.Node, draws random.Draws) []*graph.Node) float64 {
	t.Helper()
	g := graph.NewGraph(backendtest.Open(t, "go"), t.Name())
	parameters, err := model.Parameters(dim)
	if err != nil {
		t.Fatal(err)
	}
	net := models.Net{Model: model}
	for _, p := range parameters {
		net.Theta = append(net.Theta, graph.Parameter(g, p.Name, shapes.Make(dtypes.Float32, p.Shape...)))
	}
	x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, costChains, dim))
	n, err := products.Count(define(net, x, random.NewStream(graph.Parameter(g, "key", random.Seed(1, 1).Shape())))...)
	if err != nil {
		t.Fatal(err)
	}
	return float64(n)
}

// What chains of every kind are said to cost is what the graphs of their starts and runs multiply, in units of the graph of a
// score: within a tenth. A residual network's energy needs a layer more than its score.
func TestCost(t *testing.T) {
	for name, s := range costly() {
		for of, c := range costModels {
			if s.Fit(c.model) != nil {
				continue
			}
			score := multiplied(t, c.model, c.dim, func(net models.Net, x *graph.Node, _ random.Draws) []*graph.Node {
				return []*graph.Node{net.Score(x)}
			})
			start := multiplied(t, c.model, c.dim, func(net models.Net, x *graph.Node, draws random.Draws) []*graph.Node {
				return s.Start(net, x, draws).flatten()
			})
			run := multiplied(t, c.model, c.dim, func(net models.Net, x *graph.Node, draws random.Draws) []*graph.Node {
				return Run(s, net, x, Options{}, draws).flatten()
			})
			cost := s.Cost()
			for what, pair := range map[string][2]float64{
				"a start":      {start / score, cost.Start},
				"a transition": {(run - start) / score / float64(s.Length()), cost.Transition},
				"a run":        {run / score, CostOfRun(s)},
			} {
				if got, want := pair[0], pair[1]; !(math.Abs(got-want) <= 0.1*want) {
					t.Errorf("%s of %s: %s multiplies as much as %.3f scores, and is said to cost %.3f", name, of, what, got, want)
				}
			}
		}
	}
}
