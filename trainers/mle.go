package trainers

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
	"joule/samplers"
)

// MLE is maximum likelihood with negatives from a Markov chain: the gradient of
//
//	mean E(x⁺) − mean E(x⁻) + α·(mean E(x⁺)² + mean E(x⁻)²)
//
// with x⁺ data, x⁻ from the sampler, and no gradient through x⁻. Where the chains start makes the classic variants:
// noise is the short-run chain of Nijkamp et al. 2019, data is contrastive divergence (Hinton 2002), persistent keeps
// the chains between steps (Tieleman 2008) in a replay buffer (Du & Mordatch 2019, also the source of the α term).
type MLE struct {
	// Init is where chains start: noise, data or persistent.
	Init string `yaml:"init" check:"in noise|data|persistent"`
	// InitStd is the standard deviation of the noise that chains start from, around the origin.
	InitStd float64 `yaml:"init_std" check:"> 0"`
	// EnergyL2 is α.
	EnergyL2 float64 `yaml:"energy_l2" check:">= 0"`
	// BufferSize is the number of persistent chains; at least the batch size.
	BufferSize int `yaml:"buffer_size" check:"> 0, <= 100000000"`
	// RestartFraction is the chance that a persistent chain starts anew from noise when it is drawn.
	RestartFraction float64 `yaml:"restart_fraction" check:">= 0, <= 1"`
	// Sampler draws the negatives.
	Sampler samplers.Sampler `yaml:"sampler"`
}

// NewMLE returns the default settings: persistent chains with 20 Langevin steps of size 0.05.
func NewMLE() *MLE {
	return &MLE{Init: "persistent", InitStd: 1, BufferSize: 1024, RestartFraction: 0.05,
		Sampler: &samplers.Langevin{Steps: 20, StepSize: 0.05, Temperature: 1}}
}

// Prepare implements Method.
func (m *MLE) Prepare(p Problem) (Objective, error) {
	if m.Init != "persistent" {
		return &mle{m, p}, nil
	}
	if batch := p.BatchSize * p.Devices; m.BufferSize < batch {
		return nil, fmt.Errorf("method.buffer_size is %d, less than train.batch_size %d: each step moves one batch of chains", m.BufferSize, batch)
	}
	if !m.canShare(p.Devices) {
		return nil, fmt.Errorf("method.buffer_size %d cannot be shared evenly by %d devices (train.devices)", m.BufferSize, p.Devices)
	}
	return &mle{m, p}, nil
}

// canShare implements sharing.
func (m *MLE) canShare(devices int) bool { return m.Init != "persistent" || m.BufferSize%devices == 0 }

type mle struct {
	*MLE
	problem Problem
}

func (*mle) Parameters() []models.Parameter { return nil }
func (*mle) Metrics() []string              { return []string{"energy_data", "energy_samples"} }

// State implements Objective: the persistent chains, a queue whose head is the batch that has waited longest. Taking
// from the head and putting back at the tail, every chain is moved once a round and none is drawn twice in a batch.
func (m *mle) State() []State {
	if m.Init != "persistent" {
		return nil
	}
	return []State{{Name: "chains", Shape: m.problem.points(m.buffer()).Dimensions, Init: m.noise}}
}

// buffer is the number of persistent chains of a device.
func (m *mle) buffer() int { return m.BufferSize / m.problem.Devices }

// noise turns standard normal numbers into points that chains start from.
func (m *mle) noise(normal *graph.Node) *graph.Node { return graph.MulScalar(normal, m.InitStd) }

func (m *mle) Loss(in Input) Output {
	negatives, state := m.negatives(in)
	positive, negative := in.Net.Energy(in.Batch), in.Net.Energy(negatives)
	return Output{
		Loss:    m.MLE.loss(positive, negative),
		State:   state,
		Metrics: []*graph.Node{batchMean(positive), batchMean(negative)},
	}
}

// negatives runs the chains of one step.
func (m *mle) negatives(in Input) (x *graph.Node, state []*graph.Node) {
	batch := in.Batch.Shape()
	switch m.Init {
	case "noise":
		return samplers.Run(m.Sampler, in.Net, m.noise(in.Draws.Normal(batch)), in.Draws), nil
	case "data":
		return samplers.Run(m.Sampler, in.Net, in.Batch, in.Draws), nil
	}
	chains, n := in.State[0], batch.Dimensions[batch.Rank()-2]
	start := graph.SliceAxis(chains, -2, graph.AxisRange(0, n))
	if m.RestartFraction > 0 {
		u := in.Draws.Uniform(shapes.Make(dtypes.Float32, m.problem.each(n, 1)...))
		restart := graph.BroadcastToDims(graph.LessThan(u, graph.Scalar(u.Graph(), u.DType(), m.RestartFraction)), batch.Dimensions...)
		start = graph.Where(restart, m.noise(in.Draws.Normal(batch)), start)
	}
	x = samplers.Run(m.Sampler, in.Net, start, in.Draws)
	queue := x
	if m.buffer() > n {
		queue = graph.Concatenate([]*graph.Node{graph.SliceAxis(chains, -2, graph.AxisRangeToEnd(n)), x}, -2)
	}
	return x, []*graph.Node{queue}
}

// Loss is the loss for data and negatives, both [batch, dim].
func (m *MLE) Loss(net models.Net, data, negatives *graph.Node) *graph.Node {
	return m.loss(net.Energy(data), net.Energy(graph.StopGradient(negatives)))
}

func (m *MLE) loss(positive, negative *graph.Node) *graph.Node {
	loss := graph.Sub(batchMean(positive), batchMean(negative))
	if m.EnergyL2 > 0 {
		squares := graph.Add(batchMean(graph.Square(positive)), batchMean(graph.Square(negative)))
		loss = graph.Add(loss, graph.MulScalar(squares, m.EnergyL2))
	}
	return loss
}
