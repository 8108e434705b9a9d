package trainers

import (
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/dealt"
	"joule/internal/random"
	"joule/internal/tensor"
)

// stepState is everything that one step hands to the next, beside its number. What concerns the parameters is in parts
// (layout).
type stepState struct {
	theta   []*graph.Node
	moments []Moments
	average []*graph.Node // running average of theta; none unless the settings ask for one
	carried []*graph.Node
	sums    *graph.Node // [metrics] or [replicas, metrics]: of what is logged, since the last log
}

// flatten and unflatten are inverse to each other; their order is that of the program's inputs.
func (s stepState) flatten() []*graph.Node {
	flat := append([]*graph.Node(nil), s.theta...)
	for _, m := range s.moments {
		flat = append(flat, m.First, m.Second)
	}
	return append(append(append(flat, s.average...), s.carried...), s.sums)
}

func (p *program) unflatten(flat []*graph.Node) stepState {
	n := p.layout.size()
	s := stepState{theta: flat[:n:n], sums: flat[p.atSums()]}
	for k := n; k < 3*n; k += 2 {
		s.moments = append(s.moments, Moments{flat[k], flat[k+1]})
	}
	if p.settings.EMA > 0 {
		s.average = flat[p.atAverage():p.atCarried():p.atCarried()]
	}
	s.carried = flat[p.atCarried():p.atSums():p.atSums()]
	return s
}

// Where parts of a flattened state begin; the parameters are first.
func (p *program) atMoments() int { return p.layout.size() }
func (p *program) atAverage() int { return 3 * p.layout.size() }

func (p *program) atCarried() int {
	if p.settings.EMA > 0 {
		return p.atAverage() + p.layout.size()
	}
	return p.atAverage()
}

func (p *program) atSums() int { return p.atCarried() + p.carried }

// size is the number of nodes in a flattened state.
func (p *program) size() int { return p.atSums() + 1 }

// The purposes of a seed, each with its own stream of random numbers.
const (
	purposeParameters = iota + 1
	purposeSteps
	purposeState
	purposeValidation
	purposeSeen
)

// afterRollback is added to the purpose of the steps for every rollback.
const afterRollback = 1 << 8

// first is the state before the first step, one for each device: all alike but for what the objective carries.
func (p *program) first(backend compute.Backend, seeds []int64) ([][]*tensors.Tensor, error) {
	theta := make([][][]float64, len(seeds)) // [replicas][parameter]
	for i, seed := range seeds {
		r := rand.New(rand.NewPCG(uint64(seed), purposeParameters))
		for _, parameter := range p.layout.learned {
			theta[i] = append(theta[i], parameter.Init(r))
		}
	}
	states := make([][]*tensors.Tensor, p.devices)
	for device := range states {
		var state []*tensors.Tensor
		parts := func() {
			for k := range p.layout.parts {
				state = append(state, tensor.From(p.layout.values(k, theta), p.dtype, p.layout.shape(k)...))
			}
		}
		parts()
		for k := range p.layout.parts {
			for range 2 { // the moments
				state = append(state, tensors.FromShape(shapes.Make(p.dtype, p.layout.shape(k)...)))
			}
		}
		if p.settings.EMA > 0 {
			parts()
		}
		carried, err := p.firstCarried(backend, seeds, device)
		if err != nil {
			return nil, err
		}
		states[device] = append(append(state, carried...), p.zeroSums())
	}
	return states, nil
}

// firstCarried draws what the objective carries at first, the part of one device.
func (p *program) firstCarried(backend compute.Backend, seeds []int64, device int) ([]*tensors.Tensor, error) {
	if p.carried == 0 {
		return nil, nil
	}
	out, err := graph.CallOnceN(backend, func(key, part *graph.Node) []*graph.Node {
		draws := random.NewStream(key)
		if p.devices > 1 {
			draws.For(&dealt.Part{Devices: p.devices, Device: part})
		}
		var values []*graph.Node
		for _, s := range p.objective.State() {
			own := random.Draws(draws)
			if !s.Dealt {
				own = draws.Whole()
			}
			values = append(values, s.Init(own.Normal(shapes.Make(p.dtype, s.Shape...))))
		}
		return values
	}, keyOf(seeds, purposeState), int32(device))
	if err != nil {
		return nil, fmt.Errorf("cannot draw the method's initial state: %w", err)
	}
	for i, drawn := range out { // on the first device, which it may not be for
		values, err := tensor.Values(drawn)
		if err != nil {
			return nil, fmt.Errorf("cannot read the method's initial state: %w", err)
		}
		out[i] = tensor.From(values, p.dtype, drawn.Shape().Dimensions...)
		tensor.Free(drawn)
	}
	return out, nil
}

// zeroSums is where the sums of what is logged start.
func (p *program) zeroSums() *tensors.Tensor {
	return tensors.FromShape(shapes.Make(p.dtype, p.layout.each(len(p.metrics()))...))
}

// keyOf is the key of one seed, or of several, for one purpose, or for a purpose each.
func keyOf(seeds []int64, purposes ...uint64) *tensors.Tensor {
	if len(seeds) == 1 {
		return random.Seed(seeds[0], purposes[0])
	}
	return random.Seeds(seeds, purposes...)
}
