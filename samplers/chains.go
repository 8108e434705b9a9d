package samplers

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
)

// Start is the Gaussian with independent coordinates that chains start from.
type Start struct{ Mean, Std []float64 }

// The purposes of the random numbers of chains, which tell them from other uses of the same seed.
const (
	purposeStart = iota + 101
	purposeMoves
)

// Chains are Markov chains of a compiled model, which stay on its backend between calls. They are not safe for concurrent
// use.
type Chains struct {
	model   *models.Compiled
	sampler Sampler
	n       int
	seed    int64

	scale  []float64 // the chains move in the coordinates x/scale
	passes int       // transitions made
	until  int       // the step size is adapted in the transitions before this one
	calls  int
	shape  State // which parts a state has, for what is on the device
	// The transitions, and the acceptances in them, that Acceptance leaves out.
	skipped  int
	accepted float64

	state             []*tensors.Tensor
	begin, move, look *graph.Exec
}

// NewChains starts n chains; the same seed gives the same chains. They move in coordinates divided by scale, which should
// be of the order of the density's standard deviations (a diagonal preconditioner); nil is none. Step sizes are adapted in
// the first adapt transitions, where the sampler asks for it.
func NewChains(model *models.Compiled, s Sampler, start Start, scale []float64, n int, seed int64, adapt int) (*Chains, error) {
	if len(start.Mean) != model.Dim || len(start.Std) != model.Dim {
		return nil, fmt.Errorf("the chains start with %d means and %d standard deviations, and the model has %d coordinates", len(start.Mean), len(start.Std), model.Dim)
	}
	if err := s.Fit(model.Model); err != nil {
		return nil, err
	}
	if err := CheckChains(s, n, 1, 1); err != nil {
		return nil, err
	}
	if scale != nil {
		if err := FitScaled(s, model.Model); err != nil {
			return nil, fmt.Errorf("sampling.precondition: %w", err)
		}
	}
	c := &Chains{model: model, sampler: s, n: n, seed: seed, scale: scale, until: adapt}
	if err := c.compile(); err != nil {
		return nil, err
	}
	err := c.start(random.Seed(seed, purposeStart), c.row(start.Mean), c.row(start.Std))
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// compile prepares the three programs: how chains begin, how they move, and where they are.
func (c *Chains) compile() (err error) {
	if c.begin, err = c.model.Exec(func(net models.Net, in []*graph.Node) []*graph.Node {
		first, mean, std, scale := in[0], in[1], in[2], in[3]
		draws := random.NewStream(first)
		x := graph.Add(graph.Mul(draws.Normal(shapes.Make(models.DType, c.n, c.model.Dim)), std), mean)
		return c.started(net, x, scale, draws).flatten()
	}); err != nil {
		return err
	}
	if c.move, err = c.model.Exec(func(net models.Net, in []*graph.Node) []*graph.Node {
		key, call, first, until, transitions, scale, state := in[0], in[1], in[2], in[3], in[4], in[5], in[6:]
		draws := random.NewStreamAt(key, call)
		return repeat(c.sampler, c.scaled(net, scale), c.shape.like(state), transitions, draws, []*graph.Node{first, until}, c.clock).flatten()
	}); err != nil {
		return err
	}
	c.look, err = c.model.Exec(func(net models.Net, in []*graph.Node) []*graph.Node {
		x := in[0]
		if c.scale != nil {
			x = graph.Mul(x, in[1])
		}
		return []*graph.Node{x, net.Energy(x)}
	})
	return err
}

// Restart starts the chains anew with the random numbers of a seed: they are then as after NewChains, and nothing is compiled
// again.
func (c *Chains) Restart(start Start, seed int64) error {
	tensor.Free(c.state...)
	c.state, c.seed, c.passes, c.calls, c.skipped, c.accepted = nil, seed, 0, 0, 0, 0
	return c.start(random.Seed(seed, purposeStart), c.row(start.Mean), c.row(start.Std))
}

// started is the first state of chains at x.
func (c *Chains) started(net models.Net, x, scale *graph.Node, draws random.Draws) State {
	if c.scale != nil {
		x = graph.Div(x, scale)
	}
	state := c.sampler.Start(c.scaled(net, scale), x, draws)
	if Adapts(c.sampler) {
		state.Scale = graph.OnesLike(noneAccepted(x))
	}
	c.shape = state
	return state
}

// scaled is the net in the coordinates that the chains move in.
func (c *Chains) scaled(net models.Net, scale *graph.Node) models.Net {
	if c.scale == nil {
		return net
	}
	return net.Scaled(scale)
}

// clock is that of a pass, given how many transitions there were before the call and when adapting ends.
func (c *Chains) clock(pass *graph.Node, given []*graph.Node) Clock {
	at := Clock{Pass: graph.Add(pass, given[0])}
	if Adapts(c.sampler) {
		t := graph.ConvertDType(at.Pass, models.DType)
		gain := graph.Exp(graph.MulScalar(graph.Log1p(t), -0.6)) // (1 + t)^−0.6
		at.Gain = graph.Where(graph.LessThan(at.Pass, given[1]), gain, graph.ZerosLike(gain))
	}
	return at
}

// start runs the program that begins chains.
func (c *Chains) start(key, mean, std *tensors.Tensor) error {
	out, err := c.model.Call(c.begin, key, mean, std, c.row(c.scale))
	if err != nil {
		return fmt.Errorf("cannot start the chains: %w", err)
	}
	c.state = out
	return nil
}

// row is a tensor [1, dim] of a value for each coordinate; nil is ones.
func (c *Chains) row(values []float64) *tensors.Tensor {
	if values == nil {
		values = make([]float64, c.model.Dim)
		for k := range values {
			values[k] = 1
		}
	}
	return tensor.From(values, models.DType, 1, c.model.Dim)
}

// Run makes so many transitions.
func (c *Chains) Run(transitions int) error {
	in := []any{random.Seed(c.seed, purposeMoves), int32(c.calls), int32(c.passes), int32(c.until), int32(transitions), c.row(c.scale)}
	for _, t := range c.state {
		in = append(in, t)
	}
	out, err := c.model.Call(c.move, in...)
	if err != nil {
		return fmt.Errorf("cannot run the chains: %w", err)
	}
	tensor.Free(c.state...)
	c.state = out
	c.passes += transitions
	c.calls++
	return nil
}

// Points are where the chains are, row by row [chains·dim], and their energies [chains].
func (c *Chains) Points() (points, energies []float64, err error) {
	in := []any{c.state[0]}
	if c.scale != nil {
		in = append(in, c.row(c.scale))
	}
	out, err := c.model.Call(c.look, in...)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the chains: %w", err)
	}
	defer tensor.Free(out...)
	if points, err = tensor.Values(out[0]); err != nil {
		return nil, nil, err
	}
	energies, err = tensor.Values(out[1])
	return points, energies, err
}

