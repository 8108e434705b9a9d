package trainers

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/dealt"
	"joule/internal/random"
	"joule/models"
)

// Adversarial is maximum likelihood with negatives from a learned sampler instead of a Markov chain (Kim & Bengio 2016; Dai
// et al. 2017; Kumar et al. 2019; Grathwohl et al. 2021). The sampler is a normalising flow q, whose entropy is known:
//
//	energy: mean E(x) − Σ w E(y) + α·(mean E(x)² + mean E(y)²) + γ·mean ‖∇E(x)‖²,  y ~ q
//	sampler: mean [ log q(y) + E(y) ] − β·mean log q(x), with β = 0 the divergence KL(q‖p) up to log Z
//
// The weights w are 1 over the number of points y; or they are the importance of each, in proportion to exp(−E(y))/q(y)
// (Bengio & Senécal 2003), and make up for what the sampler cannot represent. Then a share ρ of the points comes from a wide
// Gaussian around the data, and q in the weights is the mixture of both (a defensive one, Hesterberg 1995): no place where
// the sampler never comes can become probable unseen.
//
// Each learns from its own line alone. The sampler's is by the path of y, without the score of q, whose mean is 0 (Roeder,
// Wu & Duvenaud 2017): so with β = 0 there is no noise left in it when q has become p.
type Adversarial struct {
	// Flow is q, a normalised model, in coordinates in which the data has mean 0 and variance 1.
	Flow models.Energy `yaml:"flow"`
	// Weights are equal, or importance.
	Weights string `yaml:"weights" check:"in equal|importance"`
	// Defence is ρ; it is without effect where weights are equal.
	Defence float64 `yaml:"defence" check:">= 0, < 1"`
	// EnergyL2 is α.
	EnergyL2 float64 `yaml:"energy_l2" check:">= 0"`
	// GradientPenalty is γ.
	GradientPenalty float64 `yaml:"gradient_penalty" check:">= 0"`
	// Likelihood is β: with some, the sampler does not lose modes of the data.
	Likelihood float64 `yaml:"likelihood" check:">= 0"`
}

// NewAdversarial returns the default settings: weights by importance, without which the energy has no optimum where the flow cannot
// become the model, with a tenth of the points from a wide Gaussian; no penalties; a sampler that learns from the energy alone.
func NewAdversarial() *Adversarial {
	return &Adversarial{Flow: models.NewFlow(), Weights: importance, Defence: 0.1}
}

// Check refuses a sampler that cannot be drawn from.
func (m *Adversarial) Check(report func(key, problem string)) { checkGenerator(m.Flow, report) }

// Prepare implements Method. It fails when the flow does not fit the data.
func (m *Adversarial) Prepare(p Problem) (Objective, error) {
	g, err := newGenerator("adversarial", m.Flow, p)
	if err != nil {
		return nil, err
	}
	wide, err := newDefence(p)
	return &adversarial{m, g, wide, p}, err
}

// importance are weights of points by the model's density over that of what they are drawn from.
const importance = "importance"

// Cost implements Method. The energies of the point and of the samples are learned from, the wide ones included, and with a penalty
// on gradients the score of the point, on the way back through the same pass forwards. The sampler learns from the energies of its
// own samples, by a way back to them; with no wide ones they are the same. The sampler makes a sample, learned from; it has a way
// back through its density to it, the densities of all samples, and that of the data.
func (m *Adversarial) Cost(model models.Energy, dim int) (Cost, error) {
	wide := 0.0
	if m.Weights == importance {
		wide = m.Defence / (1 - m.Defence)
	}
	cost := learning((2 + wide) * models.CostOfEnergy)
	if m.GradientPenalty > 0 {
		cost.Loss += learning(models.CostOfScore).Loss - models.CostOfEnergy
	}
	cost.Loss += models.CostOfScore
	passes := models.CostOfLearning + 2 + nllPasses(m.Likelihood)
	if wide > 0 {
		passes += 1 + wide
	} else {
		cost.Loss -= models.CostOfEnergy
	}
	var err error
	cost.Generator, err = costOfPasses(passes, m.Flow, model, dim)
	return cost, err
}

type adversarial struct {
	*Adversarial
	generator *generator
	defence   defence
	problem   Problem
}

// Parameters implements Objective: those of the flow.
func (m *adversarial) Parameters() []models.Parameter { return m.generator.learned }
func (*adversarial) State() []State                   { return nil }

// Metrics implements Objective. log_z_bound is −mean (E(y) + log q(y)), at most log Z, from which it is KL(q‖p) away; flow_nll
// is the flow's mean negative log likelihood at the data.
func (m *adversarial) Metrics() []Metric {
	return []Metric{{Name: "energy_data", Cause: tooFast}, {Name: "energy_samples", Cause: tooFast},
		energyGap(m.problem.Health, tooFast), {Name: "log_z_bound", Cause: tooFast}, {Name: "flow_nll", Cause: tooFast}}
}

