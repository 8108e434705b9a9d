package models

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// What an energy is asked for costs what the constants say, by the matrix products of graphs: within 15 %. First layers cost less to
// learn, since nothing goes back to the points, and attention, whose products have points in both factors, more to go back through.
func TestCosts(t *testing.T) {
	squares := func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(graph.Square(x)) }
	curvature := func(net Net, x *graph.Node) (score, along *graph.Node) {
		x = itself(x)
		score = net.Score(x)
		return score, graph.Gradient(graph.ReduceAllSum(graph.Mul(score, graph.AddScalar(graph.OnesLike(x), 0.5))), x)[0]
	}
	asked := map[string]struct {
		cost   float64
		define func(net Net, x *graph.Node) []*graph.Node
	}{
		"energies": {CostOfEnergy, energyOf},
		"scores":   {CostOfScore, func(net Net, x *graph.Node) []*graph.Node { return []*graph.Node{net.Score(x)} }},
		"drifts":   {CostOfScore, func(net Net, x *graph.Node) []*graph.Node { return []*graph.Node{net.Drift(x)} }},
		"energies and drifts": {CostOfScore, func(net Net, x *graph.Node) []*graph.Node {
			energy, drift := net.EnergyAndDrift(x)
			return []*graph.Node{energy, drift}
		}},
		"curvatures": {CostOfScore + CostOfCurvature, func(net Net, x *graph.Node) []*graph.Node {
			score, along := curvature(net, x)
			return []*graph.Node{score, along}
		}},
		"learning from energies": {CostOfLearning * CostOfEnergy, func(net Net, x *graph.Node) []*graph.Node {
			return graph.Gradient(squares(net.Energy(x)), net.Theta...)
		}},
		"learning from scores": {CostOfLearning * CostOfScore, func(net Net, x *graph.Node) []*graph.Node {
			return graph.Gradient(squares(net.Score(x)), net.Theta...)
		}},
		"learning from curvatures": {CostOfLearning * (CostOfScore + CostOfCurvature), func(net Net, x *graph.Node) []*graph.Node {
			score, along := curvature(net, x)
			return graph.Gradient(graph.Add(squares(score), squares(along)), net.Theta...)
		}},
	}
	for name, c := range worked {
		for what, a := range asked {
			const passesOfScore = 2
			got := passes(t, c.model, c.dim, a.define) / passesOfScore
			near(t, name+": "+what+", by what they should be,", got/a.cost, 1, 0.15)
		}
	}
}