// Acceptance is the share of proposals that were accepted since Recount, or else in all transitions. It is NaN where the
// sampler accepts whatever it proposes, and before the first transition.
func (c *Chains) Acceptance() (float64, error) {
	if c.shape.Accepted == nil || c.passes == c.skipped {
		return math.NaN(), nil
	}
	sum, err := c.acceptances()
	return (sum - c.accepted) / float64(c.passes-c.skipped), err
}

// Recount lets Acceptance begin anew.
func (c *Chains) Recount() (err error) {
	c.skipped = c.passes
	c.accepted, err = c.acceptances()
	return err
}

// acceptances is the sum of the shares of accepted proposals; 0 where the sampler has none.
func (c *Chains) acceptances() (float64, error) {
	if c.shape.Accepted == nil {
		return 0, nil
	}
	at := 1
	if c.shape.Scale != nil {
		at = 2
	}
	sum, err := tensor.Values(c.state[at])
	if err != nil {
		return 0, err
	}
	return sum[0], nil
}

// StepScale is what the sampler's step size is multiplied by; 1 where it does not adapt.
func (c *Chains) StepScale() (float64, error) {
	if c.shape.Scale == nil {
		return 1, nil
	}
	scale, err := tensor.Values(c.state[1])
	if err != nil {
		return 0, err
	}
	return scale[0], nil
}

// Close frees what the chains have on the device.
func (c *Chains) Close() {
	tensor.Free(c.state...)
	for _, exec := range []*graph.Exec{c.begin, c.move, c.look} {
		if exec != nil {
			exec.Finalize()
		}
	}
}