func (m *adversarial) Loss(in Input) Output {
	flow := m.generator.at(in.Extra)
	y := flow.place(in.Draws.Normal(m.problem.points(m.problem.BatchSize)))
	divergence := samplerLoss(in.Net, flow, y)
	samples, density, of := m.defended(flow, y, in.Draws)
	loss, positive, negative := m.loss(in.Net, density, in.Batch, samples, of)
	own := graph.SliceAxis(graph.StopGradient(negative), -1, graph.AxisRange(0, m.problem.BatchSize)) // the sampler's
	up, down := batchMean(positive), batchMean(own)
	nll := graph.Neg(batchMean(flow.LogProb(in.Batch)))
	ofFlow := divergence
	if m.Likelihood > 0 {
		ofFlow = graph.Add(divergence, graph.MulScalar(nll, m.Likelihood))
	}
	return Output{
		Loss:    graph.Add(loss, gradientOnly(ofFlow)),
		Metrics: []*graph.Node{up, down, graph.Sub(down, up), graph.Neg(divergence), nll},
	}
}

// defended are the sampler's points y together with those of the wide Gaussian, the density of both, and what they are among.
func (m *adversarial) defended(flow generated, y *graph.Node, draws random.Draws) (*graph.Node, LogDensity, among) {
	part := draws.Part()
	batch := m.problem.BatchSize * part.Of()
	wide := int(math.Ceil(float64(batch) * m.Defence / (1 - m.Defence)))
	if m.Weights != importance || wide == 0 {
		return y, flow, among{part: part}
	}
	own := (wide + part.Of() - 1) / part.Of()
	of := among{part: part}
	if own*part.Of() > wide { // some devices have one more than they should
		counts := graph.LessThan(part.Numbers(y.Graph(), own), graph.Const(y.Graph(), int32(wide)))
		counts = graph.Concatenate([]*graph.Node{graph.BroadcastToDims(graph.Const(y.Graph(), true), m.problem.BatchSize), counts}, 0)
		of.counts, of.mean = graph.ConvertDType(counts, y.DType()), float64(batch+wide)/float64(part.Of())
	}
	return m.defence.join(y, m.problem.points(own), draws), m.defence.density(flow, wide, batch+wide), of
}

// among is what points of a device are among: those of all devices that share a batch.
type among struct {
	part *dealt.Part
	// counts is 1 for each of the points, or 0 where it does not count, and mean how many do on the average of the devices. Nil: all.
	counts *graph.Node
	mean   float64
}

// average is the mean of a value of each point [points], whose mean over the devices is the mean over all points.
func (a among) average(x *graph.Node) *graph.Node {
	if a.counts == nil {
		return batchMean(x)
	}
	return graph.DivScalar(graph.ReduceSum(graph.Mul(x, spreadRows(a.counts, x)), -1), a.mean)
}

// weights are in proportion to exp(x), and add up to 1 over the points of all devices: times their number, so that the mean over
// the devices is the sum.
func (a among) weights(x *graph.Node) *graph.Node {
	if a.part.Of() == 1 {
		return graph.Softmax(x, -1)
	}
	largest := a.part.Max(graph.ReduceMax(x, -1))
	share := graph.Exp(graph.Sub(x, graph.InsertAxes(largest, -1)))
	if a.counts != nil {
		share = graph.Mul(share, spreadRows(a.counts, x))
	}
	sum := graph.DivScalar(a.part.Sum(graph.ReduceSum(share, -1)), float64(a.part.Of()))
	return graph.Div(share, graph.InsertAxes(sum, -1))
}

// spreadRows makes a value of each point [points] fit x, [points] or [replicas, points].
func spreadRows(value, x *graph.Node) *graph.Node {
	return graph.BroadcastToDims(graph.ExpandLeftToRank(value, x.Rank()), x.Shape().Dimensions...)
}

// Loss is that of the energy, for data and points of the sampler, both [batch, dim], and the sampler's density.
func (m *Adversarial) Loss(net models.Net, density LogDensity, data, samples *graph.Node) *graph.Node {
	loss, _, _ := m.loss(net, density, data, samples, among{})
	return loss
}

// loss is Loss with the energies of both [batch].
func (m *Adversarial) loss(net models.Net, density LogDensity, data, samples *graph.Node, of among) (loss, positive, negative *graph.Node) {
	samples = graph.StopGradient(samples)
	positive, negative = net.Energy(data), net.Energy(samples)
	loss = graph.Sub(batchMean(positive), of.average(negative))
	if m.EnergyL2 > 0 {
		squares := graph.Add(batchMean(graph.Square(positive)), of.average(graph.Square(negative)))
		loss = graph.Add(loss, graph.MulScalar(squares, m.EnergyL2))
	}
	if m.Weights == importance {
		weights := of.weights(graph.StopGradient(graph.Neg(graph.Add(negative, density.LogProb(samples)))))
		weighted := graph.ReduceSum(graph.Mul(weights, negative), -1)
		loss = graph.Add(loss, graph.Sub(of.average(negative), weighted)) // in place of the mean
	}
	if m.GradientPenalty > 0 {
		loss = graph.Add(loss, graph.MulScalar(meanSquaredNorm(net.Score(data)), m.GradientPenalty))
	}
	return loss, positive, negative
}

// samplerLoss is that of the sampler without β, for points of its own, with no gradient by the parameters of the energy.
func samplerLoss(net models.Net, flow generated, y *graph.Node) *graph.Node {
	still := models.Net{Model: net.Model, Theta: frozen(net.Theta)}
	return batchMean(graph.Add(still.Energy(y), flow.frozen().LogProb(y)))
}
