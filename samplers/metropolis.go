package samplers

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/dealt"
	"joule/internal/random"
)

// proposal is what a Metropolis–Hastings step chooses from: where chains are, and where they might go.
type proposal struct {
	from, to []*graph.Node // alike in shape: [chains, …]; the first of them are the points
	logRatio *graph.Node   // [chains]: log of the acceptance ratio
}

// decide accepts each chain's proposal with probability min(1, ratio) (Metropolis et al. 1953, Hastings 1970), and never one
// whose ratio is not a number. The share that is accepted is added to the state's, and the step size follows it towards the
// target where the clock says so and target is not 0: on all devices alike that share the chains.
func (p proposal) decide(s State, target float64, at Clock, draws random.Draws) (chosen []*graph.Node, next State) {
	ratio := p.logRatio
	accept := isAccepted(draws.Uniform(ratio.Shape()), ratio)
	for i, from := range p.from {
		chosen = append(chosen, graph.Where(spreadChains(accept, from), p.to[i], from))
	}
	share := graph.ReduceMean(graph.ConvertDType(accept, ratio.DType()), -1)
	s.Accepted = graph.Add(s.Accepted, share)
	if target > 0 && at.Gain != nil && s.Scale != nil {
		s.Scale = adapted(s.Scale, ratio, target, at.Gain, draws.Part())
	}
	return chosen, s
}

// isAccepted says for which log ratios uniform numbers decide. A number of 0 stands for half of the smallest one above it: its
// logarithm would accept everything.
func isAccepted(u, logRatio *graph.Node) *graph.Node {
	const smallest = 1.0 / (1 << 25)
	return graph.LessThan(graph.Log(graph.MaxScalar(u, smallest)), logRatio)
}

// adapted moves the logarithm of a step size by gain times what the acceptance exceeds its target by, as a share of the most
// that it can: stochastic approximation (Robbins & Monro 1951; Andrieu & Thoms 2008). So a step that is far too small grows
// as fast for a high target as for a low one. The mean probability of acceptance varies less than the share.
func adapted(scale, logRatio *graph.Node, target float64, gain *graph.Node, part *dealt.Part) *graph.Node {
	probability := graph.Exp(graph.MinScalar(logRatio, 0))
	isNumber := graph.GreaterOrEqual(probability, graph.ZerosLike(probability))
	mean := graph.ReduceMean(graph.Where(isNumber, probability, graph.ZerosLike(probability)), -1)
	mean = part.Mean(mean)
	change := graph.Mul(spread(gain, mean), graph.DivScalar(graph.AddScalar(mean, -target), 1-target))
	return graph.Mul(scale, graph.Exp(change))
}

// spreadChains makes a value of each chain, [chains], fit x [chains] or [chains, dim].
func spreadChains(value, x *graph.Node) *graph.Node {
	if value.Rank() < x.Rank() {
		return perChain(value, x)
	}
	return value
}

// noneAccepted is where the sum of acceptances starts: 0, for each replica.
func noneAccepted(x *graph.Node) *graph.Node {
	return graph.Zeros(x.Graph(), shapes.Make(x.DType(), x.Shape().Dimensions[:x.Rank()-2]...))
}

// squaredNorm sums the squares of the coordinates: [chains, dim] -> [chains].
func squaredNorm(x *graph.Node) *graph.Node { return graph.ReduceSum(graph.Square(x), -1) }
