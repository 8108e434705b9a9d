package trainers

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// FDSM is finite-difference sliced score matching (Pang et al. 2020). With steps v of length ε in random directions, and
// log p = −E but for a constant that cancels,
//
//	(D/ε²) mean[ log p(x+v) + log p(x−v) − 2 log p(x) + ⅛(log p(x+v) − log p(x−v))² ]
//
// As ε → 0 it becomes sliced score matching, the second difference being vᵀ(∇s)v and the first 2vᵀs; on quadratic energies
// it is so for any ε. It never differentiates by the points.
type FDSM struct {
	// Epsilon is ε, in the units of the data as trained on.
	Epsilon float64 `yaml:"epsilon" check:"> 0"`
	// Projections is the number of directions for each point.
	Projections int `yaml:"projections" check:"> 0, <= 1000"`
	// Distribution is that of the directions: spherical (uniform) or rademacher (the diagonals ±1).
	Distribution string `yaml:"distribution" check:"in spherical|rademacher"`
}

// NewFDSM returns the default settings: one direction and ε = 0.1. In float32 an energy of order one is known to 10⁻⁷, its
// second difference over ε² then to 10⁻⁵; the bias is of order ε²/12 beside the fourth derivative.
func NewFDSM() *FDSM { return &FDSM{Epsilon: 0.1, Projections: 1, Distribution: "spherical"} }

// smallestDifference is the smallest ε whose second differences, divided by ε², are not all rounding in float32.
const smallestDifference = 1e-3

// Check refuses steps too small for differences.
func (m *FDSM) Check(report func(key, problem string)) {
	if m.Epsilon > 0 && m.Epsilon < smallestDifference {
		report("epsilon", fmt.Sprintf("%v leaves differences that are all rounding in float32; want at least %v", m.Epsilon, smallestDifference))
	}
}

// Prepare implements Method. It fails in bfloat16, which leaves nothing of differences of energies but their rounding.
func (m *FDSM) Prepare(p Problem) (Objective, error) {
	if p.Precision == bfloat16 {
		return nil, errors.New("method fdsm takes differences of energies, which in train.precision bfloat16 are all rounding; want float32 or float64")
	}
	return fdsm{m}, nil
}

// Cost implements Method: the energies of the point and, for each direction, of two more, learned from.
func (m *FDSM) Cost(models.Energy, int) (Cost, error) {
	return learning(float64(1+2*m.Projections) * models.CostOfEnergy), nil
}

type fdsm struct{ *FDSM }

func (fdsm) Parameters() []models.Parameter { return nil }
func (fdsm) State() []State                 { return nil }
func (fdsm) Metrics() []Metric              { return nil }

func (m fdsm) Loss(in Input) Output {
	v := severalDirections(m.Projections, m.Distribution, in.Batch.Shape(), in.Draws)
	return Output{Loss: m.FDSM.Loss(in.Net, in.Batch, v)}
}

// Loss is the loss for data x [batch, dim] and directions, each [batch, dim] and of length √dim, which it averages over.
func (m *FDSM) Loss(net models.Net, x *graph.Node, directions []*graph.Node) *graph.Node {
	n, dim := x.Shape().Dimensions[x.Rank()-2], x.Shape().Dimensions[x.Rank()-1]
	points := []*graph.Node{x}
	for _, u := range directions {
		v := graph.MulScalar(u, m.Epsilon/math.Sqrt(float64(dim)))
		points = append(points, graph.Add(x, v), graph.Sub(x, v))
	}
	energy := net.Energy(graph.Concatenate(points, -2)) // [(1+2·directions)·batch]: one pass through the network for all
	part := func(i int) *graph.Node { return graph.SliceAxis(energy, -1, graph.AxisRange(i*n, (i+1)*n)) }
	at := part(0)
	var loss *graph.Node
	for i := range directions {
		ahead, behind := part(1+2*i), part(2+2*i)
		second := graph.Add(graph.Sub(at, ahead), graph.Sub(at, behind)) // of log p = −E
		term := batchMean(graph.Add(second, graph.MulScalar(graph.Square(graph.Sub(ahead, behind)), 0.125)))
		if loss != nil {
			term = graph.Add(loss, term)
		}
		loss = term
	}
	return graph.MulScalar(loss, float64(dim)/(m.Epsilon*m.Epsilon*float64(len(directions))))
}
