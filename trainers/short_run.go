package trainers

import (
	"joule/samplers"

	"github.com/gomlx/gomlx/core/graph"
)

// ShortRun is maximum likelihood with short chains from noise (Nijkamp, Hill, Zhu & Wu 2019): at every step as many chains as
// there are points in a batch start at N(0, s²I) and make the sampler's steps. The model learns to be right after so many
// steps, of which it is rather a generator than a density.
type ShortRun struct {
	// InitStd is s, the standard deviation of the noise that chains start from, around the origin.
	InitStd  float64 `yaml:"init_std" check:"> 0"`
	Contrast `yaml:",inline"`
}

// NewShortRun returns the default settings: 100 Langevin steps of size 0.01 from N(0, I).
func NewShortRun() *ShortRun {
	return &ShortRun{InitStd: 1, Contrast: Contrast{Sampler: samplers.NewULA(100, 0.01)}}
}

// Prepare implements Method.
func (m *ShortRun) Prepare(p Problem) (Objective, error) {
	return m.Contrast.prepare(p, fromNoise{m.InitStd}, m.InitStd)
}

// Suits implements Picky.
func (m *ShortRun) Suits(s Setting, report func(key, problem string)) { m.suits(s, true, report) }

// canShare implements sharing.
func (m *ShortRun) canShare(int) bool { return m.movesAlone() }

// fromNoise starts chains at noise of a standard deviation.
type fromNoise struct{ std float64 }

func (fromNoise) state() []State { return nil }

func (f fromNoise) begin(in Input) (start, labels *graph.Node) {
	return graph.MulScalar(in.Draws.Normal(in.Batch.Shape()), f.std), nil
}

func (fromNoise) end(_ Input, _, _ *graph.Node) []*graph.Node { return nil }
