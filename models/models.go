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
	// Energy maps points [batch, dim] to energies [batch]. theta holds a node for each of Parameters, in order.
	Energy(theta []*graph.Node, x *graph.Node) *graph.Node
}

// Kinds are the models that a config can name.
var Kinds = map[string]func() Energy{
	"mlp":       func() Energy { return NewMLP() },
	"quadratic": func() Energy { return NewQuadratic() },
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

// Energy maps points [batch, dim] to energies [batch].
func (n Net) Energy(x *graph.Node) *graph.Node { return n.Model.Energy(n.Theta, x) }

// Score maps points [batch, dim] to −∇ₓE(x) [batch, dim]. It can be differentiated again.
func (n Net) Score(x *graph.Node) *graph.Node {
	x = graph.Identity(x) // a node that came out of StopGradient would have the gradient 0
	return graph.Neg(graph.Gradient(graph.ReduceAllSum(n.Energy(x)), x)[0])
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
