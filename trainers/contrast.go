package trainers

import (
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
	"joule/samplers"
)

// Contrast is what methods have in common that compare the energy of data with that of chains: the loss
//
//	mean E(x⁺) − mean E(x⁻) + α·(mean E(x⁺)² + mean E(x⁻)²) + γ·½(mean ‖∇E(x⁺)‖² + mean ‖∇E(x⁻)‖²) + ς·Σ σ(W)²
//
// with x⁺ data, x⁻ where the chains have come to, no gradient through x⁻, and σ(W) the largest singular value of each
// matrix W of the model.
type Contrast struct {
	// EnergyL2 is α, which keeps the level of the energies (Du & Mordatch 2019).
	EnergyL2 float64 `yaml:"energy_l2" check:">= 0"`
	// GradientPenalty is γ, which keeps the energy from becoming so steep that chains are no longer stable (Kumar et al. 2019).
	GradientPenalty float64 `yaml:"gradient_penalty" check:">= 0"`
	// SpectralPenalty is ς, which does the same by way of the weights (Yoshida & Miyato 2017).
	SpectralPenalty float64 `yaml:"spectral_penalty" check:">= 0"`
	// DataNoise is the standard deviation of the noise that is added to the data, which smoothes what is learned.
	DataNoise float64 `yaml:"data_noise" check:">= 0"`
	// StepWarmup is the number of training steps over which the sampler's step size rises linearly from 0. It is for samplers
	// that do not adapt theirs.
	StepWarmup int `yaml:"step_warmup" check:">= 0, <= 2000000000"`
	// Sampler draws the negatives.
	Sampler samplers.Sampler `yaml:"sampler"`
}

// Check refuses a warm-up that would be adapted away.
func (c *Contrast) Check(report func(key, problem string)) {
	if c.StepWarmup > 0 && c.Sampler != nil && samplers.Adapts(c.Sampler) {
		report("step_warmup", fmt.Sprintf("is %d, and the sampler adapts its step size; leave it out, or set its target_acceptance to 0", c.StepWarmup))
	}
}

// movesAlone says whether the sampler moves each chain by itself, so that devices have little to say to each other.
func (c *Contrast) movesAlone() bool {
	_, isCrowd := c.Sampler.(samplers.Crowd)
	return !isCrowd
}

// starts is where the chains of a step begin, and what is kept of where they end.
type starts interface {
	// state is what is kept from step to step. The objective's state begins with it.
	state() []State
	// begin gives the points that chains start from, and the labels of chains that have classes of their own: nil where they
	// have those of the batch, or none.
	begin(in Input) (start, labels *graph.Node)
	end(in Input, x, labels *graph.Node) []*graph.Node
}

// spreadInVain is what is wrong with a sampler that spreads chains, which are not to start anew.
const spreadInVain = "spreads chains before it moves them, so that starting them at the data or where they were left is in vain; method short_run goes with it"

// prepare makes the objective of chains that start in a way, near the origin within some standard deviations of noise.
func (c *Contrast) prepare(p Problem, from starts, noise float64) (Objective, error) {
	if err := c.Sampler.Fit(p.Model); err != nil {
		return nil, err
	}
	if err := samplers.CheckChains(c.Sampler, p.batch(), len(p.Data), p.Devices); err != nil {
		shared := ""
		if p.Devices > 1 {
			shared = fmt.Sprintf(", shared by %d devices", p.Devices)
		}
		return nil, fmt.Errorf("train.batch_size %d has a chain for each point%s: method.sampler: %w", p.batch(), shared, err)
	}
	if _, anew := from.(fromNoise); !anew && samplers.Spreads(c.Sampler) {
		return nil, errors.New("method.sampler " + spreadInVain)
	}
	m := &contrast{Contrast: c, problem: p, from: from, vitals: newVitals(p, noise)}
	if c.SpectralPenalty > 0 {
		parameters, err := p.Model.Parameters(p.Data[0].Train.Dim)
		if err != nil {
			return nil, err
		}
		m.matrices = matricesOf(parameters)
	}
	return m, nil
}

// Cost implements Method, for those that have chains: a run of one, and the energies of the point and of where it ends, learned
// from. With a penalty on gradients their scores are learned from as well, on the way back through the same pass forwards.
func (c *Contrast) Cost(models.Energy, int) (Cost, error) {
	cost := learning(models.CostOfEnergy)
	if c.GradientPenalty > 0 {
		cost.Loss += learning(models.CostOfScore).Loss - models.CostOfEnergy
	}
	return Cost{Chains: samplers.CostOfRun(c.Sampler), Loss: 2 * cost.Loss}, nil
}

type contrast struct {
	*Contrast
	problem  Problem
	from     starts
	vitals   vitals
	matrices []matrix // of the model, whose singular values are bounded
}

func (*contrast) Parameters() []models.Parameter { return nil }

