package models

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"
)

// network is a network without what makes an energy of it: a head, and noise levels or a confinement.
type network interface {
	// parameters lists those for points of dim coordinates whose noise levels have so many features; 0: there are no levels.
	parameters(dim, features int) ([]Parameter, error)
	// last is what the last layer gives for points [batch, dim] with features of their levels, [batch, m] or [1, m], or nil:
	// [batch, outputs].
	last(theta []*graph.Node, x, level *graph.Node) *graph.Node
}

// queue hands out parameters in their order.
type queue []*graph.Node

func (q *queue) take(n int) []*graph.Node {
	taken := (*q)[:n:n]
	*q = (*q)[n:]
	return taken
}

// dense lists the weight [in, out] and the bias [out] of a layer, drawn from U(−by/√in, by/√in).
func dense(name string, in, out int, by float64) []Parameter {
	bound := by * (1 / math.Sqrt(float64(in)))
	return []Parameter{
		{name + ".weight", []int{in, out}, uniform(in*out, bound)},
		{name + ".bias", []int{out}, uniform(out, bound)},
	}
}

// modulation lists how features of a noise level act on a layer: gain and shift, each [features, width], 0 at first. There are
// none without features.
func modulation(name string, features, width int) []Parameter {
	if features == 0 {
		return nil
	}
	return []Parameter{
		{name + ".gain", []int{features, width}, zeros(features * width)},
		{name + ".shift", []int{features, width}, zeros(features * width)},
	}
}

// modulated is h·(1 + c·G) + c·B for features c of the noise levels, [batch, m] or [1, m]; h itself where they are nil. fit makes
// gain and shift, [batch, width] or [1, width], fit h.
func modulated(theta *queue, h, level *graph.Node, fit func(*graph.Node) *graph.Node) *graph.Node {
	if level == nil {
		return h
	}
	by := theta.take(2)
	gain, shift := fit(product(level, by[0])), fit(product(level, by[1]))
	return graph.Add(graph.Mul(h, graph.OnePlus(gain)), shift)
}

// asTokens makes [batch, width] fit tokens [batch, n, width], and asPlanes planes [channels, height, width, batch].
func asTokens(x *graph.Node) *graph.Node { return graph.InsertAxes(x, -2) }
func asPlanes(x *graph.Node) *graph.Node {
	return planesOf(x, []int{1, 1, x.Shape().Dim(-1)})
}

// ones are the dimensions of so many axes of length 1.
func ones(n int) []int {
	dims := make([]int, n)
	for i := range dims {
		dims[i] = 1
	}
	return dims
}

// filled is an Init of n equal values.
func filled(n int, value float64) func(*rand.Rand) []float64 {
	return func(*rand.Rand) []float64 {
		values := make([]float64, n)
		for i := range values {
			values[i] = value
		}
		return values
	}
}

// checkShape says why images of a shape are not points of dim coordinates; nil: they are.
func checkShape(shape []int, dim int) error {
	if n := shape[0] * shape[1] * shape[2]; n != dim {
		return fmt.Errorf("model.shape is %v, which makes %d coordinates, and the data has %d", shape, n, dim)
	}
	return nil
}

// energyAt is the energy [batch] of a network with noise levels, and logitsAt are its logits [batch, classes]: of what the network
// gives, times √(s/σ), on top of the Gaussian. The last parameter is the offset's.
func (n *NoiseLevels) energyAt(net network, head Head, theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	gaussian, outputs := n.applied(net, theta, x, sigma)
	return graph.Add(gaussian, head.energy(outputs))
}

func (n *NoiseLevels) logitsAt(net network, theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	gaussian, outputs := n.applied(net, theta, x, sigma)
	return graph.Sub(outputs, graph.InsertAxes(gaussian, -1))
}

func (n *NoiseLevels) applied(net network, theta []*graph.Node, x, sigma *graph.Node) (gaussian, outputs *graph.Node) {
	features, last := n.features(sigma), len(theta)-1
	inward, outward, variance := n.scales(sigma)
	outputs = net.last(theta[:last:last], graph.Mul(x, graph.InsertAxes(inward, -1)), features)
	return n.gaussian(theta[last], x, variance, features), graph.Mul(outputs, graph.InsertAxes(outward, -1))
}

// parametersOf are those of a network with noise levels, and offset [m], w, which starts at 0.
func (n *NoiseLevels) parametersOf(net network, dim int) ([]Parameter, error) {
	parameters, err := net.parameters(dim, n.Embedding)
	return append(parameters, Parameter{"offset", []int{n.Embedding}, zeros(n.Embedding)}), err
}
