package datasets

import (
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
)

// Density is a known probability density. Its methods on nodes are graph functions.
type Density interface {
	// LogDensity maps points [n, dim] to log p(x) [n], in nats. It can be differentiated.
	LogDensity(x *graph.Node) *graph.Node
	// Draw returns points of shape [n, dim].
	Draw(shape shapes.Shape, draws Draws) *graph.Node
	// Entropy is −∫ p log p in nats, and whether it is known.
	Entropy() (nats float64, known bool)
}

// Draws hands out random numbers within a graph, fresh ones in every call: Normal and Uniform give numbers of a shape.
type Draws = random.Draws

// Score maps points [n, dim] to ∇ log p(x) [n, dim].
func Score(p interface {
	LogDensity(x *graph.Node) *graph.Node
}, x *graph.Node) *graph.Node {
	x = graph.Identity(x) // a node that came out of StopGradient would have the gradient 0
	return graph.Gradient(graph.ReduceAllSum(p.LogDensity(x)), x)[0]
}

// HasScore says whether ∇ log p exists everywhere. It does unless the density says otherwise, by a method of this name.
func HasScore(p Density) bool {
	q, ok := p.(interface{ HasScore() bool })
	return !ok || q.HasScore()
}

// KnowsDensity says whether the sets of a source have a density. They do unless the source says otherwise, by a method
// HasDensity.
func KnowsDensity(s Source) bool {
	q, ok := s.(interface{ HasDensity() bool })
	return !ok || q.HasDensity()
}

// KnowsScore says whether that density, if there is one, has a score. It does unless the source says otherwise, by a method
// HasScore.
func KnowsScore(s Source) bool {
	q, ok := s.(interface{ HasScore() bool })
	return !ok || q.HasScore()
}

// hosted is a known density that the host can draw from as well, in float64.
type hosted interface {
	Density
	Dim() int
	// Sample draws n points.
	Sample(r *rand.Rand, n int) Points
}

// LogDensity implements [Density], by a log-sum-exp over the components: far from all of them it neither underflows
// nor loses its gradient.
func (m *Mixture) LogDensity(x *graph.Node) *graph.Node {
	g, dtype := x.Graph(), x.DType()
	means := constant(g, dtype, m.Means)                  // [K, D]
	precision := constant(g, dtype, m.PrecisionFactors()) // [K, D, D]
	d := graph.Sub(graph.InsertAxes(x, 1), graph.InsertAxes(means, 0))
	z := graph.Einsum("nkd,ked->nke", d, precision) // L⁻¹(x − μ): [n, K, D]
	joint := graph.Sub(graph.InsertAxes(constant(g, dtype, m.LogNorm()), 0), graph.MulScalar(graph.ReduceSum(graph.Square(z), -1), 0.5))
	return logSumExp(joint)
}

// Draw implements [Density].
func (m *Mixture) Draw(shape shapes.Shape, draws random.Draws) *graph.Node {
	z := draws.Normal(shape)                                                // [n, D]
	u := draws.Uniform(shapes.Make(dtypes.Float64, shape.Dimensions[0], 1)) // [n, 1]
	g, dtype := z.Graph(), shape.DType

	from, to := make([]float64, len(m.Weights)), make([]float64, len(m.Weights))
	sum := 0.0
	for k, w := range m.Weights {
		from[k] = sum
		sum += w
		to[k] = sum
	}
	to[len(to)-1] = 1 // whatever the rounding of the sum
	from64, to64 := graph.InsertAxes(graph.Const(g, from), 0), graph.InsertAxes(graph.Const(g, to), 0)
	chosen := graph.ConvertDType(graph.And(graph.GreaterOrEqual(u, from64), graph.LessThan(u, to64)), dtype) // one-hot [n, K]

	spread := graph.Einsum("nd,ked->nke", z, constant(g, dtype, m.factors)) // Lz of every component: [n, K, D]
	placed := graph.Add(spread, graph.InsertAxes(constant(g, dtype, m.Means), 0))
	return graph.StopGradient(graph.ReduceSum(graph.Mul(placed, graph.InsertAxes(chosen, -1)), 1))
}

// logSumExp maps [n, K] to log Σₖ exp [n].
func logSumExp(x *graph.Node) *graph.Node {
	largest := graph.StopGradient(graph.ReduceAndKeep(x, graph.ReduceMax, -1)) // [n, 1]
	sum := graph.Log(graph.ReduceSum(graph.Exp(graph.Sub(x, largest)), -1))
	return graph.Add(sum, graph.Squeeze(largest, -1))
}

// column takes coordinate k of points [n, D], as [n, 1]: by a sum, which can be differentiated any number of times.
func column(x *graph.Node, k int) *graph.Node {
	unit := make([]float64, x.Shape().Dim(-1))
	unit[k] = 1
	return graph.ReduceAndKeep(graph.Mul(x, row(x, unit)), graph.ReduceSum, -1)
}

// row makes a constant [1, K] of numbers, like x in all else.
func row(x *graph.Node, values []float64) *graph.Node {
	return graph.InsertAxes(constant(x.Graph(), x.DType(), values), 0)
}

// norm maps coordinates a and b of the same shape to √(a² + b²). Its gradient at 0 is 0.
func norm(a, b *graph.Node) *graph.Node {
	const tiny = 1e-30 // representable in float32, and so is its root
	return graph.Sqrt(graph.MaxScalar(graph.Add(graph.Square(a), graph.Square(b)), tiny))
}

// deal splits uniform numbers u [n, 1] in two: one of K choices, one-hot [n, K], and another uniform number [n, 1].
func deal(u *graph.Node, choices int) (chosen, rest *graph.Node) {
	u = graph.MulScalar(u, float64(choices))
	whole := graph.Floor(u)
	numbers := make([]float64, choices)
	for k := range numbers {
		numbers[k] = float64(k)
	}
	return graph.ConvertDType(graph.Equal(whole, row(u, numbers)), u.DType()), graph.Sub(u, whole)
}

func constant(g *graph.Graph, dtype dtypes.DType, values any) *graph.Node {
	return graph.ConvertDType(graph.Const(g, values), dtype)
}
