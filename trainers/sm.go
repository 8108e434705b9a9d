package trainers

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// SM is score matching in its exact form (Hyvärinen 2005): mean[ −tr ∇²E(x) + ½‖∇E(x)‖² ], which is tr ∇s + ½‖s‖² in terms
// of the score.
//
// In expectation it is the Fisher divergence to the density p of the data, less ½ E‖∇ log p‖², which is constant.
type SM struct{}

// NewSM returns score matching, which has no settings.
func NewSM() *SM { return &SM{} }

// maxTraced is the largest number of coordinates that the trace is taken over: each is a part of the graph.
const maxTraced = 128

// Prepare implements Method. It refuses points of many coordinates.
func (m *SM) Prepare(p Problem) (Objective, error) {
	if dim := p.Data[0].Train.Dim; dim > maxTraced {
		return nil, fmt.Errorf("method sm needs a backward pass for each coordinate, and the data has %d, more than %d; ssm and fdsm draw random directions instead", dim, maxTraced)
	}
	return sm{m}, nil
}

// Cost implements Method: a score and, for each coordinate, a curvature, learned from.
func (m *SM) Cost(_ models.Energy, dim int) (Cost, error) {
	return learning(models.CostOfScore + float64(dim)*models.CostOfCurvature), nil
}

type sm struct{ *SM }

func (sm) Parameters() []models.Parameter { return nil }
func (sm) State() []State                 { return nil }
func (sm) Metrics() []Metric              { return nil }

func (m sm) Loss(in Input) Output { return Output{Loss: m.SM.Loss(in.Net, in.Batch)} }

// Loss is the loss for data x [batch, dim].
func (m *SM) Loss(net models.Net, x *graph.Node) *graph.Node {
	x = graph.Identity(x) // a node of its own to differentiate by
	score := net.Score(x)
	loss := graph.MulScalar(dot(score, score), 0.5)
	for k := range x.Shape().Dimensions[x.Rank()-1] {
		loss = graph.Add(loss, slopeAlong(score, x, axis(x, k)))
	}
	return batchMean(loss)
}

// axis is the unit vector of coordinate k at each point: of the shape of x. A product with it picks a coordinate in a way
// that can be differentiated twice, which a slice cannot.
func axis(x *graph.Node, k int) *graph.Node {
	unit := make([]float64, x.Shape().Dimensions[x.Rank()-1])
	unit[k] = 1
	row := graph.ConvertDType(graph.Const(x.Graph(), unit), x.DType())
	return graph.BroadcastToDims(graph.ExpandLeftToRank(row, x.Rank()), x.Shape().Dimensions...)
}
