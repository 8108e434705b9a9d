package models

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// NoiseLevels are the settings of the noise level σ of an energy.
type NoiseLevels struct {
	// SigmaMin and SigmaMax are the levels that the energy is for, in the units of the data as trained on.
	SigmaMin float64 `yaml:"sigma_min" check:"> 0"`
	SigmaMax float64 `yaml:"sigma_max" check:"> 0"`
	// DataStd is s, the standard deviation of the data.
	DataStd float64 `yaml:"data_std" check:"> 0"`
	// Embedding is m, the number of features of the level.
	Embedding int `yaml:"embedding" check:"> 0, <= 10000"`
}

// newNoiseLevels returns the default settings: levels from 0.05 to 5, data of standard deviation 1, 8 features.
func newNoiseLevels() NoiseLevels {
	return NoiseLevels{SigmaMin: 0.05, SigmaMax: 5, DataStd: 1, Embedding: 8}
}

// Check reports levels that are no range.
func (n *NoiseLevels) Check(report func(key, problem string)) {
	if n.SigmaMin >= n.SigmaMax {
		report("sigma_max", fmt.Sprintf("is %v; it has to be above sigma_min, which is %v", n.SigmaMax, n.SigmaMin))
	}
}

// Levels implements Conditional.
func (n *NoiseLevels) Levels() (smallest, largest float64) { return n.SigmaMin, n.SigmaMax }

// smallest is the smallest level for points x: [1], or [replicas, 1].
func (n *NoiseLevels) smallest(x *graph.Node) *graph.Node {
	return shared(graph.Scalar(x.Graph(), x.DType(), n.SigmaMin), x)
}

// scales are what the points are multiplied by on their way into a network, 1/√(s² + σ²), and what comes out of it, √(s/σ), with
// s² + σ².
func (n *NoiseLevels) scales(sigma *graph.Node) (inward, outward, variance *graph.Node) {
	variance = graph.AddScalar(graph.Square(sigma), n.DataStd*n.DataStd)
	return graph.Reciprocal(graph.Sqrt(variance)), graph.Sqrt(graph.MulScalar(graph.Reciprocal(sigma), n.DataStd)), variance
}

// features are cos(kπt), k = 0 … m−1, of the place t of log σ between the smallest level, 0, and the largest, 1: [batch, m].
func (n *NoiseLevels) features(sigma *graph.Node) *graph.Node {
	frequencies := make([]float64, n.Embedding)
	for k := range frequencies {
		frequencies[k] = math.Pi * float64(k)
	}
	place := graph.AddScalar(graph.Log(sigma), -math.Log(n.SigmaMin))
	place = graph.InsertAxes(graph.DivScalar(place, math.Log(n.SigmaMax/n.SigmaMin)), -1) // [batch, 1]
	return graph.Cos(graph.Mul(place, row(graph.Const(sigma.Graph(), frequencies), place)))
}

// gaussian is ½‖x‖²/(s² + σ²) with the level of an energy: that of the Gaussian that data with noise become at large σ and far
// away.
func (n *NoiseLevels) gaussian(weights, x, variance, features *graph.Node) *graph.Node {
	squares := graph.MulScalar(graph.Div(graph.ReduceSum(graph.Square(x), -1), variance), 0.5)
	return graph.Add(squares, n.level(weights, variance, features, x.Shape().Dimensions[x.Rank()-1]))
}

// level is ½D·log 2π(s² + σ²) + c·w, for features c [batch, m] of σ and weights w [m].
func (n *NoiseLevels) level(weights, variance, features *graph.Node, dim int) *graph.Node {
	offset := graph.ReduceSum(graph.Mul(features, row(weights, features)), -1)
	return graph.Add(offset, graph.MulScalar(graph.Log(graph.MulScalar(variance, 2*math.Pi)), 0.5*float64(dim)))
}
