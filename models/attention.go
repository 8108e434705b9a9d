package models

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// attention is multi-head self-attention with a layer normalisation before it, h ← h + concat(softmax(QKᵀ/√d)V)·W + b, in
// Vaswani et al. 2017's terms. Queries, keys and values have no bias: that of keys would do nothing.
type attention struct{ width, heads int }

// parameters lists norm.gain and norm.bias [width], the level's gain and shift, query.weight, key.weight and value.weight
// [width, width], output.weight and output.bias, the last two times by.
func (a attention) parameters(name string, features int, by float64) []Parameter {
	w := a.width
	parameters := append(normParameters(name+".norm", w), modulation(name, features, w)...)
	for _, part := range []string{".query", ".key", ".value"} {
		parameters = append(parameters, dense(name+part, w, w, 1)[0])
	}
	return append(parameters, dense(name+".output", w, w, by)...)
}

// multiplications are those for n tokens, beyond one by every parameter.
func (a attention) multiplications(n int) int { return (n-1)*4*a.width*a.width + 2*n*n*a.width }

// apply maps tokens [batch, n, width] to tokens.
func (a attention) apply(theta *queue, h, level *graph.Node) *graph.Node {
	normed := modulated(theta, normalized(theta.take(2), h), level, asTokens)
	d := h.Shape().Dimensions
	n, each := d[len(d)-2], a.width/a.heads
	part := func() *graph.Node { // [batch, n, heads, each], replicas and batch in one
		return graph.Reshape(onTokens(normed, theta.take(1)[0], nil), -1, n, a.heads, each)
	}
	query, key, value := part(), part(), part()
	weights := softmax(graph.MulScalar(graph.Einsum("bqhd,bkhd->bhqk", query, key), 1/math.Sqrt(float64(each))))
	mixed := graph.Reshape(graph.Einsum("bhqk,bkhd->bqhd", weights, value), d...)
	output := theta.take(2)
	return graph.Add(h, onTokens(mixed, output[0], output[1]))
}

// onTokens multiplies each token of [batch, n, in] with a matrix [in, out], and adds a bias where there is one.
func onTokens(h, weight, bias *graph.Node) *graph.Node {
	d := h.Shape().Dimensions
	k := len(d)
	lead := append([]int(nil), d[:k-3]...)
	flat := graph.Reshape(h, append(lead, d[k-3]*d[k-2], d[k-1])...)
	if flat = product(flat, weight); bias != nil {
		flat = graph.Add(flat, row(bias, flat))
	}
	out := flat.Shape().Dimensions[flat.Rank()-1]
	return graph.Reshape(flat, append(lead, d[k-3], d[k-2], out)...)
}

// normParameters are gain and bias of a layer normalisation.
func normParameters(name string, width int) []Parameter {
	return []Parameter{{name + ".gain", []int{width}, filled(width, 1)}, {name + ".bias", []int{width}, zeros(width)}}
}

// normalized is layer normalisation (Ba et al. 2016) of tokens [batch, n, width], with a gain and a bias.
func normalized(theta []*graph.Node, h *graph.Node) *graph.Node {
	const tiny = 1e-5
	d := graph.Sub(h, graph.ReduceAndKeep(h, graph.ReduceMean, -1))
	variance := graph.ReduceAndKeep(graph.Square(d), graph.ReduceMean, -1)
	d = graph.Div(d, graph.Sqrt(graph.AddScalar(variance, tiny)))
	return graph.Add(graph.Mul(d, inner(theta[0], d)), inner(theta[1], d))
}

// inner makes a parameter [width], or [replicas, width], fit h [batch, …, width], with any axes in between.
func inner(parameter, h *graph.Node) *graph.Node {
	d := parameter.Shape().Dimensions
	last := len(d) - 1
	lead := append([]int(nil), d[:last]...)
	parameter = graph.Reshape(parameter, append(append(lead, ones(h.Rank()-len(d))...), d[last])...)
	return graph.ConvertDType(parameter, h.DType())
}
