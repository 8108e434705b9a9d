package trainers

import (
	"math"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// EnergyDiscrepancy compares the energy of data with that of points to which they are moved and moved again (Schröder, Ou,
// Lim, Li, Vollmer & Duncan 2023), with neither scores nor chains:
//
//	mean log( w/M + 1/M Σⱼ exp(E(x) − E(x + √t ξ + √t ξ′ⱼ)) ),  ξ and ξ′₁ … ξ′_M standard normal
//
// With M → ∞ it is mean E(x) − mean U(x + √t ξ), where exp(−U) is exp(−E) blurred with N(0, tI): the least of that is the
// energy of the data, whatever t. A small t makes it score matching, a large one maximum likelihood.
type EnergyDiscrepancy struct {
	// T is t, in squared units of the data.
	T float64 `yaml:"t" check:"> 0"`
	// Negatives is M.
	Negatives int `yaml:"negatives" check:"> 0, <= 10000"`
	// W is w, which keeps the logarithm from small M's noise and biases the energy by as much as w is beside M.
	W float64 `yaml:"w" check:">= 0"`
}

// NewEnergyDiscrepancy returns the default settings: t = 0.25, sixteen points for each data point, w = 1.
func NewEnergyDiscrepancy() *EnergyDiscrepancy {
	return &EnergyDiscrepancy{T: 0.25, Negatives: 16, W: 1}
}

// Prepare implements Method.
func (m *EnergyDiscrepancy) Prepare(p Problem) (Objective, error) {
	return &energyDiscrepancy{m, p}, nil
}

// Cost implements Method: the energies of the point and of M more, learned from.
func (m *EnergyDiscrepancy) Cost(models.Energy, int) (Cost, error) {
	return learning(float64(1+m.Negatives) * models.CostOfEnergy), nil
}

type energyDiscrepancy struct {
	*EnergyDiscrepancy
	problem Problem
}

func (*energyDiscrepancy) Parameters() []models.Parameter { return nil }
func (*energyDiscrepancy) State() []State                 { return nil }
func (*energyDiscrepancy) Metrics() []Metric              { return nil }

func (m *energyDiscrepancy) Loss(in Input) Output {
	away := in.Draws.Normal(in.Batch.Shape())
	back := in.Draws.Together(m.Negatives).Normal(m.problem.points(m.Negatives * m.problem.BatchSize))
	return Output{Loss: m.EnergyDiscrepancy.Loss(in.Net, in.Batch, away, back)}
}

// Loss is the loss for data x [batch, dim] and standard normal ξ [batch, dim] and ξ′ [batch·M, dim], of which each data
// point has M rows in turn.
func (m *EnergyDiscrepancy) Loss(net models.Net, x, away, back *graph.Node) *graph.Node {
	width := math.Sqrt(m.T)
	y := graph.Add(repeated(graph.Add(x, graph.MulScalar(away, width)), m.Negatives), graph.MulScalar(back, width))
	points := graph.Concatenate([]*graph.Node{x, y}, -2) // [batch·(1+M), dim]: one pass through the network for both
	data, others := dataAndOthers(net.Energy(points), m.Negatives)
	terms := graph.Sub(graph.InsertAxes(data, -1), others) // [batch, M]
	if m.W > 0 {
		each := append(append([]int(nil), data.Shape().Dimensions...), 1)
		stabiliser := graph.AddScalar(graph.Zeros(x.Graph(), shapes.Make(x.DType(), each...)), math.Log(m.W))
		terms = graph.Concatenate([]*graph.Node{terms, stabiliser}, -1)
	}
	return graph.AddScalar(batchMean(models.LogSumExp(terms)), -math.Log(float64(m.Negatives)))
}
