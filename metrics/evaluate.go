package metrics

import (
	"fmt"
	"math"

	"joule/datasets"
	"joule/models"
	"joule/samplers"
)

// Evaluation is how good a model is on a data set. What cannot be had is nil. Log densities are those of the data in its
// own units: what standardising changes in them is undone. Everything is in nats.
type Evaluation struct {
	// TrainEnergy and TestEnergy are the mean energies of the two parts.
	TrainEnergy float64  `json:"train_energy"`
	TestEnergy  *float64 `json:"test_energy,omitempty"` // nil without a test part

	// TrainClasses and TestClasses are how well it tells the classes of the two parts apart; nil unless the data have labels, and
	// the model classes.
	TrainClasses *Classification `json:"train_classification,omitempty"`
	TestClasses  *Classification `json:"test_classification,omitempty"`

	// What follows needs a grid, which is for one or two dimensions, or annealed importance sampling.

	// LogZ is log ∫ exp(−E) in the coordinates of the model: from the grid, or else the lower bound of AIS. It is nil where that
	// is of too few effective chains, since a worse estimate would make the likelihoods look better.
	LogZ *float64 `json:"log_z,omitempty"`
	// TrainNLL and TestNLL are the mean negative log likelihoods.
	TrainNLL *float64 `json:"train_nll,omitempty"`
	TestNLL  *float64 `json:"test_nll,omitempty"`
	// AIS is log Z by annealed importance sampling; nil unless it was asked for or there is no grid, and where it has failed.
	AIS *Bounds `json:"ais,omitempty"`

	// What follows needs a grid.

	// BorderMass is the model's probability near the border of the grid.
	BorderMass *float64 `json:"border_mass,omitempty"`
	// GridError is how far log Z is from that of the grid of every second point.
	GridError *float64 `json:"grid_error,omitempty"`
	// Grid is the number of points an axis; Low and High are its ends, in the coordinates of the model.
	Grid int       `json:"grid,omitempty"`
	Low  []float64 `json:"grid_low,omitempty"`
	High []float64 `json:"grid_high,omitempty"`

	// What follows needs the true density.

	// Entropy is that of the true density: the best NLL there can be.
	Entropy *float64 `json:"entropy,omitempty"`
	// KL and Fisher are the divergences of the model from the true density, from the grid; Fisher is in the coordinates of
	// the model, and nil where that density has no score. Both are nil where the grid does not see that density.
	KL     *float64 `json:"kl,omitempty"`
	Fisher *float64 `json:"fisher_divergence,omitempty"`
	// TrueMass is the true density's integral over the grid.
	TrueMass *float64 `json:"true_mass,omitempty"`

	unmeasured bool  // the divergences came out not finite, and are left out
	failed     error // of annealed importance sampling
}

// maxGridError is what two grids may differ in log Z before the finer one is not to be trusted.
const maxGridError = 1e-2

// maxBorderMass is what a grid may cut off before its figures are not to be trusted.
const maxBorderMass = 1e-3

// maxMassError is how far the true density's integral may be from 1 before its divergences mean nothing. One that jumps, as
// the checkerboard does, is off by a hundredth on the usual grid.
const maxMassError = 0.05

// Options say how to measure.
type Options struct {
	// Grid is the number of points an axis; 0 is the default.
	Grid int
	// AIS are the settings of annealed importance sampling. Nil leaves it to where there is no grid, with the defaults, up to
	// MostForAIS dimensions.
	AIS *AIS
	// NoAIS leaves it out, whatever AIS says: without a grid there are then the energies alone.
	NoAIS bool
}

// MostForAIS is the number of dimensions up to which annealed importance sampling goes without saying. It takes the longer
// the more there are.
const MostForAIS = 64

// Evaluate measures a model on the data that it was trained on. Where annealed importance sampling fails, there are the other
// figures, and a warning.
func Evaluate(model *models.Compiled, set *datasets.Set, o Options) (*Evaluation, error) {
	e := &Evaluation{}
	train, err := meanEnergy(model, set.Train)
	if err != nil {
		return nil, err
	}
	e.TrainEnergy = train
	if set.Test.N > 0 {
		test, err := meanEnergy(model, set.Test)
		if err != nil {
			return nil, err
		}
		e.TestEnergy = &test
	}
	if err := e.classify(model, set); err != nil {
		return nil, err
	}
	if model.Dim > 2 && o.AIS == nil && !o.NoAIS {
		if ais := NewAIS(); model.Dim <= MostForAIS {
			o.AIS = &ais
		} else {
			e.failed = fmt.Errorf("in %d dimensions it takes long; annealed importance sampling (eval --ais) gives it", model.Dim)
		}
	}
	if o.AIS != nil && !o.NoAIS {
		e.anneal(model, set, *o.AIS)
	}
	if model.Dim <= 2 {
		if err := e.integrate(model, set, o.Grid); err != nil {
			return nil, err
		}
	}
	if set.Density != nil {
		if entropy, known := set.Density.Entropy(); known {
			entropy -= set.Transform.LogDetJacobian() // where a density is known, there is no logit
			e.Entropy = &entropy
		}
	}
	if e.LogZ == nil {
		return e, nil
	}
	nll := func(energy float64, points datasets.Points) *float64 {
		v := energy + *e.LogZ - mean(set.Transform.LogDetJacobians(points))
		return &v
	}
	e.TrainNLL = nll(e.TrainEnergy, set.Train)
	if e.TestEnergy != nil {
		e.TestNLL = nll(*e.TestEnergy, set.Test)
	}
	return e, nil
}

