package trainers

import (
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// FlowNCE is flow contrastive estimation (Gao, Nijkamp, Kingma, Xu, Dai & Wu 2020): noise contrastive estimation whose
// noise is a normalising flow q that learns at the same time, against the energy. Of the value
//
//	V = −mean softplus(−G(x)) − k·mean softplus(G(y)),  G(u) = −E(u) − c − log q(u) − log k,  y ~ q
//
// the energy and c seek the maximum, and the flow the minimum, for k = 1 the Jensen–Shannon divergence of q from the data.
// So the noise comes ever closer to the data, and the estimate gets better. The loss is −V.
type FlowNCE struct {
	// NoiseRatio is k.
	NoiseRatio int `yaml:"noise_ratio" check:"> 0, <= 10000"`
	// Flow is q, a normalised model, in coordinates in which the data has mean 0 and variance 1.
	Flow models.Energy `yaml:"flow"`
	// Likelihood is β: the flow minimises V − β·mean log q(x) instead.
	Likelihood float64 `yaml:"likelihood" check:">= 0"`
}

// NewFlowNCE returns the default settings: one noise point a data point, and a flow that learns from the energy alone.
func NewFlowNCE() *FlowNCE { return &FlowNCE{NoiseRatio: 1, Flow: models.NewFlow()} }

// Check refuses noise that cannot be drawn.
func (m *FlowNCE) Check(report func(key, problem string)) { checkGenerator(m.Flow, report) }

// Prepare implements Method. It fails when the flow does not fit the data.
func (m *FlowNCE) Prepare(p Problem) (Objective, error) {
	g, err := newGenerator("flow_nce", m.Flow, p)
	if err != nil {
		return nil, err
	}
	return &flowNCE{m, g, p}, nil
}

type flowNCE struct {
	*FlowNCE
	generator *generator
	problem   Problem
}

// Parameters implements Objective: log_z and those of the flow.
func (m *flowNCE) Parameters() []models.Parameter {
	logZ := models.Parameter{Name: "log_z", Init: func(*rand.Rand) []float64 { return []float64{0} }}
	return append([]models.Parameter{logZ}, m.generator.learned...)
}

func (*flowNCE) State() []State { return nil }

// Metrics implements Objective. flow_nll is the flow's mean negative log likelihood at the data.
func (*flowNCE) Metrics() []Metric {
	return []Metric{{Name: "log_z", Cause: tooFast}, {Name: "flow_nll", Cause: tooFast}}
}

func (m *flowNCE) Loss(in Input) Output {
	logZ, flow := in.Extra[0], m.generator.at(in.Extra[1:])
	z := in.Draws.Normal(m.problem.points(m.NoiseRatio * m.problem.BatchSize))
	loss, nll := m.FlowNCE.loss(in.Net, logZ, flow, in.Batch, z)
	return Output{Loss: loss, Metrics: []*graph.Node{logZ, nll}}
}

// loss is −V for data x [batch, dim] and standard normal z [k·batch, dim], with the gradient of −V by the parameters of the
// energy and c, and that of V + β·nll by those of the flow; nll is −mean log q(x).
func (m *FlowNCE) loss(net models.Net, logZ *graph.Node, flow generated, x, z *graph.Node) (loss, nll *graph.Node) {
	nce := &NCE{NoiseRatio: m.NoiseRatio}
	y := flow.place(z)
	loss = nce.Loss(net, logZ, flow.frozen(), x, graph.StopGradient(y))
	still := models.Net{Model: net.Model, Theta: frozen(net.Theta)}
	ofFlow := graph.Neg(nce.Loss(still, graph.StopGradient(logZ), flow, x, y))
	nll = graph.Neg(batchMean(flow.LogProb(x)))
	if m.Likelihood > 0 {
		ofFlow = graph.Add(ofFlow, graph.MulScalar(nll, m.Likelihood))
	}
	return graph.Add(loss, gradientOnly(ofFlow)), nll
}
