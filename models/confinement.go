package models

import "github.com/gomlx/gomlx/core/graph"

// confined is an energy [batch] with ½‖x/c‖² on top, or the energy itself where c is 0.
func confined(energy, x *graph.Node, c float64) *graph.Node {
	if c <= 0 {
		return energy
	}
	return graph.Add(energy, graph.MulScalar(graph.ReduceSum(graph.Square(x), -1), 0.5/(c*c)))
}

// confinedScore is the score [batch, dim] of what confined gives, from that of the energy.
func confinedScore(score, x *graph.Node, c float64) *graph.Node {
	if c <= 0 {
		return score
	}
	return graph.Sub(score, graph.DivScalar(x, c*c))
}

// confinedLogits are logits [batch, classes] whose energy is confined: −½‖x/c‖² is on top of each.
func confinedLogits(logits, x *graph.Node, c float64) *graph.Node {
	if c <= 0 {
		return logits
	}
	return graph.Sub(logits, graph.MulScalar(graph.ReduceAndKeep(graph.Square(x), graph.ReduceSum, -1), 0.5/(c*c)))
}
