package datasets

import (
	"fmt"
	"math"
)

// Standardizer is the map y = (x − Mean)/Std, coordinate by coordinate. A nil Standardizer is the identity, so that
// callers can undo what a [Set] did without asking whether it did anything.
type Standardizer struct {
	Mean []float64 `json:"mean"`
	Std  []float64 `json:"std"` // positive; in units of the data
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
	return nil
}

// Apply returns the points in standardised coordinates.
func (s *Standardizer) Apply(points Points) Points {
	return s.each(points, func(x, mean, std float64) float64 { return (x - mean) / std })
}

// Undo returns the points in the coordinates of the source.
func (s *Standardizer) Undo(points Points) Points {
	return s.each(points, func(y, mean, std float64) float64 { return mean + std*y })
}

// each returns a copy of the points with f applied to every value.
func (s *Standardizer) each(points Points, f func(v, mean, std float64) float64) Points {
	out := Points{N: points.N, Dim: points.Dim, Values: append([]float64(nil), points.Values...)}
	if s == nil {
		return out
	}
	for k, v := range out.Values {
		j := k % points.Dim
		out.Values[k] = f(v, s.Mean[j], s.Std[j])
	}
	return out
}

// LogDetJacobian returns log |dy/dx| = −Σ log Std: log p(x) = log p(y) + LogDetJacobian, in nats.
func (s *Standardizer) LogDetJacobian() float64 {
	var sum float64
	if s != nil {
		for _, std := range s.Std {
			sum -= math.Log(std)
		}
	}
	return sum
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
