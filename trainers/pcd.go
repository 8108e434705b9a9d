package trainers

import (
	"errors"
	"fmt"
	"joule/samplers"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// PCD is persistent contrastive divergence (Tieleman 2008) with a replay buffer (Du & Mordatch 2019): chains go on where
// they were left, and a share of them starts anew from noise.
//
// The buffer is a queue on the device. Each step takes the chains that have waited longest from its head and puts them back
// at its tail where they have come to, so that every chain is moved once a round and none is drawn twice. Where devices share a
// batch, the chains of the queue are dealt out to them as the rows of the batches are, and stay where they are.
type PCD struct {
	// InitStd is the standard deviation of the noise that chains start from, around the origin.
	InitStd float64 `yaml:"init_std" check:"> 0"`
	// BufferSize is the number of persistent chains; at least the batch size.
	BufferSize int `yaml:"buffer_size" check:"> 0, <= 100000000"`
	// RestartFraction is the chance that a persistent chain starts anew from noise when it is drawn.
	RestartFraction float64 `yaml:"restart_fraction" check:">= 0, <= 1"`
	Contrast        `yaml:",inline"`
}

// NewPCD returns the default settings: 1024 chains with 20 Langevin steps of size 0.05, 5 % of them restarted.
func NewPCD() *PCD {
	return &PCD{InitStd: 1, BufferSize: 1024, RestartFraction: 0.05, Contrast: Contrast{Sampler: samplers.NewULA(20, 0.05)}}
}

// Prepare implements Method.
func (m *PCD) Prepare(p Problem) (Objective, error) {
	if batch := p.BatchSize * p.Devices; m.BufferSize < batch {
		return nil, errors.New("method.buffer_size " + m.tooSmall(batch))
	}
	if !m.splits(p.Devices) {
		return nil, fmt.Errorf("method.buffer_size %d cannot be shared evenly by %d devices (train.devices)", m.BufferSize, p.Devices)
	}
	chains := fromBuffer{noise: fromNoise{m.InitStd}, restart: m.RestartFraction, size: m.BufferSize / p.Devices, problem: p}
	return m.Contrast.prepare(p, chains, m.InitStd)
}

// tooSmall is what is wrong with the buffer for a larger batch.
func (m *PCD) tooSmall(batch int) string {
	return fmt.Sprintf("is %d, less than train.batch_size %d: each step moves one batch of chains", m.BufferSize, batch)
}

// Suits implements Picky.
func (m *PCD) Suits(s Setting, report func(key, problem string)) {
	m.suits(s, false, report)
	if m.BufferSize < s.Loop.BatchSize {
		report("method.buffer_size", m.tooSmall(s.Loop.BatchSize))
	}
}

// canShare implements sharing.
func (m *PCD) canShare(devices int) bool { return m.movesAlone() && m.splits(devices) }

// splits says whether the buffer can be dealt out to so many devices evenly.
func (m *PCD) splits(devices int) bool { return m.BufferSize%devices == 0 }

// fromBuffer takes chains from the head of a queue and puts them back at its tail.
type fromBuffer struct {
	noise   fromNoise
	restart float64
	size    int // chains of a device
	problem Problem
}

func (f fromBuffer) state() []State {
	states := []State{{Name: "chains", Dealt: true, Shape: f.problem.points(f.size).Dimensions, Init: func(normal *graph.Node) *graph.Node {
		return graph.MulScalar(normal, f.noise.std)
	}}}
	if f.problem.Conditional {
		states = append(states, State{Name: "chain_labels", Dealt: true, Shape: f.problem.each(f.size), Init: f.firstLabels})
	}
	return states
}

// firstLabels makes labels, as often as in the data, of standard normal numbers [size].
func (f fromBuffer) firstLabels(normal *graph.Node) *graph.Node {
	borders := make([][]float64, len(f.problem.Data)) // [replicas][classes]: below which a share of the numbers is
	for i, set := range f.problem.Data {
		borders[i] = make([]float64, len(set.Labels.Classes))
		for _, label := range set.Labels.Train {
			for k := label; k < len(borders[i]); k++ {
				borders[i][k] += 1 / float64(len(set.Labels.Train))
			}
		}
		for k, share := range borders[i] {
			borders[i][k] = math.Sqrt2 * math.Erfinv(2*min(share, 1)-1)
		}
		borders[i][len(borders[i])-1] = math.Inf(1) // whatever the rounding of the sum
	}
	normal = graph.InsertAxes(normal, -1)
	above := graph.GreaterThan(normal, rowOf(normal, borders)) // [size, classes]
	return graph.ReduceSum(graph.ConvertDType(above, normal.DType()), -1)
}

func (f fromBuffer) begin(in Input) (start, labels *graph.Node) {
	batch := in.Batch.Shape()
	n := batch.Dimensions[batch.Rank()-2]
	start = graph.SliceAxis(in.State[0], -2, graph.AxisRange(0, n))
	if f.problem.Conditional {
		labels = graph.ConvertDType(graph.SliceAxis(in.State[1], -1, graph.AxisRange(0, n)), in.Labels.DType())
	}
	if f.restart == 0 {
		return start, labels
	}
	u := in.Draws.Uniform(shapes.Make(dtypes.Float32, f.problem.each(n, 1)...))
	isNew := graph.LessThan(u, graph.Scalar(u.Graph(), u.DType(), f.restart))
	if f.problem.Conditional {
		labels = graph.Where(graph.Squeeze(isNew, -1), in.Labels, labels)
	}
	noise, _ := f.noise.begin(in)
	return graph.Where(graph.BroadcastToDims(isNew, batch.Dimensions...), noise, start), labels
}

func (f fromBuffer) end(in Input, x, labels *graph.Node) []*graph.Node {
	state := []*graph.Node{requeued(in.State[0], x, -2)}
	if f.problem.Conditional {
		state = append(state, requeued(in.State[1], graph.ConvertDType(labels, in.State[1].DType()), -1))
	}
	return state
}

// requeued is a queue along an axis whose head has been taken and comes back, changed, at its tail.
func requeued(queue, head *graph.Node, axis int) *graph.Node {
	n := head.Shape().Dim(axis)
	if queue.Shape().Dim(axis) == n {
		return head
	}
	return graph.Concatenate([]*graph.Node{graph.SliceAxis(queue, axis, graph.AxisRangeToEnd(n)), head}, axis)
}
