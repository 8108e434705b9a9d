package trainers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// SSM is sliced score matching (Song, Garg, Shi & Ermon 2019): mean[ vᵀ∇(vᵀs) + ½(vᵀs)² ] over random directions v, or with
// the variance reduced mean[ vᵀ∇(vᵀs) + ½‖s‖² ].
//
// In expectation over v, whose covariance is the identity, it is exact score matching, at the cost of one backward pass for
// each direction instead of one for each coordinate.
type SSM struct {
	// Projections is the number of directions for each point.
	Projections int `yaml:"projections" check:"> 0, <= 128"`
	// Distribution is that of the directions: rademacher (±1), gaussian, or spherical (uniform on a sphere).
	Distribution string `yaml:"distribution" check:"in rademacher|gaussian|spherical"`
	// VarianceReduced takes the last term's expectation, ½‖s‖².
	VarianceReduced bool `yaml:"variance_reduced"`
}

// NewSSM returns the default settings: one Rademacher direction, with the variance reduced.
func NewSSM() *SSM {
	return &SSM{Projections: 1, Distribution: "rademacher", VarianceReduced: true}
}

// Prepare implements Method.
func (m *SSM) Prepare(Problem) (Objective, error) { return ssm{m}, nil }

// Cost implements Method: a score and, for each direction, a curvature, learned from.
func (m *SSM) Cost(models.Energy, int) (Cost, error) {
	return learning(models.CostOfScore + float64(m.Projections)*models.CostOfCurvature), nil
}

type ssm struct{ *SSM }

func (ssm) Parameters() []models.Parameter { return nil }
func (ssm) State() []State                 { return nil }
func (ssm) Metrics() []Metric              { return nil }

func (m ssm) Loss(in Input) Output {
	v := severalDirections(m.Projections, m.Distribution, in.Batch.Shape(), in.Draws)
	return Output{Loss: m.SSM.Loss(in.Net, in.Batch, v)}
}

// Loss is the loss for data x [batch, dim] and directions v, each [batch, dim], which it averages over.
func (m *SSM) Loss(net models.Net, x *graph.Node, v []*graph.Node) *graph.Node {
	x = graph.Identity(x) // a node of its own to differentiate by
	score := net.Score(x)
	var loss *graph.Node
	for _, v := range v {
		term := slopeAlong(score, x, v)
		if !m.VarianceReduced {
			term = graph.Add(term, graph.MulScalar(graph.Square(dot(score, v)), 0.5))
		}
		if loss != nil {
			term = graph.Add(loss, term)
		}
		loss = term
	}
	loss = graph.DivScalar(loss, float64(len(v)))
	if m.VarianceReduced {
		loss = graph.Add(loss, graph.MulScalar(dot(score, score), 0.5))
	}
	return batchMean(loss)
}
