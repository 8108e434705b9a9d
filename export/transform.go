package export

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
)

// standardized maps points [batch, dim] in the units of the data to the coordinates of the model, as Standardizer.Apply does with
// float64. The mean is taken off in two parts, so that its own rounding to float32 is no part of the result.
func standardized(s *datasets.Standardizer, x *graph.Node) *graph.Node {
	if s == nil {
		return x
	}
	high, low := make([]float64, len(s.Mean)), make([]float64, len(s.Mean))
	isExact := true
	for k, mean := range s.Mean {
		high[k] = float64(float32(mean))
		low[k] = mean - high[k]
		isExact = isExact && low[k] == 0
	}
	y := graph.Sub(x, row(x, high))
	if !isExact {
		y = graph.Sub(y, row(x, low))
	}
	y = graph.Div(y, row(x, s.Std))
	if s.Logit == 0 {
		return y
	}
	p := graph.AddScalar(graph.MulScalar(y, 1-2*s.Logit), s.Logit)
	return graph.Sub(graph.Log(p), graph.Log(graph.OneMinus(p)))
}

// scoreOfData is ∇ log p in the units of the data, of the score at points y in the coordinates of the model, as
// Standardizer.UndoScores makes it.
func scoreOfData(s *datasets.Standardizer, y, score *graph.Node) *graph.Node {
	if s == nil {
		return score
	}
	if s.Logit > 0 { // 2 + 2 cosh y is (e^(y/2) + e^(−y/2))²
		half := graph.MulScalar(y, 0.5)
		slope := graph.Square(graph.Add(graph.Exp(half), graph.Exp(graph.Neg(half))))
		score = graph.Mul(graph.MulScalar(graph.Add(score, graph.Tanh(half)), 1-2*s.Logit), slope)
	}
	return graph.Div(score, row(y, s.Std))
}

// row is a number for each coordinate, to go with points.
func row(points *graph.Node, values []float64) *graph.Node {
	narrow := make([]float32, len(values))
	for k, v := range values {
		narrow[k] = float32(v)
	}
	return graph.InsertAxes(graph.Const(points.Graph(), narrow), 0)
}
