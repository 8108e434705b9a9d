package trainers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// Adversarial is maximum likelihood with negatives from a learned sampler instead of a Markov chain (Kim & Bengio 2016; Dai
// et al. 2017; Kumar et al. 2019; Grathwohl et al. 2021). The sampler is a normalising flow q, whose entropy is known:
//
//	energy: mean E(x) − mean E(y) + α·(mean E(x)² + mean E(y)²) + γ·mean ‖∇E(x)‖²,  y ~ q
//	sampler: mean [ log q(y) + E(y) ], the divergence KL(q‖p) up to log Z
//
// Each learns from its own line alone. The sampler's is by the path of y, without the score of q, whose mean is 0 (Roeder,
// Wu & Duvenaud 2017): so there is no noise left in it when q has become p.
type Adversarial struct {
	// Flow is q, a normalised model, in coordinates in which the data has mean 0 and variance 1.
	Flow models.Energy `yaml:"flow"`
	// EnergyL2 is α.
	EnergyL2 float64 `yaml:"energy_l2" check:">= 0"`
	// GradientPenalty is γ.
	GradientPenalty float64 `yaml:"gradient_penalty" check:">= 0"`
}

// NewAdversarial returns the default settings: neither penalty.
func NewAdversarial() *Adversarial { return &Adversarial{Flow: models.NewFlow()} }

// Check refuses a sampler that cannot be drawn from.
func (m *Adversarial) Check(report func(key, problem string)) { checkGenerator(m.Flow, report) }

// Prepare implements Method. It fails when the flow does not fit the data.
func (m *Adversarial) Prepare(p Problem) (Objective, error) {
	g, err := newGenerator("adversarial", m.Flow, p)
	if err != nil {
		return nil, err
	}
	return &adversarial{m, g, p}, nil
}

type adversarial struct {
	*Adversarial
	generator *generator
	problem   Problem
}

// Parameters implements Objective: those of the flow.
func (m *adversarial) Parameters() []models.Parameter { return m.generator.learned }
func (*adversarial) State() []State                   { return nil }

// Metrics implements Objective. log_z_bound is −mean (E(y) + log q(y)), at most log Z, from which it is KL(q‖p) away.
func (*adversarial) Metrics() []Metric {
	return []Metric{{Name: "energy_data", Cause: tooFast}, {Name: "energy_samples", Cause: tooFast},
		{Name: "energy_gap", Cause: tooFast}, {Name: "log_z_bound", Cause: tooFast}}
}

func (m *adversarial) Loss(in Input) Output {
	flow := m.generator.at(in.Extra)
	y := flow.place(in.Draws.Normal(m.problem.points(m.problem.BatchSize)))
	divergence := samplerLoss(in.Net, flow, y)
	positive, negative := in.Net.Energy(in.Batch), in.Net.Energy(graph.StopGradient(y))
	up, down := batchMean(positive), batchMean(negative)
	return Output{
		Loss:    graph.Add(m.loss(in.Net, in.Batch, positive, negative), gradientOnly(divergence)),
		Metrics: []*graph.Node{up, down, graph.Sub(down, up), graph.Neg(divergence)},
	}
}

// Loss is that of the energy, for data and points of the sampler, both [batch, dim].
func (m *Adversarial) Loss(net models.Net, data, samples *graph.Node) *graph.Node {
	return m.loss(net, data, net.Energy(data), net.Energy(graph.StopGradient(samples)))
}

func (m *Adversarial) loss(net models.Net, data, positive, negative *graph.Node) *graph.Node {
	loss := (&MLE{EnergyL2: m.EnergyL2}).loss(positive, negative)
	if m.GradientPenalty > 0 {
		loss = graph.Add(loss, graph.MulScalar(meanSquaredNorm(net.Score(data)), m.GradientPenalty))
	}
	return loss
}

// samplerLoss is that of the sampler for points of its own, with no gradient by the parameters of the energy.
func samplerLoss(net models.Net, flow generated, y *graph.Node) *graph.Node {
	still := models.Net{Model: net.Model, Theta: frozen(net.Theta)}
	return batchMean(graph.Add(still.Energy(y), flow.frozen().LogProb(y)))
}
