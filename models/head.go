package models

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Head is how a network ends: with its energy, or with a logit for each class.
type Head struct {
	// Number is the number of classes; 0: the network gives an energy.
	Number int `yaml:"classes" check:">= 0, <= 100000"`
}

// labelType is the type of labels.
const labelType = dtypes.Int32

// Classes implements Classifier.
func (h Head) Classes() int { return h.Number }

// outputs is the number of values that the network gives for a point.
func (h Head) outputs() int { return max(h.Number, 1) }

// energy makes the energy of the outputs: [batch, outputs] -> [batch].
func (h Head) energy(outputs *graph.Node) *graph.Node {
	if h.Number == 0 {
		return graph.Squeeze(outputs, -1)
	}
	return graph.Neg(LogSumExp(outputs))
}

// slope is the gradient of the energy by the features [batch, width] that the last layer makes outputs of. It is [1, width]
// where it is the same for all points.
func (h Head) slope(weight, bias, features *graph.Node) *graph.Node {
	if h.Number == 0 {
		return readout(weight, features)
	}
	return graph.Neg(productTransposed(softmax(affine(features, weight, bias)), weight))
}

// JointEnergy is E(x, y) = −f(x)[y] of logits [batch, classes] and labels [batch], or [1] for one that all have: [batch].
func JointEnergy(logits, labels *graph.Node) *graph.Node {
	classes := logits.Shape().Dimensions[logits.Rank()-1]
	chosen := graph.OneHot(labels, classes, logits.DType())
	return graph.Neg(graph.ReduceSum(graph.Mul(logits, chosen), -1))
}

// softmax maps logits [batch, classes] to probabilities.
func softmax(x *graph.Node) *graph.Node {
	return graph.Exp(graph.Sub(x, graph.InsertAxes(LogSumExp(x), -1)))
}

// LogSumExp is log Σ exp(x) over the last axis, which neither overflows nor underflows: [batch, n] -> [batch].
func LogSumExp(x *graph.Node) *graph.Node {
	most := graph.StopGradient(graph.ReduceMax(x, -1))
	sum := graph.ReduceSum(graph.Exp(graph.Sub(x, graph.InsertAxes(most, -1))), -1)
	return graph.Add(graph.Log(sum), most)
}
