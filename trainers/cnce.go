package trainers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// CNCE is conditional noise contrastive estimation (Ceylan & Gutmann 2018): logistic regression between data x and κ points
// that lie around each of them, y = x + εσz with z standard normal:
//
//	2/(κN) Σᵢ Σⱼ softplus(−G(xᵢ, yᵢⱼ)),  G(x, y) = E(y) − E(x)
//
// The noise is as likely to lead from y to x as from x to y, so that its density drops out of G, and log Z with it.
// With ε → 0 it becomes score matching.
type CNCE struct {
	// NoiseRatio is κ.
	NoiseRatio int `yaml:"noise_ratio" check:"> 0, <= 10000"`
	// NoiseScale is ε.
	NoiseScale float64 `yaml:"noise_scale" check:"> 0"`
	// Relative says what σ is: the standard deviation of the data, coordinate by coordinate, or else 1.
	Relative bool `yaml:"relative"`
}

// NewCNCE returns the default settings: four points around each data point, at half of the data's spread.
func NewCNCE() *CNCE { return &CNCE{NoiseRatio: 4, NoiseScale: 0.5, Relative: true} }

// Prepare implements Method. It fails when the noise is to be as wide as the data, and a coordinate of these does not vary.
func (m *CNCE) Prepare(p Problem) (Objective, error) {
	c := &cnce{CNCE: m, problem: p}
	if !m.Relative {
		return c, nil
	}
	if err := checkVaries("cnce", p); err != nil {
		return nil, err
	}
	seen, err := p.seen()
	if err != nil {
		return nil, err
	}
	for _, points := range seen {
		_, std := points.Moments()
		c.std = append(c.std, std)
	}
	return c, nil
}

// Cost implements Method: the energies of the point and of κ around it, learned from.
func (m *CNCE) Cost(models.Energy, int) (Cost, error) {
	return learning(float64(1+m.NoiseRatio) * models.CostOfEnergy), nil
}

type cnce struct {
	*CNCE
	problem Problem
	std     [][]float64 // [replicas][dim]; nil where σ is 1
}

func (*cnce) Parameters() []models.Parameter { return nil }
func (*cnce) State() []State                 { return nil }

// Metrics implements Objective. accuracy is how often the datum has the lower energy of a pair.
func (*cnce) Metrics() []Metric { return []Metric{{Name: "accuracy"}} }

func (m *cnce) Loss(in Input) Output {
	z := in.Draws.Together(m.NoiseRatio).Normal(m.problem.points(m.NoiseRatio * m.problem.BatchSize))
	if m.std != nil {
		z = graph.Mul(z, rowOf(z, m.std))
	}
	g := m.differences(in.Net, in.Batch, z)
	right := graph.ConvertDType(graph.GreaterThan(g, graph.ZerosLike(g)), g.DType())
	return Output{Loss: cnceLoss(g), Metrics: []*graph.Node{batchMean(graph.ReduceMean(right, -1))}}
}

// Loss is the loss for data x [batch, dim] and noise σz [batch·κ, dim], of which each data point has κ rows in turn.
func (m *CNCE) Loss(net models.Net, x, z *graph.Node) *graph.Node {
	return cnceLoss(m.differences(net, x, z))
}

// differences are G: [batch, κ].
func (m *CNCE) differences(net models.Net, x, z *graph.Node) *graph.Node {
	y := graph.Add(repeated(x, m.NoiseRatio), graph.MulScalar(z, m.NoiseScale))
	points := graph.Concatenate([]*graph.Node{x, y}, -2) // [batch·(1+κ), dim]: one pass through the network for both
	data, around := dataAndOthers(net.Energy(points), m.NoiseRatio)
	return graph.Sub(around, graph.InsertAxes(data, -1))
}

func cnceLoss(g *graph.Node) *graph.Node {
	return graph.MulScalar(batchMean(graph.ReduceMean(softplus(graph.Neg(g)), -1)), 2)
}

// repeated has each point k times in a row: [batch, dim] -> [batch·k, dim].
func repeated(x *graph.Node, k int) *graph.Node {
	each := x.Shape().Dimensions
	leading, n, dim := each[:len(each)-2], each[len(each)-2], each[len(each)-1]
	with := func(rest ...int) []int { return append(append([]int(nil), leading...), rest...) }
	return graph.Reshape(graph.BroadcastToDims(graph.InsertAxes(x, -2), with(n, k, dim)...), with(n*k, dim)...)
}
