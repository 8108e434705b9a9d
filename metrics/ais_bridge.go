package metrics

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// tempered is a net between N(mean, I) and the given one: βE(u) + (1 − β)·½‖u − mean‖².
func tempered(net models.Net, mean, beta *graph.Node) models.Net {
	return models.Net{Model: bridge{net.Model}, Theta: append(net.Theta[:len(net.Theta):len(net.Theta)], mean, beta)}
}

// bridge is an energy whose last two parameters are where it starts from, and β.
type bridge struct{ model models.Energy }

// Parameters implements models.Energy.
func (b bridge) Parameters(dim int) ([]models.Parameter, error) { return b.model.Parameters(dim) }

// Energy implements models.Energy.
func (b bridge) Energy(theta []*graph.Node, u *graph.Node) *graph.Node {
	net, mean, beta := b.apart(theta)
	return interpolate(graph.MulScalar(graph.ReduceSum(graph.Square(graph.Sub(u, mean)), -1), 0.5), net.Energy(u), beta)
}

// Score implements models.Scorer.
func (b bridge) Score(theta []*graph.Node, u *graph.Node, final bool) *graph.Node {
	net, mean, beta := b.apart(theta)
	score := net.Score
	if final {
		score = net.Drift
	}
	return interpolate(graph.Sub(mean, u), score(u), beta)
}

func (b bridge) apart(theta []*graph.Node) (net models.Net, mean, beta *graph.Node) {
	n := len(theta) - 2
	return models.Net{Model: b.model, Theta: theta[:n:n]}, theta[n], theta[n+1]
}

// interpolate is (1 − t)·from + t·to, t being a scalar.
func interpolate(from, to, t *graph.Node) *graph.Node {
	t = graph.BroadcastToDims(t, from.Shape().Dimensions...)
	return graph.Add(from, graph.Mul(t, graph.Sub(to, from)))
}
