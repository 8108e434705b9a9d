package trainers

import (
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// NCE is noise contrastive estimation (Gutmann & Hyvärinen 2010): logistic regression between data and noise with
//
//	mean softplus(−G(x)) + k·mean softplus(G(y)),  G(u) = −E(u) − c − log p_n(u) − log k
//
// where y are k noise points for each data point and c is a learned log Z. At the optimum exp(−E − c) is the density.
type NCE struct {
	// NoiseRatio is k.
	NoiseRatio int `yaml:"noise_ratio" check:"> 0, <= 10000"`
	// Noise is p_n. It has to cover the data; the closer it is, the better the estimate.
	Noise Noise `yaml:"noise"`
	// LearnLogZ says whether c is learned; otherwise c = 0 and the energy learns to be normalised.
	LearnLogZ bool `yaml:"learn_log_z"`
}

// NewNCE returns the default settings: one noise point a data point, Gaussian noise of 1.5 times the data's spread.
func NewNCE() *NCE {
	return &NCE{NoiseRatio: 1, Noise: NewGaussianNoise(), LearnLogZ: true}
}

// Prepare implements Method. It fails when a coordinate of the data does not vary.
func (m *NCE) Prepare(p Problem) (Objective, error) {
	noise, err := fitNoise("nce", m.Noise, p)
	if err != nil {
		return nil, err
	}
	return &nce{m, noise, p}, nil
}

// Suits implements Picky.
func (m *NCE) Suits(s Setting, report func(key, problem string)) { suits(m.Noise, s, report) }

// Locate makes relative paths in the settings absolute.
func (m *NCE) Locate(dir string) error { return locateNoise(m.Noise, dir) }

// Cost implements Method: the energies of the point and of k of the noise, learned from.
func (m *NCE) Cost(models.Energy, int) (Cost, error) {
	return learning(float64(1+m.NoiseRatio) * models.CostOfEnergy), nil
}

type nce struct {
	*NCE
	noise   NoiseDensity
	problem Problem
}

func (m *nce) Parameters() []models.Parameter {
	if !m.LearnLogZ {
		return nil
	}
	return []models.Parameter{learnedLogZ}
}

func (*nce) State() []State    { return nil }
func (*nce) Metrics() []Metric { return []Metric{{Name: "log_z", Cause: tooFast}} }

func (m *nce) Loss(in Input) Output {
	y := m.noise.Sample(m.problem.points(m.NoiseRatio*m.problem.BatchSize), in.Draws)
	logZ := graph.Zeros(in.Batch.Graph(), shapes.Make(in.Batch.DType(), m.problem.each()...))
	if m.LearnLogZ {
		logZ = m.problem.logZ(in.Extra[0])
	}
	return Output{
		Loss:    m.NCE.Loss(in.Net, logZ, m.noise, in.Batch, y),
		Metrics: []*graph.Node{logZ},
	}
}

// learnedLogZ is log Z over D/2: that of a Gaussian is ½D·log 2πσ², so that a step of the optimizer moves log Z about as far as it
// can move energies, in any dimension.
var learnedLogZ = models.Parameter{Name: "log_z", Init: func(*rand.Rand) []float64 { return []float64{0} }}

// logZ is log Z of what has been learned.
func (p Problem) logZ(learned *graph.Node) *graph.Node {
	return graph.MulScalar(learned, 0.5*float64(p.Data[0].Train.Dim))
}

// Loss is the loss for data x [batch, dim], noise y [k·batch, dim] and a scalar log Z.
func (m *NCE) Loss(net models.Net, logZ *graph.Node, noise LogDensity, x, y *graph.Node) *graph.Node {
	n, k := x.Shape().Dimensions[x.Rank()-2], m.NoiseRatio
	points := graph.Concatenate([]*graph.Node{x, y}, -2) // [(1+k)·batch, dim]: one pass through the network for both
	logit := graph.Neg(graph.Add(graph.Add(net.Energy(points), graph.InsertAxes(logZ, -1)), noise.LogProb(points)))
	logit = graph.AddScalar(logit, -math.Log(float64(k)))
	data, fake := graph.SliceAxis(logit, -1, graph.AxisRange(0, n)), graph.SliceAxis(logit, -1, graph.AxisRangeToEnd(n))
	return graph.Add(
		batchMean(softplus(graph.Neg(data))),
		graph.MulScalar(batchMean(softplus(fake)), float64(k)))
}

// softplus is log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|), which neither overflows nor loses small values.
func softplus(x *graph.Node) *graph.Node {
	return graph.Add(graph.MaxScalar(x, 0), graph.Log1p(graph.Exp(graph.Neg(graph.Abs(x)))))
}
