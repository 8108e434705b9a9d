// Package samplers draws from the density of an energy model by Markov chains.
//
// A sampler is a kernel, one transition of many chains at once, with settings that say how often to apply it. Kernels
// are graph functions: chains in, chains out, and the randomness an explicit argument.
package samplers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/loop"
	"joule/internal/random"
	"joule/models"
)

// Sampler is the settings of a Markov chain, and its kernel.
type Sampler interface {
	// Transition moves the chains x [chains, dim] once.
	Transition(net models.Net, x *graph.Node, draws random.Draws) *graph.Node
	// Length is the number of transitions that a run makes.
	Length() int
}

// Kinds are the samplers that a config can name.
var Kinds = map[string]func() Sampler{
	"langevin": func() Sampler { return NewLangevin() },
}

// Run starts chains at x [chains, dim] and returns where they are after the sampler's Length of transitions.
// The loop runs on the device; no gradient flows back through it.
func Run(s Sampler, net models.Net, x *graph.Node, draws random.Draws) *graph.Node {
	return RunFor(s, graph.Const(x.Graph(), int32(s.Length())), net, x, draws)
}

// RunFor is Run with the number of transitions given by a node, an int32 scalar.
func RunFor(s Sampler, transitions *graph.Node, net models.Net, x *graph.Node, draws random.Draws) *graph.Node {
	randomness := draws.State()
	n := 1 + len(randomness)
	state := append(append([]*graph.Node{x}, randomness...), net.Theta...)
	out := loop.Repeat(transitions, func(pass *graph.Node, state []*graph.Node) []*graph.Node {
		draws, theta := draws.At(state[1:n], pass), state[n:]
		x := s.Transition(models.Net{Model: net.Model, Theta: theta}, state[0], draws)
		return append(append([]*graph.Node{x}, draws.Return()...), theta...)
	}, state...)
	draws.Resume(out[1:n])
	return graph.StopGradient(out[0])
}
