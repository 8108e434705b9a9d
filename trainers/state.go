package trainers

import (
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/random"
	"joule/internal/tensor"
)

// stepState is everything that one step hands to the next. What concerns the parameters is in parts (layout).
type stepState struct {
	step    *graph.Node // int32: steps done
	sick    *graph.Node // int32, a scalar or [replicas]: the step that came out not finite, counted from 1; 0: none
	theta   []*graph.Node
	moments []Moments
	average []*graph.Node // running average of theta; none unless the settings ask for one
	carried []*graph.Node
}

// Where parts of a flattened state are.
const (
	atSick  = 1
	atTheta = 2
)

// flatten and unflatten are inverse to each other; their order is that of the program's inputs.
func (s stepState) flatten() []*graph.Node {
	flat := append([]*graph.Node{s.step, s.sick}, s.theta...)
	for _, m := range s.moments {
		flat = append(flat, m.First, m.Second)
	}
	return append(append(flat, s.average...), s.carried...)
}

func (p *program) unflatten(flat []*graph.Node) stepState {
	n := p.layout.size()
	s := stepState{step: flat[0], sick: flat[atSick], theta: flat[atTheta : atTheta+n : atTheta+n]}
	for k := atTheta + n; k < atTheta+3*n; k += 2 {
		s.moments = append(s.moments, Moments{flat[k], flat[k+1]})
	}
	rest := flat[p.atAverage():]
	if p.settings.EMA > 0 {
		s.average, rest = rest[:n:n], rest[n:]
	}
	s.carried = rest
	return s
}

// atAverage is where the running average begins.
func (p *program) atAverage() int { return atTheta + 3*p.layout.size() }

// size is the number of nodes in a flattened state.
func (p *program) size() int {
	n := p.atAverage() + p.carried
	if p.settings.EMA > 0 {
		n += p.layout.size()
	}
	return n
}

// The purposes of a seed, each with its own stream of random numbers.
const (
	purposeParameters = iota + 1
	purposeSteps
	purposeState
)

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
		state := []*tensors.Tensor{tensors.FromScalar(int32(0)), tensors.FromFlatDataAndDimensions(make([]int32, len(seeds)), p.layout.each()...)}
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
		states[device] = append(state, carried...)
	}
	return states, nil
}

// firstCarried draws what the objective carries at first, the part of one device.
func (p *program) firstCarried(backend compute.Backend, seeds []int64, device int) ([]*tensors.Tensor, error) {
	if p.carried == 0 {
		return nil, nil
	}
	out, err := graph.ExecOnceN(backend, func(key, part *graph.Node) []*graph.Node {
		draws := random.NewStream(key)
		draws.Part(part)
		var values []*graph.Node
		for _, s := range p.objective.State() {
			values = append(values, s.Init(draws.Normal(shapes.Make(p.dtype, s.Shape...))))
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

// keyOf is the key of one seed, or of several.
func keyOf(seeds []int64, purpose uint64) *tensors.Tensor {
	if len(seeds) == 1 {
		return random.Seed(seeds[0], purpose)
	}
	return random.Seeds(seeds, purpose)
}
