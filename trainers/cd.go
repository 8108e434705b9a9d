package trainers

import (
	"joule/samplers"

	"github.com/gomlx/gomlx/core/graph"
)

// CD is contrastive divergence, CD-k (Hinton 2002): chains start at the batch and make k transitions, the sampler's steps.
//
// Its gradient is that of KL(p ‖ p_θ) − KL(pₖ ‖ p_θ), where pₖ is the data after k transitions, up to a term that is left out.
// What k transitions do not notice, such as the weights of modes far apart, is not learned.
type CD struct {
	Contrast `yaml:",inline"`
}

// NewCD returns the default settings: 10 Langevin steps of size 0.05.
func NewCD() *CD {
	return &CD{Contrast{Sampler: samplers.NewULA(10, 0.05)}}
}

// Prepare implements Method.
func (m *CD) Prepare(p Problem) (Objective, error) { return m.Contrast.prepare(p, fromData{}, 0) }

// Suits implements Picky.
func (m *CD) Suits(s Setting, report func(key, problem string)) { m.suits(s, false, report) }

// canShare implements sharing.
func (m *CD) canShare(int) bool { return m.movesAlone() }

// fromData starts chains at the batch.
type fromData struct{}

func (fromData) state() []State                              { return nil }
func (fromData) begin(in Input) (start, labels *graph.Node)  { return in.Batch, nil }
func (fromData) end(_ Input, _, _ *graph.Node) []*graph.Node { return nil }
