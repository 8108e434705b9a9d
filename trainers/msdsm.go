package trainers

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/internal/strictyaml"
	"joule/models"
)

// MSDSM is denoising score matching at many noise levels (Song & Ermon 2019; of energies: Li, Chen & Sommer 2019), with a
// model E(y, σ) for the data with noise N(0, σ²I). At y = x + σz it is the mean over points, noise and levels of
//
//	½‖σ s(y, σ) + z‖² + (λ/2D)(∂E(y, σ)/∂log σ − (D − ‖z‖²))²
//
// The second term regresses the score of the noise level: of U(y, t) = −log p_t(y) at t = σ², where p_t(y) is the mean over x
// of N(y; x, tI), the derivative ∂U/∂log σ = 2t ∂U/∂t is the mean of D − ‖z‖² given y (Choi et al. 2022; Guth, Kadkhodaie &
// Simoncelli 2025). It ties the energies of all levels together, and so weighs modes that are apart at the small levels by
// what they are at the large ones, where they meet.
type MSDSM struct {
	// Levels is the number of levels, a geometric ladder between the model's smallest and largest; 0 is a continuum, in which
	// log σ is uniform.
	Levels int `yaml:"levels" check:">= 0, <= 1000000"`
	// LevelWeight is λ; 0 leaves the term out.
	LevelWeight float64 `yaml:"level_weight" check:">= 0"`
}

// NewMSDSM returns the default settings: a continuum of levels, and both terms, the second with a small weight,
// which is enough to tie the levels together.
func NewMSDSM() *MSDSM { return &MSDSM{LevelWeight: 0.1} }

// Check refuses a ladder of one rung.
func (m *MSDSM) Check(report func(key, problem string)) {
	if m.Levels == 1 {
		report("levels", "1 is no ladder between two levels; want 0 for a continuum, or 2 or more (dsm has a single level)")
	}
}

// Prepare implements Method. It fails when the model has no noise levels.
func (m *MSDSM) Prepare(p Problem) (Objective, error) {
	model, ok := p.Model.(models.Conditional)
	if !ok {
		return nil, errors.New("model.kind: " + noLevels(p.Model))
	}
	smallest, largest := model.Levels()
	return msdsm{m, smallest, largest}, nil
}

// noLevels is what is wrong with a model without noise levels.
func noLevels(model models.Energy) string {
	return fmt.Sprintf("%q has no noise levels, and method msdsm learns an energy at many of them: want one that has them, such as conditional_mlp, or method dsm, which has one level and takes any model",
		strictyaml.KindOf(models.Kinds, model))
}

// Suits implements Picky.
func (m *MSDSM) Suits(s Setting, report func(key, problem string)) {
	if _, ok := s.Model.(models.Conditional); s.Model != nil && !ok {
		report("model.kind", noLevels(s.Model))
	}
}

// Cost implements Method: a score, learned from. The derivative by the level comes with it, on the same way back.
func (m *MSDSM) Cost(models.Energy, int) (Cost, error) {
	return learning(models.CostOfScore), nil
}

type msdsm struct {
	*MSDSM
	smallest, largest float64
}

func (msdsm) Parameters() []models.Parameter { return nil }
func (msdsm) State() []State                 { return nil }

// Metrics implements Objective: the two terms, without λ.
func (m msdsm) Metrics() []Metric {
	metrics := []Metric{{Name: "score_loss", Cause: tooFast}}
	if m.LevelWeight > 0 {
		metrics = append(metrics, Metric{Name: "level_loss", Cause: tooFast})
	}
	return metrics
}

func (m msdsm) Loss(in Input) Output {
	z := in.Draws.Normal(in.Batch.Shape())
	score, level := m.MSDSM.Terms(in.Net, in.Batch, z, m.drawn(in.Batch, in.Draws))
	if m.LevelWeight == 0 {
		return Output{Loss: score, Metrics: []*graph.Node{score}}
	}
	return Output{
		Loss:    graph.Add(score, graph.MulScalar(level, m.LevelWeight)),
		Metrics: []*graph.Node{score, level},
	}
}

// drawn is log σ for each point of x [batch, dim]: [batch].
func (m msdsm) drawn(x *graph.Node, draws random.Draws) *graph.Node {
	shape := x.Shape()
	share := draws.Uniform(shapes.Make(shape.DType, shape.Dimensions[:shape.Rank()-1]...))
	if m.Levels > 0 {
		rung := graph.Floor(graph.MulScalar(share, float64(m.Levels)))
		share = graph.DivScalar(rung, float64(m.Levels-1))
	}
	return graph.AddScalar(graph.MulScalar(share, math.Log(m.largest/m.smallest)), math.Log(m.smallest))
}

// Terms are the two terms of the loss, without λ, for data x and standard normal noise z, both [batch, dim], and the
// logarithms of the noise levels [batch].
func (m *MSDSM) Terms(net models.Net, x, z, logSigma *graph.Node) (score, level *graph.Node) {
	logSigma = graph.Identity(graph.StopGradient(logSigma)) // nodes of their own to differentiate by, one after the other
	sigma := graph.Exp(logSigma)
	wide := graph.InsertAxes(graph.StopGradient(sigma), -1) // [batch, 1]
	y := graph.Identity(graph.StopGradient(graph.Add(x, graph.Mul(z, wide))))
	slopes := graph.Gradient(graph.ReduceAllSum(net.At(sigma).Energy(y)), y, logSigma)

	residual := graph.Sub(z, graph.Mul(slopes[0], wide)) // σs + z
	score = graph.MulScalar(meanSquaredNorm(residual), 0.5)
	dim := float64(x.Shape().Dimensions[x.Rank()-1])
	excess := graph.Add(slopes[1], graph.AddScalar(dot(z, z), -dim)) // ∂E/∂log σ − (D − ‖z‖²)
	return score, graph.MulScalar(batchMean(graph.Square(excess)), 0.5/dim)
}
