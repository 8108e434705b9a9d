package samplers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/loop"
	"joule/internal/random"
	"joule/models"
)

// Options are what a run can be given besides its settings.
type Options struct {
	// Scale is what the step size is multiplied by at first: a scalar, or [replicas]. Nil is 1.
	Scale *graph.Node
	// Gain is how strongly the step size follows the acceptance from transition to transition; 0: not at all. It needs a
	// Scale, which State.Scale is the end of.
	Gain float64
}

// Run starts chains at x [chains, dim] and makes the sampler's Length of transitions. The loop runs on the device; no
// gradient flows back through it.
func Run(s Sampler, net models.Net, x *graph.Node, o Options, draws random.Draws) State {
	state := s.Start(net, x, draws)
	state.Scale = o.Scale
	return repeat(s, net, state, graph.Const(x.Graph(), int32(s.Length())), draws, nil, func(pass *graph.Node, _ []*graph.Node) Clock {
		at := Clock{Pass: pass}
		if o.Gain > 0 {
			at.Gain = graph.Scalar(pass.Graph(), x.DType(), o.Gain)
		}
		return at
	})
}

// repeat makes so many transitions (int32) at the times that the clock gives for each pass. The given nodes, which the clock is
// made from, are carried through the loop with the state.
func repeat(s Sampler, net models.Net, state State, transitions *graph.Node, draws random.Draws, given []*graph.Node, clock func(pass *graph.Node, given []*graph.Node) Clock) State {
	flat, randomness := state.flatten(), draws.State()
	n := len(flat)
	m := n + len(randomness)
	k := m + len(given)
	carry := append(append(append(append([]*graph.Node(nil), flat...), randomness...), given...), net.Theta...)
	out := loop.Repeat(transitions, func(pass *graph.Node, carry []*graph.Node) []*graph.Node {
		draws, given, theta := draws.At(carry[n:m], pass), carry[m:k], carry[k:]
		next := s.Transition(models.Net{Model: net.Model, Theta: theta}, state.like(carry[:n:n]), clock(pass, given), draws)
		return append(append(append(next.flatten(), draws.Return()...), given...), theta...)
	}, carry...)
	draws.Resume(out[n:m])
	for i := range out[:n] {
		out[i] = graph.StopGradient(out[i])
	}
	return state.like(out[:n:n])
}