// Metrics implements Objective: the means of the energies and their gap, what is to be known of the chains, and the
// acceptance and the scale of the step size where the sampler has them.
func (m *contrast) Metrics() []Metric {
	metrics := []Metric{{Name: "energy_data", Cause: tooFast}, {Name: "energy_samples", Cause: tooFast}}
	metrics = append(metrics, m.vitals.metrics(m.problem)...)
	if m.accepts() {
		metrics = append(metrics, Metric{Name: "acceptance"})
	}
	if samplers.Adapts(m.Sampler) {
		metrics = append(metrics, Metric{Name: "step_scale"})
	}
	return metrics
}

// accepts says whether the sampler may refuse its proposals.
func (m *contrast) accepts() bool { return samplers.Accepts(m.Sampler) }

// State implements Objective: that of the starts, the scale of the step size where it is adapted, and a vector for each
// matrix whose singular value is bounded.
func (m *contrast) State() []State {
	state := m.from.state()
	if samplers.Adapts(m.Sampler) {
		state = append(state, State{Name: "step_scale", Shape: m.problem.each(), Init: graph.OnesLike})
	}
	for _, w := range m.matrices {
		state = append(state, State{Name: "singular." + w.name, Shape: m.problem.each(w.columns), Init: graph.Identity})
	}
	return state
}

// The step size follows the acceptance: within a transition by no more than this power of e, within a training step by one of
// about e, and in all to no more than so many times what the settings say. A flat energy, as there is at first, accepts
// everything.
const (
	adaptGain   = 0.05
	maxStepSize = 10
)

func (m *contrast) Loss(in Input) Output {
	if m.DataNoise > 0 {
		in.Batch = graph.Add(in.Batch, graph.MulScalar(in.Draws.Normal(in.Batch.Shape()), m.DataNoise))
	}
	net, end, state := m.chains(in)
	positive, negative := in.Net.Energy(in.Batch), net.Energy(end.X)
	up, down := batchMean(positive), batchMean(negative)
	out := Output{
		Loss:    m.Contrast.loss(positive, negative),
		State:   state,
		Metrics: append([]*graph.Node{up, down, graph.Sub(down, up)}, m.vitals.of(end.X, in.Draws.Part())...),
	}
	if m.GradientPenalty > 0 {
		squares := graph.Add(meanSquaredNorm(in.Net.Score(in.Batch)), meanSquaredNorm(net.Score(end.X)))
		out.Loss = graph.Add(out.Loss, graph.MulScalar(squares, m.GradientPenalty/2))
	}
	if n := len(m.matrices); n > 0 {
		penalty, vectors := spectral(m.matrices, in.Net.Theta, in.State[len(in.State)-n:])
		out.Loss = graph.Add(out.Loss, graph.MulScalar(penalty, m.SpectralPenalty))
		out.State = append(out.State, vectors...)
	}
	if m.accepts() {
		out.Metrics = append(out.Metrics, graph.DivScalar(end.Accepted, float64(max(m.Sampler.Length(), 1))))
	}
	if samplers.Adapts(m.Sampler) {
		out.Metrics = append(out.Metrics, end.Scale)
	}
	return out
}

// chains runs those of one step. It gives the net of their energies, where they end, and the state that is kept of them.
func (m *contrast) chains(in Input) (models.Net, samplers.State, []*graph.Node) {
	options, adapts := samplers.Options{}, samplers.Adapts(m.Sampler)
	if adapts {
		options.Scale = in.State[len(m.from.state())]
		options.Gain = min(adaptGain, 1/float64(max(m.Sampler.Length(), 1)))
	} else if m.StepWarmup > 0 {
		warmth := graph.OnePlus(graph.ConvertDType(in.Step, in.Batch.DType()))
		warmth = graph.MinScalar(graph.DivScalar(warmth, float64(m.StepWarmup)), 1)
		options.Scale = graph.BroadcastToDims(warmth, m.problem.each()...)
	}
	net := in.Net
	start, labels := m.from.begin(in)
	if labels != nil {
		net = net.Given(labels)
	}
	end := samplers.Run(m.Sampler, net, start, options, in.Draws)
	state := m.from.end(in, end.X, labels)
	if adapts {
		end.Scale = graph.MinScalar(end.Scale, maxStepSize)
		state = append(state, end.Scale)
	}
	return net, end, state
}

// Loss is the loss for data and negatives, both [batch, dim], without the penalties on gradients and weights.
func (c *Contrast) Loss(net models.Net, data, negatives *graph.Node) *graph.Node {
	return c.loss(net.Energy(data), net.Energy(graph.StopGradient(negatives)))
}

func (c *Contrast) loss(positive, negative *graph.Node) *graph.Node {
	loss := graph.Sub(batchMean(positive), batchMean(negative))
	if c.EnergyL2 > 0 {
		squares := graph.Add(batchMean(graph.Square(positive)), batchMean(graph.Square(negative)))
		loss = graph.Add(loss, graph.MulScalar(squares, c.EnergyL2))
	}
	return loss
}
