package trainers

import (
	"fmt"
	"math"
	"strings"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// generator is a normalised model that is trained beside the energy. It works in coordinates in which the data has mean 0
// and variance 1, so that it covers the data from the first step on.
type generator struct {
	flow      models.Normalized
	learned   []models.Parameter
	mean, std [][]float64 // [replicas][dim]: of the data
}

// generatorPrefix begins the names of a generator's parameters.
const generatorPrefix = "flow."

// checkGenerator refuses a model that is no normalised one.
func checkGenerator(flow models.Energy, report func(key, problem string)) {
	if _, ok := flow.(models.Normalized); flow != nil && !ok {
		report("flow", "is no density that can be drawn from; want a normalised model, such as kind flow")
	}
}

// newGenerator makes the generator of a method of a kind ready for a problem.
func newGenerator(kind string, flow models.Energy, p Problem) (*generator, error) {
	normalized, ok := flow.(models.Normalized)
	if !ok {
		return nil, fmt.Errorf("method.flow is a %T, which is no density that can be drawn from", flow)
	}
	if err := checkVaries(kind, p); err != nil {
		return nil, err
	}
	g := &generator{flow: normalized}
	learned, err := flow.Parameters(p.Data[0].Train.Dim)
	if err != nil {
		return nil, inFlow(err)
	}
	for _, parameter := range learned {
		parameter.Name = generatorPrefix + parameter.Name
		g.learned = append(g.learned, parameter)
	}
	seen, err := p.seen()
	if err != nil {
		return nil, err
	}
	for _, points := range seen {
		mean, std := points.Moments()
		g.mean, g.std = append(g.mean, mean), append(g.std, std)
	}
	return g, nil
}

// inFlow says of an error of a flow where in the config it is.
func inFlow(err error) error {
	if rest, ok := strings.CutPrefix(err.Error(), "model."); ok {
		return fmt.Errorf("method.flow.%s", rest)
	}
	return fmt.Errorf("method.flow: %w", err)
}

// nllPasses are the passes through a flow that mean log q(x) takes for each point of the data, with the weight that it has in
// what the flow learns from; without one it is a metric alone.
func nllPasses(weight float64) float64 {
	if weight > 0 {
		return models.CostOfLearning
	}
	return 1
}

// at is the generator with its parameters.
func (g *generator) at(theta []*graph.Node) generated { return generated{g, theta} }

// generated is the density of a generator with its parameters, which both of its methods can be differentiated by.
type generated struct {
	*generator
	theta []*graph.Node
}

// frozen is the density without a gradient by its parameters.
func (d generated) frozen() generated { return generated{d.generator, frozen(d.theta)} }

// Sample implements NoiseDensity.
func (d generated) Sample(shape shapes.Shape, draws random.Draws) *graph.Node {
	return d.place(draws.Normal(shape))
}

// place maps standard normal numbers to points, both [n, dim].
func (d generated) place(z *graph.Node) *graph.Node {
	u := d.flow.Sample(d.theta, z)
	return graph.Add(graph.Mul(u, rowOf(u, d.std)), rowOf(u, d.mean))
}

// LogProb implements NoiseDensity.
func (d generated) LogProb(x *graph.Node) *graph.Node {
	u := graph.Div(graph.Sub(x, rowOf(x, d.mean)), rowOf(x, d.std))
	logProb := graph.Neg(d.flow.Energy(d.theta, u))
	return graph.Add(logProb, constantOf(logProb, d.std, func(std float64) float64 { return -math.Log(std) }))
}

// frozen are nodes without a gradient by them.
func frozen(nodes []*graph.Node) []*graph.Node {
	still := make([]*graph.Node, len(nodes))
	for i, node := range nodes {
		still[i] = graph.StopGradient(node)
	}
	return still
}

// gradientOnly is 0 with the gradient of x: it lets a second player learn without a trace in the loss.
func gradientOnly(x *graph.Node) *graph.Node { return graph.Sub(x, graph.StopGradient(x)) }
