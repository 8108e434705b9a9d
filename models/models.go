// Package models holds energy networks: functions E(x; θ) of a point x and parameters θ.
//
// A model stands for the density p(x) = exp(−E(x)) / Z. Its score is ∇ₓ log p(x) = −∇ₓE(x): low energy is likely.
package models

import (
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"
)

// Energy is the settings of an energy network, and the network itself.
type Energy interface {
	// Parameters lists θ for points of dim coordinates. An error says which setting does not fit dim.
	Parameters(dim int) ([]Parameter, error)
	// Energy maps points [batch, dim] to energies [batch], of the type of the points. theta holds a node for each of
	// Parameters, in order.
	//
	// Where several replicas are trained at once, points, parameters and energies all have one axis more in front
	// [replicas, …]; so axes are counted from the end. And where a matrix is of a narrower type than the points, products
	// with it are to be computed in that type.
	Energy(theta []*graph.Node, x *graph.Node) *graph.Node
}

// Scorer is implemented by energies that know their score better than by differentiation.
type Scorer interface {
	// Score maps points [batch, dim] to −∇ₓE(x) [batch, dim]. It can be differentiated, by the points and by the parameters;
	// final says that it is not going to be, as within a Markov chain, which leaves the choice of a faster way.
	Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node
}

// Kinds are the models that a config can name. A program can add its own before it reads the first config: each
// entry returns a pointer to a new struct of settings with its defaults.
var Kinds = map[string]func() Energy{
	"conditional_autoencoder":       func() Energy { return NewConditionalAutoencoder() },
	"conditional_conv":              func() Energy { return NewConditionalConv() },
	"conditional_mlp":               func() Energy { return NewConditionalMLP() },
	"conditional_patch_transformer": func() Energy { return NewConditionalPatchTransformer() },
	"conditional_resnet":            func() Energy { return NewConditionalResNet() },
	"conv":                          func() Energy { return NewConv() },
	"flow":                          func() Energy { return NewFlow() },
	"fourier_mlp":                   func() Energy { return NewFourierMLP() },
	"mlp":                           func() Energy { return NewMLP() },
	"patch_transformer":             func() Energy { return NewPatchTransformer() },
	"product":                       func() Energy { return NewProduct() },
	"quadratic":                     func() Energy { return NewQuadratic() },
	"radial":                        func() Energy { return NewRadial() },
	"rbm":                           func() Energy { return NewRBM() },
	"residual_mlp":                  func() Energy { return NewResidualMLP() },
	"resnet":                        func() Energy { return NewResNet() },
	"tilted":                        func() Energy { return NewTilted() },
}

// Parameter is one learned tensor.
type Parameter struct {
	// Name is unique within the model and stays the same between versions: files refer to it.
	Name string
	// Shape are its dimensions.
	Shape []int
	// Init draws its initial value, row-major. It runs on the host, so that all backends start from the same values.
	Init func(r *rand.Rand) []float64
}

// Size is the number of values of the parameter.
func (p Parameter) Size() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// Count is the number of values of all the parameters.
func Count(parameters []Parameter) int {
	n := 0
	for _, p := range parameters {
		n += p.Size()
	}
	return n
}

// Net is an energy whose parameters are nodes of a graph.
type Net struct {
	Model Energy
	Theta []*graph.Node
}

// Energy maps points [batch, dim] to energies [batch], or [replicas, batch, dim] to [replicas, batch].
func (n Net) Energy(x *graph.Node) *graph.Node { return n.Model.Energy(n.Theta, x) }

// Score maps points [batch, dim] to −∇ₓE(x) [batch, dim]. It can be differentiated again.
func (n Net) Score(x *graph.Node) *graph.Node {
	return n.score(x, false)
}

// Drift is the score where nothing of it is going to be differentiated, as within a Markov chain.
func (n Net) Drift(x *graph.Node) *graph.Node { return n.score(x, true) }

// EnergyAndDrift are both at the same points. They are made of the same products, which a compiler makes once: the ways to a
// score that are faster without its energy are slower with it.
func (n Net) EnergyAndDrift(x *graph.Node) (energy, drift *graph.Node) {
	return n.Energy(x), n.score(x, false)
}

func (n Net) score(x *graph.Node, final bool) *graph.Node {
	if scorer, ok := n.Model.(Scorer); ok {
		return scorer.Score(n.Theta, x, final)
	}
	return autodiffScore(n.Model, n.Theta, x)
}

// autodiffScore is the score by differentiation of the energy.
func autodiffScore(model Energy, theta []*graph.Node, x *graph.Node) *graph.Node {
	x = itself(x) // a node that came out of StopGradient would have the gradient 0
	return graph.Neg(graph.Gradient(graph.ReduceAllSum(model.Energy(theta, x)), x)[0])
}

// itself is x as another node. graph.Identity alone has no gradient.
func itself(x *graph.Node) *graph.Node {
	return graph.IdentityWithCustomGradient(x, func(_, v *graph.Node) *graph.Node { return v })
}

// row makes a parameter [dim], or [replicas, dim], fit to be added to points: [batch, dim] or [replicas, batch, dim].
func row(parameter, points *graph.Node) *graph.Node {
	parameter = graph.ConvertDType(graph.InsertAxes(parameter, -2), points.DType())
	return graph.ExpandLeftToRank(parameter, points.Rank())
}

// product multiplies points with a matrix, [batch, in]·[in, out], each replica's with its own where there are several, in
// the type of the matrix. The result has that of the points.
func product(x, w *graph.Node) *graph.Node {
	dtype := x.DType()
	x = graph.ConvertDType(x, w.DType())
	switch {
	case x.Rank() == 2:
		x = graph.Dot(x, w).Product()
	case w.Rank() == 2:
		x = graph.Einsum("rbi,io->rbo", x, w)
	default:
		x = graph.Einsum("rbi,rio->rbo", x, w)
	}
	return graph.ConvertDType(x, dtype)
}

// affine is a layer without its activation, [batch, in]·[in, out] + [out].
func affine(x, weight, bias *graph.Node) *graph.Node {
	return graph.Add(product(x, weight), row(bias, x))
}

// productTransposed multiplies points with a transposed matrix, [batch, out]·[in, out]ᵀ; otherwise it is as product.
func productTransposed(x, w *graph.Node) *graph.Node {
	dtype := x.DType()
	x = graph.ConvertDType(x, w.DType())
	if x.Rank() == 2 {
		x = graph.Einsum("bo,io->bi", x, w)
	} else {
		x = graph.Einsum("rbo,rio->rbi", x, w)
	}
	return graph.ConvertDType(x, dtype)
}

// constant is an Init that ignores the generator.
func constant(values ...float64) func(*rand.Rand) []float64 {
	return func(*rand.Rand) []float64 { return append([]float64(nil), values...) }
}

// Value is a parameter's value on the host.
type Value struct {
	Name    string
	Shape   []int
	Numbers []float64 // row-major
}