// classify measures how well classes are told apart.
func (e *Evaluation) classify(model *models.Compiled, set *datasets.Set) (err error) {
	if set.Labels == nil || models.ClassesOf(model.Model) == 0 {
		return nil
	}
	if e.TrainClasses, err = Classify(model, set.Train, set.Labels.Train); err != nil || set.Test.N == 0 {
		return err
	}
	e.TestClasses, err = Classify(model, set.Test, set.Labels.Test)
	return err
}

// anneal measures log Z by annealed importance sampling.
func (e *Evaluation) anneal(model *models.Compiled, set *datasets.Set, ais AIS) {
	if e.AIS, e.failed = ais.LogZ(model, around(set.Train)); e.failed == nil && e.AIS.EffectiveChains >= fewChains {
		e.LogZ = &e.AIS.Lower
	}
}

// wider is how much wider than the data the Gaussian is that annealed importance sampling starts from.
const wider = 1.5

// around is that Gaussian.
func around(points datasets.Points) samplers.Start {
	mean, std := points.Moments()
	for k := range std {
		if std[k] *= wider; std[k] == 0 {
			std[k] = 1
		}
	}
	return samplers.Start{Mean: mean, Std: std}
}

// integrate measures on a grid of n points an axis.
func (e *Evaluation) integrate(model *models.Compiled, set *datasets.Set, n int) error {
	low, high := set.Train.Range()
	grid, err := GridFor(low, high, n)
	if err != nil {
		return err
	}
	e.Grid, e.Low, e.High = grid.N, grid.Low, grid.High
	integrals, err := Integrate(model, grid, set.Density)
	if err != nil {
		return err
	}
	e.LogZ, e.BorderMass, e.GridError = &integrals.LogZ, &integrals.BorderMass, &integrals.GridError
	if integrals.True != nil {
		e.diverge(integrals.True)
	}
	return nil
}

// diverge takes over the divergences that the grid gave, as far as they mean something.
func (e *Evaluation) diverge(t *Divergences) {
	sum := t.KL + t.Mass
	if t.Fisher != nil {
		sum += *t.Fisher
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		e.unmeasured = true
		return
	}
	e.TrueMass = &t.Mass
	if math.Abs(t.Mass-1) <= maxMassError {
		e.KL, e.Fisher = &t.KL, t.Fisher
	}
}

// Warnings says what makes the figures doubtful, one sentence each.
func (e *Evaluation) Warnings() []string {
	var warnings []string
	if e.BorderMass != nil && *e.BorderMass > maxBorderMass {
		warnings = append(warnings, fmt.Sprintf("%.2g of the model's probability lies at the border of the grid, and more may lie beyond: "+
			"log Z and all that follows from it are too good. An energy that grows far away does not leak: model.confinement of an mlp, or a model of kind radial", *e.BorderMass))
	}
	if e.GridError != nil && !(*e.GridError <= maxGridError) {
		warnings = append(warnings, fmt.Sprintf("log Z changes by %.2g nats on a grid of half as many points an axis: the model is too narrow for this grid, "+
			"and log Z and all that follows from it may be off by as much. A finer one (--grid) would be more accurate", *e.GridError))
	}
	if e.failed != nil {
		warnings = append(warnings, fmt.Sprintf("log Z is left out: %v", e.failed))
	}
	if a := e.AIS; a != nil && a.EffectiveChains < fewChains {
		warnings = append(warnings, fmt.Sprintf("annealed importance sampling has come down to %.3g effective chains: its log Z is not to be trusted, and no likelihood is made of it. More steps (--ais-steps) or chains (--ais-chains) help", a.EffectiveChains))
	} else if a != nil && a.Upper-a.Lower > maxBoundsApart+3*(a.LowerError+a.UpperError) {
		warnings = append(warnings, fmt.Sprintf("annealed importance sampling gives log Z from %.4f to %.4f: its chains do not come to all of the model on the way. More steps (--ais-steps) bring the bounds together", a.Lower, a.Upper))
	}
	if e.unmeasured {
		warnings = append(warnings, "the divergences from the true density are not finite on this grid: it is too narrow to be seen, or the model's energy is not finite there")
	}
	if m := e.TrueMass; m != nil && math.Abs(*m-1) > maxMassError {
		warnings = append(warnings, fmt.Sprintf("the true density has the mass %.6g on the grid instead of 1: the grid does not see it, and the divergences from it are left out. "+
			"A finer grid (--grid) sees a narrow density", *m))
	} else if m != nil && math.Abs(*m-1) > maxBorderMass {
		warnings = append(warnings, fmt.Sprintf("the true density has the mass %.6g on the grid instead of 1: a finer grid (--grid) would be more accurate", *m))
	}
	return warnings
}

// The fewest effective chains, and the distance of its bounds in nats, with which annealed importance sampling is trusted.
const (
	fewChains      = 10
	maxBoundsApart = 0.1
)

func meanEnergy(model *models.Compiled, points datasets.Points) (float64, error) {
	energies, err := model.Energies(points.Values)
	if err != nil {
		return 0, err
	}
	return mean(energies), nil
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
