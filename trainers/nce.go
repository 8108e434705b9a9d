package trainers

import (
	"fmt"
	"math"
	"math/rand/v2"

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
	return &NCE{NoiseRatio: 1, Noise: &GaussianNoise{Scale: 1.5}, LearnLogZ: true}
}

// Prepare implements Method. It fails when a coordinate of the data does not vary.
func (m *NCE) Prepare(p Problem) (Objective, error) {
	low, high := p.Data.Train.Range()
	for k := range low {
		if low[k] == high[k] {
			return nil, fmt.Errorf("method nce needs data that varies: coordinate %d is %v at every training point, and noise around it would have no density", k+1, low[k])
		}
	}
	return &nce{m, m.Noise.Fit(p.Data.Train)}, nil
}

type nce struct {
	*NCE
	noise NoiseDensity
}

func (m *nce) Parameters() []models.Parameter {
	if !m.LearnLogZ {
		return nil
	}
	return []models.Parameter{{Name: "log_z", Init: func(*rand.Rand) []float64 { return []float64{0} }}}
}

func (*nce) State() []State    { return nil }
func (*nce) Metrics() []string { return []string{"log_z"} }

func (m *nce) Loss(in Input) Output {
	shape := in.Batch.Shape().Clone()
	shape.Dimensions[0] *= m.NoiseRatio
	y := m.noise.Sample(shape, in.Draws)
	logZ := graph.ScalarZero(in.Batch.Graph(), in.Batch.DType())
	if m.LearnLogZ {
		logZ = in.Extra[0]
	}
	return Output{
		Loss:    m.NCE.Loss(in.Net, logZ, m.noise, in.Batch, y),
		Metrics: []*graph.Node{logZ},
	}
}

// Loss is the loss for data x [batch, dim], noise y [k·batch, dim] and a scalar log Z.
func (m *NCE) Loss(net models.Net, logZ *graph.Node, noise NoiseDensity, x, y *graph.Node) *graph.Node {
	n, k := x.Shape().Dimensions[0], m.NoiseRatio
	points := graph.Concatenate([]*graph.Node{x, y}, 0) // [(1+k)·batch, dim]: one pass through the network for both
	logit := graph.Neg(graph.Add(graph.Add(net.Energy(points), logZ), noise.LogProb(points)))
	logit = graph.AddScalar(logit, -math.Log(float64(k)))
	data := graph.Slice(logit, graph.AxisRange(0, n))
	fake := graph.Slice(logit, graph.AxisRangeToEnd(n))
	return graph.Add(
		graph.ReduceAllMean(softplus(graph.Neg(data))),
		graph.MulScalar(graph.ReduceAllMean(softplus(fake)), float64(k)))
}

// softplus is log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|), which neither overflows nor loses small values.
func softplus(x *graph.Node) *graph.Node {
	return graph.Add(graph.MaxScalar(x, 0), graph.Log1p(graph.Exp(graph.Neg(graph.Abs(x)))))
}
