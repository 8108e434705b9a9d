package trainers

import (
	"fmt"
	"math"

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
		Sampler: samplers.NewULA(20, 0.05)}
}

// Prepare implements Method.
func (m *MLE) Prepare(p Problem) (Objective, error) {
	if m.Init != "persistent" {
		return newMLE(m, p), nil
	}
	if batch := p.BatchSize * p.Devices; m.BufferSize < batch {
		return nil, fmt.Errorf("method.buffer_size is %d, less than train.batch_size %d: each step moves one batch of chains", m.BufferSize, batch)
	}
	if !m.canShare(p.Devices) {
		return nil, fmt.Errorf("method.buffer_size %d cannot be shared evenly by %d devices (train.devices)", m.BufferSize, p.Devices)
	}
	return newMLE(m, p), nil
}

// canShare implements sharing.
func (m *MLE) canShare(devices int) bool { return m.Init != "persistent" || m.BufferSize%devices == 0 }

type mle struct {
	*MLE
	problem Problem
	// The box around the data and the noise that chains start from, and the spread of the data over all coordinates.
	centre, half [][]float64 // [replicas][dim]
	spread       [][]float64 // [replicas][1]
	dataVary     bool
}

// startWidth is how many standard deviations of the noise that chains start from are within its range.
const startWidth = 4

func newMLE(settings *MLE, p Problem) *mle {
	m := &mle{MLE: settings, problem: p, dataVary: true}
	for _, set := range p.Data {
		low, high := set.Train.Range()
		centre, half := make([]float64, len(low)), make([]float64, len(low))
		for k := range low {
			l, h := min(low[k], -startWidth*m.InitStd), max(high[k], startWidth*m.InitStd)
			centre[k], half[k] = (l+h)/2, (h-l)/2
		}
		_, std := set.Train.Moments()
		variance := 0.0
		for _, s := range std {
			variance += s * s / float64(len(std))
		}
		if variance == 0 {
			variance, m.dataVary = 1, false
		}
		m.centre, m.half, m.spread = append(m.centre, centre), append(m.half, half), append(m.spread, []float64{math.Sqrt(variance)})
	}
	return m
}

func (*mle) Parameters() []models.Parameter { return nil }

// Metrics implements Objective. chain_range and chain_spread are those of the negatives, in units of the data's.
func (m *mle) Metrics() []Metric {
	health := m.problem.Health
	gap := Metric{Name: "energy_gap", Cause: gapCause}
	if health.MaxEnergyGap > 0 {
		least := -health.MaxEnergyGap
		gap.Min, gap.Max = &least, &health.MaxEnergyGap
	}
	distance := Metric{Name: "chain_range", Cause: rangeCause}
	if health.MaxChainRange > 0 {
		distance.Max = &health.MaxChainRange
	}
	spread := Metric{Name: "chain_spread", Cause: tightCause}
	if health.MinChainSpread > 0 && m.problem.BatchSize >= enoughChains && m.dataVary {
		spread.Min = &health.MinChainSpread
	}
	return []Metric{{Name: "energy_data", Cause: tooFast}, {Name: "energy_samples", Cause: tooFast}, gap, distance, spread}
}

// enoughChains is from how many on chains are not close together by chance.
const enoughChains = 16

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
	up, down := batchMean(positive), batchMean(negative)
	return Output{
		Loss:    m.MLE.loss(positive, negative),
		State:   state,
		Metrics: append([]*graph.Node{up, down, graph.Sub(down, up)}, m.vitals(negatives)...),
	}
}

// vitals are chain_range and chain_spread of negatives [batch, dim].
func (m *mle) vitals(x *graph.Node) []*graph.Node {
	distance := graph.Abs(graph.Div(graph.Sub(x, rowOf(x, m.centre)), rowOf(x, m.half)))
	mean := graph.ReduceAndKeep(x, graph.ReduceMean, -2)
	variance := batchMean(graph.ReduceMean(graph.Square(graph.Sub(x, mean)), -1))
	spread := graph.InsertAxes(graph.Sqrt(variance), -1)
	spread = graph.Div(spread, constantOf(spread, m.spread, func(s float64) float64 { return s }))
	return []*graph.Node{
		graph.ReduceMax(graph.ReduceMax(distance, -1), -1),
		graph.Squeeze(spread, -1),
	}
}

// negatives runs the chains of one step.
func (m *mle) negatives(in Input) (x *graph.Node, state []*graph.Node) {
	batch := in.Batch.Shape()
	switch m.Init {
	case "noise":
		return samplers.Run(m.Sampler, in.Net, m.noise(in.Draws.Normal(batch)), samplers.Options{}, in.Draws).X, nil
	case "data":
		return samplers.Run(m.Sampler, in.Net, in.Batch, samplers.Options{}, in.Draws).X, nil
	}
	chains, n := in.State[0], batch.Dimensions[batch.Rank()-2]
	start := graph.SliceAxis(chains, -2, graph.AxisRange(0, n))
	if m.RestartFraction > 0 {
		u := in.Draws.Uniform(shapes.Make(dtypes.Float32, m.problem.each(n, 1)...))
		restart := graph.BroadcastToDims(graph.LessThan(u, graph.Scalar(u.Graph(), u.DType(), m.RestartFraction)), batch.Dimensions...)
		start = graph.Where(restart, m.noise(in.Draws.Normal(batch)), start)
	}
	x = samplers.Run(m.Sampler, in.Net, start, samplers.Options{}, in.Draws).X
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
