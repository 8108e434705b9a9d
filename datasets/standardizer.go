package datasets

import (
	"fmt"
	"math"
)

// Standardizer is the map y = (x − Mean)/Std, coordinate by coordinate, followed by y' = logit(α + (1 − 2α)y) where Logit
// is α > 0. A nil Standardizer is the identity, so that callers can undo what a [Set] did without asking whether it did
// anything.
type Standardizer struct {
	Mean  []float64 `json:"mean"`
	Std   []float64 `json:"std"`             // positive; in units of the data
	Logit float64   `json:"logit,omitempty"` // α in [0, ½), for x from Mean to Mean + Std; 0: no logit
}

// FitStandardizer takes mean and standard deviation (divisor N) of each column of the points. A constant column is an
// error that names it; columns gives the names.
func FitStandardizer(points Points, columns []string) (*Standardizer, error) {
	mean, std := points.Moments()
	low, high := points.Range()
	return standardizerOf(points.N, mean, std, low, high, columns)
}

// standardizerOf is FitStandardizer by the moments and the range of n points.
func standardizerOf(n int, mean, std, low, high []float64, columns []string) (*Standardizer, error) {
	for j := range mean {
		if !(low[j] < high[j] && std[j] > 0) { // the mean of equal values is rounded: std alone may be just above 0
			return nil, fmt.Errorf("column %.60q is constant (%v in all %d training points), so it cannot be standardised: "+
				"leave the column out or set standardize to false", columns[j], low[j], n)
		}
	}
	return &Standardizer{Mean: mean, Std: std}, nil
}

// Validate reports whether the standardizer fits points of dim coordinates: lengths, finite means, positive deviations.
func (s *Standardizer) Validate(dim int) error {
	if s == nil {
		return nil
	}
	if len(s.Mean) != dim || len(s.Std) != dim {
		return fmt.Errorf("standardizer: %d means and %d standard deviations for %d columns", len(s.Mean), len(s.Std), dim)
	}
	for j := range dim {
		if !isFinite(s.Mean[j]) {
			return fmt.Errorf("standardizer: mean[%d] is %v, want a finite number", j, s.Mean[j])
		}
		if !isFinite(s.Std[j]) || s.Std[j] <= 0 {
			return fmt.Errorf("standardizer: std[%d] is %v, want a positive number", j, s.Std[j])
		}
	}
	if !(s.Logit >= 0 && s.Logit < 0.5) {
		return fmt.Errorf("standardizer: logit is %v, want a number in [0, 0.5)", s.Logit)
	}
	return nil
}

// Apply returns the points in standardised coordinates.
func (s *Standardizer) Apply(points Points) Points { return points.each(s.apply) }

// Undo returns the points in the coordinates of the source.
func (s *Standardizer) Undo(points Points) Points { return points.each(s.undo) }

// each returns a copy of the points with every one changed by f.
func (p Points) each(f func(x []float64)) Points {
	out := Points{N: p.N, Dim: p.Dim, Values: append([]float64(nil), p.Values...)}
	for i := range out.N {
		f(out.Row(i))
	}
	return out
}

// apply takes a point x to y.
func (s *Standardizer) apply(x []float64) {
	if s == nil {
		return
	}
	for j, v := range x {
		x[j] = (v - s.Mean[j]) / s.Std[j]
		if s.Logit > 0 {
			x[j] = math.Log(s.Logit+(1-2*s.Logit)*x[j]) - math.Log(1-s.Logit-(1-2*s.Logit)*x[j])
		}
	}
}

// undo takes a point y to x.
func (s *Standardizer) undo(y []float64) {
	if s == nil {
		return
	}
	for j, v := range y {
		if s.Logit > 0 {
			v = (1/(1+math.Exp(-v)) - s.Logit) / (1 - 2*s.Logit)
		}
		y[j] = s.Mean[j] + s.Std[j]*v
	}
}

// LogDetJacobian returns log |dy/dx| = −Σ log Std of the map without its logit: log p(x) = log p(y) + LogDetJacobian, in nats.
// With a logit it depends on the point: see [Standardizer.LogDetJacobians].
func (s *Standardizer) LogDetJacobian() float64 {
	var sum float64
	if s != nil {
		for _, std := range s.Std {
			sum -= math.Log(std)
		}
	}
	return sum
}

// LogDetJacobians returns log |dy/dx| at each of the points y, which are in standardised coordinates, in nats.
func (s *Standardizer) LogDetJacobians(y Points) []float64 {
	all, affine := make([]float64, y.N), s.LogDetJacobian()
	for i := range all {
		all[i] = affine
		if s == nil || s.Logit == 0 {
			continue
		}
		for _, v := range y.Row(i) { // of the logit: (1 − 2α)/(p(1 − p)) at p = 1/(1 + exp(−y))
			all[i] += math.Log1p(-2*s.Logit) + math.Abs(v) + 2*math.Log1p(math.Exp(-math.Abs(v)))
		}
	}
	return all
}

// UndoScores turns scores ∇ log p(y) at points y in standardised coordinates, row by row, into scores ∇ log p(x) of the
// points in the coordinates of the source.
func (s *Standardizer) UndoScores(y Points, scores []float64) {
	if s == nil {
		return
	}
	for i, v := range y.Values { // d/dx = d/dy · dy/dx
		if s.Logit > 0 { // log dy/dx has the derivative tanh(y/2), and dy/dx is (1 − 2α)/(p(1 − p)) = (1 − 2α)(2 + 2 cosh y)
			scores[i] = (scores[i] + math.Tanh(v/2)) * (1 - 2*s.Logit) * (2 + 2*math.Cosh(v))
		}
		scores[i] /= s.Std[i%y.Dim]
	}
}

// applyDensity returns the density of the standardised points: a mixture for a mixture.
func (s *Standardizer) applyDensity(p Density) (Density, error) {
	m, ok := p.(*Mixture)
	if !ok {
		return standardized{p, s}, nil
	}
	scale, shift := make([]float64, len(s.Std)), make([]float64, len(s.Std))
	for j := range scale {
		scale[j], shift[j] = 1/s.Std[j], -s.Mean[j]/s.Std[j]
	}
	return m.rescale(scale, shift)
}

// undoDensity returns the density of the points in the coordinates of the source.
func (s *Standardizer) undoDensity(m *Mixture) (*Mixture, error) { return m.rescale(s.Std, s.Mean) }

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
