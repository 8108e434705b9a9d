package models

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Clamped is the model with some coordinates of each of n points held at given values: its energy at x is that of x with those
// values in their place. known is 1 where a value is given and 0 elsewhere; both are [n, dim], and the result takes n points
// at a time, or a multiple of n, of which the next n are held at the same values as the first. A chain of it moves in the other coordinates as its sampler moves it in the model's density
// given the known ones; in the known ones, on which the energy does not depend, it wanders.
func (c *Compiled) Clamped(values, known *tensors.Tensor) (*Compiled, error) {
	n := len(c.theta)
	clamped := &Compiled{Backend: c.Backend, Model: clampedModel(c.Model), Dim: c.Dim, calls: c.calls, theta: append(c.theta[:n:n], nil, nil)}
	clamped.Clamp(values, known)
	return clamped, clamped.prepare()
}

// Clamp gives a model that Clamped has made other values of the same shape, for calls from then on.
func (c *Compiled) Clamp(values, known *tensors.Tensor) {
	n := len(c.theta)
	c.theta[n-2], c.theta[n-1] = values, known
}

// clampedModel is an energy whose last parameters are the values of known coordinates, and which those are. It has noise levels
// if the one within has.
func clampedModel(model Energy) Energy {
	if c, ok := model.(Conditional); ok {
		return clampedConditional{clamped{model}, c}
	}
	return clamped{model}
}

type clamped struct{ of Energy }

// Parameters implements Energy.
func (c clamped) Parameters(dim int) ([]Parameter, error) { return c.of.Parameters(dim) }

// Energy implements Energy.
func (c clamped) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	net, x, _ := c.apart(theta, x)
	return net.Energy(x)
}

// Score implements Scorer: 0 in the known coordinates.
func (c clamped) Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node {
	net, x, free := c.apart(theta, x)
	return graph.Mul(net.score(x, final), free)
}

// apart is the net within with the points that it is evaluated at, and 1 where those are x.
func (c clamped) apart(theta []*graph.Node, x *graph.Node) (net Net, at, free *graph.Node) {
	last := len(theta) - 2
	values, known := again(theta[last], x), again(theta[last+1], x)
	free = graph.OneMinus(known)
	return Net{c.of, theta[:last:last]}, graph.Add(graph.Mul(values, known), graph.Mul(x, free)), free
}

// again repeats rows [n, dim] for as many points as there are.
func again(rows, points *graph.Node) *graph.Node {
	n, dims := rows.Shape().Dimensions[0], points.Shape().Dimensions
	rows = graph.BroadcastToDims(graph.InsertAxes(rows, 0), dims[0]/n, n, dims[1])
	return graph.ConvertDType(graph.Reshape(rows, dims...), points.DType())
}

// clampedConditional is clamped of an energy with noise levels. The known values have no noise at any level.
type clampedConditional struct {
	clamped
	levels Conditional
}

// EnergyAt implements Conditional.
func (c clampedConditional) EnergyAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	net, x, _ := c.apart(theta, x)
	return c.levels.EnergyAt(net.Theta, x, sigma)
}

// ScoreAt implements LevelScorer.
func (c clampedConditional) ScoreAt(theta []*graph.Node, x, sigma *graph.Node, final bool) *graph.Node {
	net, x, free := c.apart(theta, x)
	at := Net{atLevel{c.levels}, append(net.Theta, sigma)}
	return graph.Mul(at.score(x, final), free)
}

// Levels implements Conditional.
func (c clampedConditional) Levels() (smallest, largest float64) { return c.levels.Levels() }
