package trainers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// FlowNCE is flow contrastive estimation (Gao, Nijkamp, Kingma, Xu, Dai & Wu 2020): noise contrastive estimation whose
// noise is a normalising flow q that learns at the same time, against the energy. Of the value
//
//	V = −mean softplus(−G(x)) − k·mean softplus(G(y)),  G(u) = −E(u) − c − log q(u) − log k,  y ~ q
//
// the energy and c seek the maximum, and the flow the minimum, for k = 1 the Jensen–Shannon divergence of q from the data.
// So the noise comes ever closer to the data, and the estimate gets better. The loss is −V. For the energy a share ρ of the
// points y is from a wide Gaussian around the data instead, and the noise is the mixture of both: a place where neither data
// nor the flow come would keep whatever energy it has.
type FlowNCE struct {
	// NoiseRatio is k.
	NoiseRatio int `yaml:"noise_ratio" check:"> 0, <= 10000"`
	// Flow is q, a normalised model, in coordinates in which the data has mean 0 and variance 1.
	Flow models.Energy `yaml:"flow"`
	// Likelihood is β: the flow minimises V − β·mean log q(x) instead.
	Likelihood float64 `yaml:"likelihood" check:">= 0"`
	// Defence is ρ.
	Defence float64 `yaml:"defence" check:">= 0, < 1"`
}

// NewFlowNCE returns the default settings: one noise point a data point, of which a tenth is from a wide Gaussian, and a flow
// that learns from the energy alone.
func NewFlowNCE() *FlowNCE { return &FlowNCE{NoiseRatio: 1, Flow: models.NewFlow(), Defence: 0.1} }

// Check refuses noise that cannot be drawn.
func (m *FlowNCE) Check(report func(key, problem string)) { checkGenerator(m.Flow, report) }

// Prepare implements Method. It fails when the flow does not fit the data.
func (m *FlowNCE) Prepare(p Problem) (Objective, error) {
	g, err := newGenerator("flow_nce", m.Flow, p)
	if err != nil {
		return nil, err
	}
	wide, err := newDefence(p)
	return &flowNCE{m, g, wide, p}, err
}

// Cost implements Method. The energies of the point and of k of the noise are learned from; the flow learns from those of the
// point and of k of its own, which takes a way back to these. With no wide noise both are the same points. The flow makes k points
// and has the densities of 1 + k, learned from; it has those of the noise, and of the data.
func (m *FlowNCE) Cost(model models.Energy, dim int) (Cost, error) {
	k := float64(m.NoiseRatio)
	cost := learning((1 + k) * models.CostOfEnergy)
	cost.Loss += (1 + k) * models.CostOfScore
	passes := models.CostOfLearning*(k+1+k) + 1 + k + nllPasses(m.Likelihood)
	if m.Defence == 0 {
		cost.Loss -= (1 + k) * models.CostOfEnergy
		passes -= 1 + k
	}
	var err error
	cost.Generator, err = costOfPasses(passes, m.Flow, model, dim)
	return cost, err
}

type flowNCE struct {
	*FlowNCE
	generator *generator
	defence   defence
	problem   Problem
}

// Parameters implements Objective: log_z and those of the flow.
func (m *flowNCE) Parameters() []models.Parameter {
	return append([]models.Parameter{learnedLogZ}, m.generator.learned...)
}

func (*flowNCE) State() []State { return nil }

// Metrics implements Objective. flow_nll is the flow's mean negative log likelihood at the data.
func (*flowNCE) Metrics() []Metric {
	return []Metric{{Name: "log_z", Cause: tooFast}, {Name: "flow_nll", Cause: tooFast}}
}

func (m *flowNCE) Loss(in Input) Output {
	logZ, flow := m.problem.logZ(in.Extra[0]), m.generator.at(in.Extra[1:])
	y := flow.place(in.Draws.Normal(m.problem.points(m.NoiseRatio * m.problem.BatchSize)))
	noise, density := m.defended(flow, y, in.Draws)
	loss, nll := m.FlowNCE.loss(in.Net, logZ, flow, in.Batch, y, noise, density)
	return Output{Loss: loss, Metrics: []*graph.Node{logZ, nll}}
}

// defended are the points y of the flow with a share of them from the wide Gaussian, without a gradient by the flow's
// parameters, and the density of both.
func (m *flowNCE) defended(flow generated, y *graph.Node, draws random.Draws) (*graph.Node, LogDensity) {
	part := draws.Part()
	total := m.NoiseRatio * m.problem.BatchSize * part.Of()
	narrow := int(float64(total) * (1 - m.Defence))
	y, flow = graph.StopGradient(y), flow.frozen()
	if narrow == total {
		return y, flow
	}
	density := m.defence.density(flow, total-narrow, total)
	if part.Of() == 1 {
		return m.defence.join(graph.SliceAxis(y, -2, graph.AxisRange(0, narrow)), m.problem.points(total-narrow), draws), density
	}
	// The wide ones are the last of all. They are few, so every device draws all of them, and takes its own.
	wide := m.defence.wide.Sample(m.problem.points(total-narrow), draws.Whole())
	n := y.Shape().Dimensions[y.Rank()-2]
	number := graph.AddScalar(part.Numbers(y.Graph(), n), -float64(narrow)) // among the wide ones
	isWide := graph.GreaterOrEqual(number, graph.ZerosLike(number))
	return graph.Where(m.problem.perRow(isWide, y), m.problem.rowsOf(wide, graph.MaxScalar(number, 0)), y), density
}

// loss is −V for data x [batch, dim], with the gradient of −V by the parameters of the energy and c, for noise points of the
// given density, and that of V + β·nll by those of the flow, for points y of it; both are [k·batch, dim]. nll is −mean log q(x).
func (m *FlowNCE) loss(net models.Net, logZ *graph.Node, flow generated, x, y, noise *graph.Node, density LogDensity) (loss, nll *graph.Node) {
	nce := &NCE{NoiseRatio: m.NoiseRatio}
	loss = nce.Loss(net, logZ, density, x, noise)
	still := models.Net{Model: net.Model, Theta: frozen(net.Theta)}
	ofFlow := graph.Neg(nce.Loss(still, graph.StopGradient(logZ), flow, x, y))
	nll = graph.Neg(batchMean(flow.LogProb(x)))
	if m.Likelihood > 0 {
		ofFlow = graph.Add(ofFlow, graph.MulScalar(nll, m.Likelihood))
	}
	return graph.Add(loss, gradientOnly(ofFlow)), nll
}
