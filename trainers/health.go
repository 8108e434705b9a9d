package trainers

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
)

// Health is the settings of what counts as a sick step, and of what is done about it. A step is sick when a loss, a
// gradient, a metric or a parameter is not finite, or a metric is out of its bounds. Its update is never applied.
type Health struct {
	// Policy is what is done: stop the run, skip the step, or go back to the last checkpoint with a lower learning rate.
	Policy string `yaml:"policy" check:"in stop|skip|rollback"`
	// Retries is how often a run is helped on by skip or rollback before it is stopped after all.
	Retries int `yaml:"retries" check:"> 0, <= 10000"`
	// RateFactor is what a rollback multiplies the learning rate by, from then on. The random numbers are others, too.
	RateFactor float64 `yaml:"rate_factor" check:"> 0, <= 1"`
	// MaxEnergyGap bounds the difference between the mean energies of data and chains, in nats; 0 does not.
	MaxEnergyGap float64 `yaml:"max_energy_gap" check:">= 0, <= 1e30"`
	// MaxChainRange bounds how far a chain may be from the middle of the data, in half-widths of the data's range, where
	// the noise that chains start from counts as data; 0 does not.
	MaxChainRange float64 `yaml:"max_chain_range" check:">= 0, <= 1e30"`
	// MinChainSpread bounds the standard deviation of the chains from below, as a fraction of the data's; 0 does not.
	MinChainSpread float64 `yaml:"min_chain_spread" check:">= 0, < 1"`
}

// The policies.
const (
	Stop     = "stop"
	Skip     = "skip"
	Rollback = "rollback"
)

// NewHealth returns the default settings: a run is stopped, and the bounds are far from what a healthy one reaches.
func NewHealth() Health {
	return Health{Policy: Stop, Retries: 3, RateFactor: 0.5, MaxEnergyGap: 1e4, MaxChainRange: 100, MinChainSpread: 1e-3}
}

// Metric is a number that a step gives beside its loss. It has to be finite in every step.
type Metric struct {
	Name string
	// Min and Max are bounds beyond which the step is sick; nil: there is none.
	Min, Max *float64
	// Cause says what is likely wrong when the metric is out of its bounds or not finite, and what cures it.
	Cause string
}

// bounds are the smallest and the largest healthy value.
func (m Metric) bounds(dtype dtypes.DType) (low, high float64) {
	if high = math.MaxFloat32; dtype == dtypes.Float64 {
		high = math.MaxFloat64
	}
	low = -high
	if m.Min != nil {
		low = max(low, *m.Min)
	}
	if m.Max != nil {
		high = min(high, *m.Max)
	}
	return low, high
}

// Likely causes of sick steps.
const (
	tooFast = "the updates are too large: a lower optimizer.learning_rate or some optimizer.clip_norm usually cures it; for mle " +
		"also a smaller method.sampler.step_size, or some method.energy_l2"
	gapCause = "the energies of data and chains drift apart, because the chains do not follow the model: some method.energy_l2, " +
		"more method.sampler.steps or a lower optimizer.learning_rate usually cures it"
	rangeCause = "the chains run away from the data: a smaller method.sampler.step_size or some model.confinement usually cures it"
	tightCause = "all chains are in one place: a lower optimizer.learning_rate, a higher method.restart_fraction or a " +
		"method.sampler.temperature nearer 1 usually cures it"
)

// Incident is a sick step, whose update was not applied, and what was done about it.
type Incident struct {
	Replica  int    // counted from 0
	Step     int    // counted from 1
	Quantity string // that was out of its bounds: a metric, or "state" where only the update came out not finite
	Value    float64
	Cause    string
	Action   string // Stop, Skip or Rollback
	// To is the step that a rollback went back to, and Rate what it multiplies the scheduled learning rate by from there.
	To   int
	Rate float64
}

// symptom says what was seen, such as "loss is NaN at step 7".
func (i Incident) symptom() string {
	if i.Quantity == stateQuantity {
		return fmt.Sprintf("the update of step %d is not finite", i.Step)
	}
	is := "is"
	if !math.IsNaN(i.Value) && !math.IsInf(i.Value, 0) {
		is = "has gone to"
	}
	return fmt.Sprintf("%s %s %.6g at step %d", i.Quantity, is, i.Value, i.Step)
}

func (i Incident) String() string {
	switch i.Action {
	case Skip:
		return i.symptom() + "; the step is skipped"
	case Rollback:
		return fmt.Sprintf("%s; back to step %d with %.4g of the learning rate", i.symptom(), i.To, i.Rate)
	}
	return i.symptom()
}

// stateQuantity is the quantity of a step whose metrics are healthy and whose new state is not.
const stateQuantity = "state"

// DivergedError says that a run was stopped because of a sick step. The parameters are those from before that step.
type DivergedError struct{ Incident }

func (e *DivergedError) Error() string {
	return fmt.Sprintf("training diverged: %s; the parameters are kept as they were before it. Likely %s", e.symptom(), e.Cause)
}

// treat does what the policy says about a sick step of a replica.
func (t *Trainer) treat(sick Incident) (Incident, error) {
	i, health := sick.Replica, t.spec.Loop.Health
	sick.Action = Stop
	if helped := len(t.replicas[i].incidents); (health.Policy == Skip || health.Policy == Rollback) && helped < health.Retries {
		sick.Action = health.Policy
	}
	switch sick.Action {
	case Stop:
		t.replicas[i].stopped = &sick
		return sick, nil
	case Skip:
		t.replicas[i].step++
	case Rollback:
		good := *t.replicas[i].good
		sick.To, sick.Rate = good.Step, t.replicas[i].rate*health.RateFactor
		good.Rate, good.Incidents = sick.Rate, append(slices.Clone(t.replicas[i].incidents), sick)
		return sick, t.restore(i, good)
	}
	t.replicas[i].incidents = append(t.replicas[i].incidents, sick)
	return sick, nil
}
