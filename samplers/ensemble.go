package samplers

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// Ensemble lets chains jump between modes that others have found. A transition is a run of another sampler, and a jump by
// the difference of two other chains, differential evolution Markov chain Monte Carlo (ter Braak 2006),
//
//	y = x + γ(a − b) + s·z,  z standard normal,
//
// accepted with probability min(1, exp(E(x) − E(y))). Half of the chains jump by differences of the other half and then the
// other way round, which keeps the joint density of all chains exactly (as in Goodman & Weare 2010). γ is 1, which leads from
// mode to mode, or 2.38/√(2·dim), which is best within one, half of the time each.
//
// It is as exact as the sampler within. A jump costs two evaluations of the energy for each chain, and no gradient.
type Ensemble struct {
	// Steps is the number of transitions of a run.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// Local moves the chains between jumps, by as many transitions as it has steps.
	Local Sampler `yaml:"local"`
	// Jitter is s, in units of the data.
	Jitter float64 `yaml:"jitter" check:"> 0"`
}

// NewEnsemble returns the default settings: 50 times four steps of MALA and a jump.
func NewEnsemble() *Ensemble {
	local := NewMALA()
	local.Steps = 4
	return &Ensemble{Steps: 50, Local: local, Jitter: 0.01}
}

// leastTogether is the fewest chains that can jump: two do, by the difference of the two others.
const leastTogether = 4

// CheckChains implements Crowd. Each device has to have as many chains of either half as the others.
func (e *Ensemble) CheckChains(chains, _, devices int) error {
	if chains < leastTogether {
		return fmt.Errorf("a sampler of kind ensemble lets chains jump by the differences of others, and %d are too few: at least %d", chains, leastTogether)
	}
	if devices > 1 && chains%(2*devices) != 0 {
		return fmt.Errorf("a sampler of kind ensemble lets halves of the chains jump in turn, and %d devices cannot share the halves of %d evenly: want a multiple of %d", devices, chains, 2*devices)
	}
	return nil
}

// maxLocal is the largest number of transitions between jumps: each is a part of the graph.
const maxLocal = 50

// Check refuses a local run that is too long.
func (e *Ensemble) Check(report func(key, problem string)) {
	if e.Local != nil && e.Local.Length() > maxLocal {
		report("local.steps", "is more than 50, the most there can be between jumps; a sampler whose steps make a run is not needed here")
	}
	switch e.Local.(type) {
	case *Langevin, *MALA, *HMC, *Underdamped, *Descent, nil:
	default:
		report("local.kind", "does not move each chain by itself from where it is; use langevin, mala, hmc, underdamped or descent")
	}
}

// Length implements Sampler.
func (e *Ensemble) Length() int { return e.Steps }

// Cost implements Sampler: the run of the sampler within, the energies before and after the jump, and a start for what follows.
func (e *Ensemble) Cost() Cost {
	local := e.Local.Cost()
	transition := float64(e.Local.Length())*local.Transition + 2*models.CostOfEnergy + local.Start
	if _, isUnderdamped := e.Local.(*Underdamped); isUnderdamped {
		transition -= models.CostOfScore // that at the end of its run is for velocities that end there, and left out
	}
	return Cost{local.Start, transition}
}

// Fit implements Sampler: what fits the sampler within.
func (e *Ensemble) Fit(model models.Energy) error { return e.Local.Fit(model) }

// Adapts implements Adapter.
func (e *Ensemble) Adapts() bool { return Adapts(e.Local) }

// Accepts implements Accepter.
func (e *Ensemble) Accepts() bool { return Accepts(e.Local) }

// Start implements Sampler.
func (e *Ensemble) Start(net models.Net, x *graph.Node, draws random.Draws) State {
	return e.Local.Start(net, x, draws)
}

// Transition implements Sampler. What counts as accepted are the proposals of the sampler within.
func (e *Ensemble) Transition(net models.Net, s State, at Clock, draws random.Draws) State {
	n, before := e.Local.Length(), s.Accepted
	for i := range n {
		inner := Clock{Pass: graph.AddScalar(graph.MulScalar(at.Pass, float64(n)), float64(i)), Gain: at.Gain}
		s = e.Local.Transition(net, s, inner, draws)
	}
	next := e.Local.Start(net, e.jump(net, s.X, draws), draws)
	next.Scale = s.Scale
	if before != nil {
		next.Accepted = graph.Add(before, graph.DivScalar(graph.Sub(s.Accepted, before), float64(max(n, 1))))
	}
	return next
}

// jump moves one half of the chains and then the other.
func (e *Ensemble) jump(net models.Net, x *graph.Node, draws random.Draws) *graph.Node {
	half := x.Shape().Dimensions[x.Rank()-2] / 2
	if half == 0 {
		return x
	}
	first, second := graph.SliceAxis(x, -2, graph.AxisRange(0, half)), graph.SliceAxis(x, -2, graph.AxisRangeToEnd(half))
	first = e.jumpBy(net, first, second, draws)
	second = e.jumpBy(net, second, first, draws)
	return graph.Concatenate([]*graph.Node{first, second}, -2)
}

// jumpBy moves chains x by differences of others, which are those of all devices.
func (e *Ensemble) jumpBy(net models.Net, x, others *graph.Node, draws random.Draws) *graph.Node {
	shape := x.Shape().Dimensions
	rank := len(shape)
	dtype, each := x.DType(), shape[:rank-1]
	difference := differences(x, draws.Part().Rows(others, -2), draws)
	within := 2.38 / math.Sqrt(2*float64(shape[rank-1]))
	far := graph.LessThan(draws.Uniform(shapes.Make(dtype, each...)), graph.Scalar(x.Graph(), dtype, 0.5))
	one := graph.Ones(x.Graph(), shapes.Make(dtype, each...))
	gamma := graph.Where(far, one, graph.MulScalar(one, within))
	y := graph.Add(x, graph.Mul(difference, perChain(gamma, x)))
	y = graph.Add(y, graph.MulScalar(draws.Normal(x.Shape()), e.Jitter))
	ratio := graph.Sub(net.Energy(x), net.Energy(y))
	accept := isAccepted(draws.Uniform(ratio.Shape()), ratio)
	return graph.Where(perChain(accept, x), y, x)
}

// differences are those of two different ones of the others, for each chain of x by itself: all pairs, in either order, are
// equally likely.
func differences(x, others *graph.Node, draws random.Draws) *graph.Node {
	shape, m := x.Shape().Dimensions, others.Shape().Dimensions[others.Rank()-2]
	dim := shape[len(shape)-1]
	chains := append(append([]int(nil), shape[:len(shape)-1]...), 1) // [chains, 1] or [replicas, chains, 1]
	below := func(n int) *graph.Node {
		u := draws.Uniform(shapes.Make(dtypes.Float64, chains...))
		return graph.ConvertDType(graph.Floor(graph.MulScalar(u, float64(n))), dtypes.Int32)
	}
	// A chain takes the others a and b, counted round, a ≠ b.
	a := below(m)
	b := graph.AddScalar(graph.Add(a, below(max(m-1, 1))), 1)
	rows := graph.Reshape(others, others.Shape().Size()/dim, dim)
	take := func(which *graph.Node) *graph.Node {
		index := graph.ModScalar(which, float64(m))
		if len(chains) > 2 {
			replica := graph.Iota(x.Graph(), shapes.Make(dtypes.Int32, chains...), 0)
			index = graph.Add(index, graph.MulScalar(replica, float64(m)))
		}
		return graph.Gather(rows, index)
	}
	return graph.Sub(take(a), take(b))
}
