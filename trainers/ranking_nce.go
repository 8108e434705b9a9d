package trainers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// RankingNCE is noise contrastive estimation by ranking (Jozefowicz et al. 2016; Ma & Collins 2018; with another score the
// InfoNCE of van den Oord et al. 2018): which of K + 1 points is the datum, and which are noise?
//
//	mean −log [ exp r(x) / (exp r(x) + Σⱼ exp r(yⱼ)) ],  r(u) = −E(u) − log p_n(u)
//
// where y₁ … y_K are each data point's own noise points. A constant added to the energy cancels, so that there is no
// log Z to learn. As K grows the gradient tends to the likelihood's.
type RankingNCE struct {
	// NoiseRatio is K.
	NoiseRatio int `yaml:"noise_ratio" check:"> 0, <= 10000"`
	// Noise is p_n. It has to cover the data; the closer it is, the better the estimate.
	Noise Noise `yaml:"noise"`
}

// NewRankingNCE returns the default settings: eight noise points a data point, Gaussian noise of 1.5 times the data's
// spread.
func NewRankingNCE() *RankingNCE { return &RankingNCE{NoiseRatio: 8, Noise: NewGaussianNoise()} }

// Prepare implements Method. It fails when the noise does not fit the data.
func (m *RankingNCE) Prepare(p Problem) (Objective, error) {
	noise, err := fitNoise("ranking_nce", m.Noise, p)
	if err != nil {
		return nil, err
	}
	return &rankingNCE{m, noise, p}, nil
}

// Suits implements Picky.
func (m *RankingNCE) Suits(s Setting, report func(key, problem string)) { suits(m.Noise, s, report) }

// Locate makes relative paths in the settings absolute.
func (m *RankingNCE) Locate(dir string) error { return locateNoise(m.Noise, dir) }

// Cost implements Method: the energies of the point and of K of the noise, learned from.
func (m *RankingNCE) Cost(models.Energy, int) (Cost, error) {
	return learning(float64(1+m.NoiseRatio) * models.CostOfEnergy), nil
}

type rankingNCE struct {
	*RankingNCE
	noise   NoiseDensity
	problem Problem
}

func (*rankingNCE) Parameters() []models.Parameter { return nil }
func (*rankingNCE) State() []State                 { return nil }

// Metrics implements Objective. accuracy is how often the datum ranks first.
func (*rankingNCE) Metrics() []Metric { return []Metric{{Name: "accuracy"}} }

func (m *rankingNCE) Loss(in Input) Output {
	y := m.noise.Sample(m.problem.points(m.NoiseRatio*m.problem.BatchSize), in.Draws.Together(m.NoiseRatio))
	data, fake := m.ranks(in.Net, m.noise, in.Batch, y)
	first := graph.GreaterThan(data, graph.ReduceMax(fake, -1))
	return Output{
		Loss:    rankingLoss(data, fake),
		Metrics: []*graph.Node{batchMean(graph.ConvertDType(first, data.DType()))},
	}
}

// Loss is the loss for data x [batch, dim] and noise y [batch·K, dim], of which each data point has K rows in turn.
func (m *RankingNCE) Loss(net models.Net, noise NoiseDensity, x, y *graph.Node) *graph.Node {
	return rankingLoss(m.ranks(net, noise, x, y))
}

// ranks are r of the data [batch] and of the noise [batch, K].
func (m *RankingNCE) ranks(net models.Net, noise NoiseDensity, x, y *graph.Node) (data, fake *graph.Node) {
	points := graph.Concatenate([]*graph.Node{x, y}, -2) // [batch·(1+K), dim]: one pass through the network for both
	return dataAndOthers(graph.Neg(graph.Add(net.Energy(points), noise.LogProb(points))), m.NoiseRatio)
}

func rankingLoss(data, fake *graph.Node) *graph.Node {
	all := graph.Concatenate([]*graph.Node{graph.InsertAxes(data, -1), fake}, -1) // [batch, 1+K]
	return batchMean(graph.Sub(models.LogSumExp(all), data))
}

// dataAndOthers takes apart what belongs to the data and to k further points for each of them:
// [batch·(1+k)] -> [batch] and [batch, k].
func dataAndOthers(values *graph.Node, k int) (data, others *graph.Node) {
	each := values.Shape().Dimensions
	n := each[len(each)-1] / (1 + k)
	data = graph.SliceAxis(values, -1, graph.AxisRange(0, n))
	others = graph.SliceAxis(values, -1, graph.AxisRangeToEnd(n))
	return data, graph.Reshape(others, append(append([]int(nil), each[:len(each)-1]...), n, k)...)
}
