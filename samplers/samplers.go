// Package samplers draws from the density of an energy model by Markov chains.
//
// A sampler is a kernel, one transition of many chains at once: state in, state out. Kernels are graph functions, and the
// randomness is an explicit argument. [Run] repeats one on the device inside another graph, as training does; [Chains] keeps
// chains on the device between calls, as drawing from a trained model does.
package samplers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// Sampler is the settings of a Markov chain, and its kernel.
type Sampler interface {
	// Length is the number of transitions that a run makes.
	Length() int
	// Cost is what it costs.
	Cost() Cost
	// Fit says what keeps the kernel from running on a model; nil: nothing does.
	Fit(model models.Energy) error
	// Start is the state of chains that begin at x [chains, dim].
	Start(net models.Net, x *graph.Node, draws Draws) State
	// Transition moves all chains once.
	Transition(net models.Net, s State, at Clock, draws Draws) State
}

// Draws hands out random numbers within a graph, fresh ones in every call: Normal and Uniform give numbers of a shape.
type Draws = random.Draws

// Kinds are the samplers that a config can name. A program can add its own before it reads the first config: each
// entry returns a pointer to a new struct of settings with its defaults.
var Kinds = map[string]func() Sampler{
	"langevin":           func() Sampler { return NewLangevin() },
	"mala":               func() Sampler { return NewMALA() },
	"hmc":                func() Sampler { return NewHMC() },
	"underdamped":        func() Sampler { return NewUnderdamped() },
	"annealed_langevin":  func() Sampler { return NewAnnealedLangevin() },
	"parallel_tempering": func() Sampler { return NewParallelTempering() },
	"svgd":               func() Sampler { return NewSVGD() },
	"descent":            func() Sampler { return NewDescent() },
	"ensemble":           func() Sampler { return NewEnsemble() },
}

// State is where chains are, and what their kernel keeps beside. Where several replicas are sampled at once, every node has
// one axis more in front.
type State struct {
	// X are the chains, [chains, dim].
	X *graph.Node
	// Scale is what the kernel's step size is multiplied by: a scalar, or [replicas]. Nil is 1.
	Scale *graph.Node
	// Accepted is the sum over the transitions of the share of proposals that were accepted: a scalar, or [replicas]. It is
	// nil for kernels that accept whatever they propose.
	Accepted *graph.Node
	// Own is what else the kernel keeps, such as the energy at X.
	Own []*graph.Node
}

// flatten lists the nodes of the state; like takes them apart again.
func (s State) flatten() []*graph.Node {
	flat := []*graph.Node{s.X}
	for _, node := range []*graph.Node{s.Scale, s.Accepted} {
		if node != nil {
			flat = append(flat, node)
		}
	}
	return append(flat, s.Own...)
}

// like is a state that has what s has, with other nodes: the inverse of flatten.
func (s State) like(flat []*graph.Node) State {
	other := State{X: flat[0]}
	flat = flat[1:]
	if s.Scale != nil {
		other.Scale, flat = flat[0], flat[1:]
	}
	if s.Accepted != nil {
		other.Accepted, flat = flat[0], flat[1:]
	}
	other.Own = flat
	return other
}

// Clock tells a transition when it is.
type Clock struct {
	// Pass is the number of transitions that the chains have made before, int32.
	Pass *graph.Node
	// Gain is how strongly the step size follows the acceptance, a scalar; nil: it stays as it is.
	Gain *graph.Node
}

// spread makes a value of each replica, a scalar or [replicas], fit x: the value for every number of x.
func spread(value, x *graph.Node) *graph.Node {
	for value.Rank() > 0 && value.Rank() < x.Rank() {
		value = graph.InsertAxes(value, -1)
	}
	return graph.BroadcastToDims(value, x.Shape().Dimensions...)
}

// perChain makes a value of each chain, [chains], fit x [chains, dim].
func perChain(value, x *graph.Node) *graph.Node {
	return graph.BroadcastToDims(graph.InsertAxes(value, -1), x.Shape().Dimensions...)
}
