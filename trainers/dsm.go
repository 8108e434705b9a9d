package trainers

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// DSM is denoising score matching (Vincent 2011): w(σ)·½ mean ‖s(x + σz) + z/σ‖², z standard normal.
//
// Its minimum is the score of the data convolved with N(0, σ²I): a small σ is sharp and noisy, a large one smooth and
// blurred.
type DSM struct {
	// Sigma is σ, in the units of the data as trained on.
	Sigma float64 `yaml:"sigma" check:"> 0"`
	// Weighting is none (w = 1) or variance (w = σ²). With one σ it only scales the loss.
	Weighting string `yaml:"weighting" check:"in none|variance"`
}

// NewDSM returns the default settings: σ = 0.3, weighted by the variance.
func NewDSM() *DSM { return &DSM{Sigma: 0.3, Weighting: "variance"} }

// smallestSigma is what float32 still tells apart beside data of order one.
const smallestSigma = 1e-5

// Check refuses noise that would vanish beside the data: nothing would be learned.
func (m *DSM) Check(report func(key, problem string)) {
	if m.Sigma > 0 && m.Sigma < smallestSigma {
		report("sigma", fmt.Sprintf("%v vanishes beside the data in float32; want at least %v", m.Sigma, smallestSigma))
	}
}

// Prepare implements Method.
func (m *DSM) Prepare(Problem) (Objective, error) { return dsm{m}, nil }

// Cost implements Method: a score, learned from.
func (m *DSM) Cost(models.Energy, int) (Cost, error) {
	return learning(models.CostOfScore), nil
}

type dsm struct{ *DSM }

func (dsm) Parameters() []models.Parameter { return nil }
func (dsm) State() []State                 { return nil }
func (dsm) Metrics() []Metric              { return nil }

func (m dsm) Loss(in Input) Output {
	z := in.Draws.Normal(in.Batch.Shape())
	return Output{Loss: m.DSM.Loss(in.Net, in.Batch, z)}
}

// Loss is the loss for data x and standard normal noise z, both [batch, dim].
func (m *DSM) Loss(net models.Net, x, z *graph.Node) *graph.Node {
	score := net.Score(graph.Add(x, graph.MulScalar(z, m.Sigma)))
	// σ·(s + z/σ) = σs + z is of order one whatever σ.
	residual := graph.Add(graph.MulScalar(score, m.Sigma), z)
	weight := 0.5
	if m.Weighting != "variance" {
		weight = 0.5 / (m.Sigma * m.Sigma)
	}
	return graph.MulScalar(meanSquaredNorm(residual), weight)
}
