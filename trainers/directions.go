package trainers

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
)

// directions draws random vectors v with mean 0 and E vvᵀ = I, one for each point of a shape [batch, dim]: rademacher has
// coordinates ±1, gaussian is standard normal, spherical uniform on the sphere of radius √dim.
func directions(distribution string, shape shapes.Shape, draws random.Draws) *graph.Node {
	switch distribution {
	case "gaussian":
		return draws.Normal(shape)
	case "spherical":
		return onSphere(draws.Normal(shape))
	}
	u := draws.Uniform(shape)
	one := graph.OnesLike(u)
	return graph.Where(graph.LessThan(u, graph.Scalar(u.Graph(), u.DType(), 0.5)), one, graph.Neg(one))
}

// severalDirections draws directions several times over, independently.
func severalDirections(n int, distribution string, shape shapes.Shape, draws random.Draws) []*graph.Node {
	v := make([]*graph.Node, n)
	for i := range v {
		v[i] = directions(distribution, shape, draws)
	}
	return v
}

// onSphere gives vectors [batch, dim] the length √dim.
func onSphere(z *graph.Node) *graph.Node {
	mean := graph.ReduceAndKeep(graph.Square(z), graph.ReduceMean, -1)
	return graph.Div(z, graph.Sqrt(mean))
}

// dot is the inner product of vectors, point by point: [batch, dim] -> [batch].
func dot(a, b *graph.Node) *graph.Node { return graph.ReduceSum(graph.Mul(a, b), -1) }

// slopeAlong is vᵀ(∇s)v, how the score s(x) along v changes along v: [batch, dim] -> [batch]. The score has to have been
// computed from this very node x.
func slopeAlong(s, x, v *graph.Node) *graph.Node {
	return dot(graph.Gradient(graph.ReduceAllSum(graph.Mul(s, v)), x)[0], v)
}
