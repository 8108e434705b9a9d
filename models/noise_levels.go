package models

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// NoiseLevels are the settings that energies with noise levels σ share. With s the standard deviation of the data they are
//
//	E(x, σ) = ½‖x‖²/(s² + σ²) + ½D·log 2π(s² + σ²) + a(s/σ)·n(u, σ) + e(σ),  u = x/√(s² + σ²),
//
// a Gaussian, the one that data with noise become at large σ and far away, plus a network n, whose input is scaled as that of
// the denoiser of Karras et al. 2022 (section 5), and an offset e. What a is, the energy says.
//
// The level acts on each hidden layer, h ← act((h·W + b)(1 + c·G) + c·B), and on e = c·w, through features c of it that are
// smooth in σ: cosines of log σ from cos 0 to cos(m−1)π over the range of levels.
type NoiseLevels struct {
	// SigmaMin and SigmaMax are the levels that the energy is for, in the units of the data as trained on.
	SigmaMin float64 `yaml:"sigma_min" check:"> 0"`
	SigmaMax float64 `yaml:"sigma_max" check:"> 0"`
	// DataStd is s.
	DataStd float64 `yaml:"data_std" check:"> 0"`
	// Embedding is m, the number of features of the level.
	Embedding int `yaml:"embedding" check:"> 0, <= 10000"`
}

var defaultLevels = NoiseLevels{SigmaMin: 0.05, SigmaMax: 5, DataStd: 1, Embedding: 8}

// Check reports levels that are no range.
func (l *NoiseLevels) Check(report func(key, problem string)) {
	if l.SigmaMin >= l.SigmaMax {
		report("sigma_max", fmt.Sprintf("is %v; it has to be above sigma_min, which is %v", l.SigmaMax, l.SigmaMin))
	}
}

// Levels implements Conditional.
func (l *NoiseLevels) Levels() (smallest, largest float64) { return l.SigmaMin, l.SigmaMax }

// smallest is the smallest level, shared by all points.
func (l *NoiseLevels) smallest(x *graph.Node) *graph.Node {
	return shared(graph.Scalar(x.Graph(), x.DType(), l.SigmaMin), x)
}

// variance is s² + σ².
func (l *NoiseLevels) variance(sigma *graph.Node) *graph.Node {
	return graph.AddScalar(graph.Square(sigma), l.DataStd*l.DataStd)
}

// ratio is s/σ.
func (l *NoiseLevels) ratio(sigma *graph.Node) *graph.Node {
	return graph.MulScalar(graph.Inverse(sigma), l.DataStd)
}

// inward is u, the points as the network gets them.
func (l *NoiseLevels) inward(x, sigma *graph.Node) *graph.Node {
	return graph.Mul(x, graph.InsertAxes(graph.Inverse(graph.Sqrt(l.variance(sigma))), -1))
}

// gaussian is the energy without network and offset: [batch].
func (l *NoiseLevels) gaussian(x, sigma *graph.Node) *graph.Node {
	dim := float64(x.Shape().Dimensions[x.Rank()-1])
	variance := l.variance(sigma)
	constant := graph.MulScalar(graph.Log(graph.MulScalar(variance, 2*math.Pi)), 0.5*dim)
	return graph.Add(graph.MulScalar(graph.Div(graph.ReduceSum(graph.Square(x), -1), variance), 0.5), constant)
}

// outward is the score [batch, dim] for a gradient of a·n by u.
func (l *NoiseLevels) outward(x, sigma, gradient *graph.Node) *graph.Node {
	variance := graph.InsertAxes(l.variance(sigma), -1)
	network := graph.Mul(gradient, graph.Inverse(graph.Sqrt(variance)))
	return graph.Neg(graph.Add(graph.Div(x, variance), network))
}

// offset is e of the features [batch, m]: [batch].
func (l *NoiseLevels) offset(weight, features *graph.Node) *graph.Node {
	return graph.ReduceSum(graph.Mul(features, row(weight, features)), -1)
}

// features are cos(kπt), k = 0 … m−1, of the place t of log σ between the smallest level, 0, and the largest, 1: [batch, m].
func (l *NoiseLevels) features(sigma *graph.Node) *graph.Node {
	frequencies := make([]float64, l.Embedding)
	for k := range frequencies {
		frequencies[k] = math.Pi * float64(k)
	}
	place := graph.AddScalar(graph.Log(sigma), -math.Log(l.SigmaMin))
	place = graph.InsertAxes(graph.DivScalar(place, math.Log(l.SigmaMax/l.SigmaMin)), -1) // [batch, 1]
	return graph.Cos(graph.Mul(place, row(graph.Const(sigma.Graph(), frequencies), place)))
}

// hidden are the parameters of hidden layers of the given widths, four for each, and the width that the last leaves.
func (l *NoiseLevels) hidden(in int, widths []int) (parameters []Parameter, out int) {
	for i, out := range widths {
		bound := 1 / math.Sqrt(float64(in))
		parameters = append(parameters,
			Parameter{fmt.Sprintf("layers.%d.weight", i), []int{in, out}, uniform(in*out, bound)},
			Parameter{fmt.Sprintf("layers.%d.bias", i), []int{out}, uniform(out, bound)},
			Parameter{fmt.Sprintf("layers.%d.gain", i), []int{l.Embedding, out}, zeros(l.Embedding * out)},
			Parameter{fmt.Sprintf("layers.%d.shift", i), []int{l.Embedding, out}, zeros(l.Embedding * out)})
		in = out
	}
	return parameters, in
}

// levelled is a hidden layer at noise levels: h -> (h·W + b)·gain + shift, with [batch, width] of each of the last two.
type levelled struct{ weight, bias, gain, shift *graph.Node }

func newLevelled(theta []*graph.Node, features *graph.Node) levelled {
	return levelled{theta[0], theta[1], graph.OnePlus(product(features, theta[2])), product(features, theta[3])}
}

func (l levelled) apply(h *graph.Node) *graph.Node {
	return graph.Add(graph.Mul(affine(h, l.weight, l.bias), l.gain), l.shift)
}

// back takes a gradient by what hidden layers give to one by what they are given. slopes are the derivatives of their
// activations.
func back(layers []levelled, slopes []*graph.Node, g *graph.Node) *graph.Node {
	for i := len(layers) - 1; i >= 0; i-- {
		g = productTransposed(graph.Mul(graph.Mul(g, slopes[i]), layers[i].gain), layers[i].weight)
	}
	return g
}
